#include "node/features.h"

#include <openssl/crypto.h>

#include <string>

#include "openssl/certificate_compression.h"
#include "openssl/cipher_names.h"

namespace napi_tls::node {

namespace {

Napi::Value GetCiphers(const Napi::CallbackInfo& info) {
  Napi::Array names = Napi::Array::New(info.Env());
  uint32_t index = 0;
  for (const std::string& name : openssl::CipherNames()) names.Set(index++, name);
  return names;
}

}  // namespace

void DefineFeatures(Napi::Env env, Napi::Object exports) {
  exports.Set("opensslVersion", OpenSSL_version(OPENSSL_FULL_VERSION_STRING));
  exports.Set("getCiphers", Napi::Function::New<GetCiphers>(env, "getCiphers"));

  Napi::Array algorithms = Napi::Array::New(env);
  uint32_t index = 0;
  for (const int algorithm : openssl::CertificateCompressionAlgorithms()) {
    algorithms.Set(index++, algorithm);
  }
  Napi::Object features = Napi::Object::New(env);
  features.Set("certificateCompression", algorithms);
  exports.Set("features", features);
}

}  // namespace napi_tls::node
