#include "node/root_store.h"

#include <utility>

#include "node/convert.h"
#include "tls/root_store.h"

namespace napi_tls::node {

namespace {

constexpr napi_type_tag kTypeTag = {0x35d1f0a94c7b4e62, 0x9b28e7c6104fa3d5};

}  // namespace

Napi::Function RootStore::Define(Napi::Env env) {
  return DefineClass(env, "RootStore", std::vector<PropertyDescriptor>());
}

RootStore* RootStore::From(Napi::Value value) {
  if (value.IsEmpty() || !value.IsObject()) return nullptr;
  auto object = value.As<Napi::Object>();
  return object.CheckTypeTag(&kTypeTag) ? Unwrap(object) : nullptr;
}

RootStore::RootStore(const Napi::CallbackInfo& info) : ObjectWrap(info) {
  Napi::Env env = info.Env();
  if (!info[0].IsArray()) {
    Napi::TypeError::New(env, "An array of certificates is required").ThrowAsJavaScriptException();
    return;
  }
  auto list = info[0].As<Napi::Array>();
  tls::Roots roots;
  for (uint32_t i = 0; i < list.Length(); i++) {
    Napi::Value pem = list.Get(i);
    if (pem.IsEmpty()) return;  // a getter has thrown
    if (!pem.IsString()) {
      Napi::TypeError::New(env, "A certificate must be a string").ThrowAsJavaScriptException();
      return;
    }
    roots.pems.push_back(pem.As<Napi::String>());
  }
  roots.default_paths = IsTrue(info[1]);
  openssl::Result<openssl::X509StorePointer> store = tls::RootStore(roots);
  if (!store.ok()) {
    Throw(env, store.error());
    return;
  }
  store_ = std::move(store.value());
  info.This().As<Napi::Object>().TypeTag(&kTypeTag);
}

}  // namespace napi_tls::node
