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

// The names of RFC 8879, 7.3.
Napi::Value GetCertificateCompressionAlgorithms(const Napi::CallbackInfo& info) {
  static constexpr const char* kNames[] = {"", "zlib", "brotli", "zstd"};
  Napi::Array names = Napi::Array::New(info.Env());
  uint32_t index = 0;
  for (const int algorithm : openssl::CertificateCompressionAlgorithms()) {
    names.Set(index++, kNames[algorithm]);
  }
  return names;
}

}  // namespace

void DefineFeatures(Napi::Env env, Napi::Object exports) {
  exports.Set("opensslVersion", OpenSSL_version(OPENSSL_FULL_VERSION_STRING));
  Napi::Object features = Napi::Object::New(env);
  features.Set("certificateCompression", !openssl::CertificateCompressionAlgorithms().empty());
#ifdef NAPI_TLS_PRIVATE_OPENSSL
  features.Set("privateOpenSSL", true);
#else
  features.Set("privateOpenSSL", false);
#endif
#ifdef OPENSSL_NO_SSL_TRACE
  features.Set("trace", false);
#else
  features.Set("trace", true);
#endif
  exports.Set("features", features);
  // Without names, as in Node.
  exports.Set("getCiphers", Napi::Function::New<GetCiphers>(env));
  exports.Set("getCertificateCompressionAlgorithms",
              Napi::Function::New<GetCertificateCompressionAlgorithms>(env));
}

}  // namespace napi_tls::node
