#include "node/session.h"

#include <openssl/crypto.h>

#include <utility>

#include "node/environment.h"

namespace napi_tls::node {

namespace {

constexpr napi_type_tag kTypeTag = {0x6be0c3f58d1247a9, 0xc70e4a9b52d68f13};

// With the certificate of the peer, which most sessions of one peer share.
constexpr int64_t kExternalMemory = int64_t{4} * 1024;

}  // namespace

Napi::Function Session::Define(Napi::Env env) {
  return DefineClass(env, "Session", std::vector<PropertyDescriptor>());
}

Napi::Value Session::New(Napi::Env env, openssl::SSLSessionPointer session,
                         std::vector<uint8_t> der) {
  const Napi::Object object = Environment::Of(env)->session.New({});
  Session* self = From(object);
  if (self == nullptr) return env.Undefined();
  self->session_ = std::move(session);
  self->der_ = std::move(der);
  Napi::MemoryManagement::AdjustExternalMemory(env, kExternalMemory);
  return object;
}

Session* Session::From(Napi::Value value) {
  if (value.IsEmpty() || !value.IsObject()) return nullptr;
  auto object = value.As<Napi::Object>();
  return object.CheckTypeTag(&kTypeTag) ? Unwrap(object) : nullptr;
}

Session::Session(const Napi::CallbackInfo& info) : ObjectWrap(info) {
  info.This().As<Napi::Object>().TypeTag(&kTypeTag);
}

Session::~Session() {
  OPENSSL_cleanse(der_.data(), der_.size());
  if (session_) Napi::MemoryManagement::AdjustExternalMemory(Env(), -kExternalMemory);
}

SSL_SESSION* Session::Get(openssl::Bytes der) const {
  if (!session_ || der.size != der_.size()) return nullptr;
  return CRYPTO_memcmp(der.data, der_.data(), der.size) == 0 ? session_.get() : nullptr;
}

}  // namespace napi_tls::node
