#include "node/secure_context.h"

#include <openssl/crypto.h>
#include <openssl/x509.h>

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "node/convert.h"
#include "node/root_store.h"
#include "openssl/der.h"
#include "openssl/error.h"

namespace napi_tls::node {

using openssl::Bytes;
using openssl::Error;
using openssl::Status;

namespace {

constexpr napi_type_tag kTypeTag = {0xd4b81f6e23a74c09, 0x8e5a90c17f3b42d6};

// What an SSL_CTX takes, without certificates (measured over 10,000 of them).
constexpr int64_t kExternalMemory = int64_t{16} * 1024;

Napi::Value ThrowTypeError(Napi::Env env, const char* message) {
  return Throw(env, Error::Invalid("ERR_INVALID_ARG_TYPE", message));
}

Napi::Value Finish(Napi::Env env, Status status) {
  return status.ok() ? env.Undefined() : Throw(env, status.error());
}

bool IsAbsent(const Napi::Value& value) { return value.IsUndefined() || value.IsNull(); }

// DER, or null.
Napi::Value DerOrNull(Napi::Env env, X509* certificate) {
  const std::vector<uint8_t> der = openssl::ToDer(certificate);
  return der.empty() ? env.Null() : ToBuffer(env, der);
}

}  // namespace

Napi::Function SecureContext::Define(Napi::Env env) {
  using Class = SecureContext;
  Napi::Function constructor = DefineClass(
      env, "SecureContext",
      {
          InstanceMethod<&Class::Init>("init"),
          InstanceMethod<&Class::SetKey>("setKey"),
          InstanceMethod<&Class::SetCert>("setCert"),
          InstanceMethod<&Class::AddCACert>("addCACert"),
          InstanceMethod<&Class::SetAllowPartialTrustChain>("setAllowPartialTrustChain"),
          InstanceMethod<&Class::AddCRL>("addCRL"),
          InstanceMethod<&Class::AddRootCerts>("addRootCerts"),
          InstanceMethod<&Class::RootCertsWanted>("rootCertsWanted"),
          InstanceMethod<&Class::UseRootStore>("useRootStore"),
          InstanceMethod<&Class::SetCipherSuites>("setCipherSuites"),
          InstanceMethod<&Class::SetCiphers>("setCiphers"),
          InstanceMethod<&Class::SetSigalgs>("setSigalgs"),
          InstanceMethod<&Class::SetECDHCurve>("setECDHCurve"),
          InstanceMethod<&Class::SetDHParam>("setDHParam"),
          InstanceMethod<&Class::SetMaxProto>("setMaxProto"),
          InstanceMethod<&Class::SetMinProto>("setMinProto"),
          InstanceMethod<&Class::GetMaxProto>("getMaxProto"),
          InstanceMethod<&Class::GetMinProto>("getMinProto"),
          InstanceMethod<&Class::SetOptions>("setOptions"),
          InstanceMethod<&Class::SetSessionIdContext>("setSessionIdContext"),
          InstanceMethod<&Class::SetSessionTimeout>("setSessionTimeout"),
          InstanceMethod<&Class::SetCertificateCompression>("setCertificateCompression"),
          InstanceMethod<&Class::CompressCertificates>("compressCertificates"),
          InstanceMethod<&Class::Close>("close"),
          InstanceMethod<&Class::Seal>("seal"),
          InstanceMethod<&Class::LoadPKCS12>("loadPKCS12"),
          InstanceMethod<&Class::SetTicketKeys>("setTicketKeys"),
          InstanceMethod<&Class::GetTicketKeys>("getTicketKeys"),
          InstanceMethod<&Class::GetCertificate>("getCertificate"),
          InstanceMethod<&Class::GetIssuer>("getIssuer"),
          InstanceMethod<&Class::SetEngineKey>("setEngineKey"),
          InstanceMethod<&Class::SetClientCertEngine>("setClientCertEngine"),
      });
  constructor.Set("RootStore", RootStore::Define(env));
  return constructor;
}

SecureContext* SecureContext::From(Napi::Value value) {
  if (value.IsEmpty() || !value.IsObject()) return nullptr;
  auto object = value.As<Napi::Object>();
  return object.CheckTypeTag(&kTypeTag) ? Unwrap(object) : nullptr;
}

SecureContext::SecureContext(const Napi::CallbackInfo& info) : ObjectWrap(info) {
  info.This().As<Napi::Object>().TypeTag(&kTypeTag);
}

SecureContext::~SecureContext() { Hold(nullptr); }

void SecureContext::Hold(std::shared_ptr<tls::Context> context) {
  const int64_t change = kExternalMemory * (static_cast<int>(context != nullptr) -
                                            static_cast<int>(context_ != nullptr));
  context_ = std::move(context);
  if (change != 0) Napi::MemoryManagement::AdjustExternalMemory(Env(), change);
}

bool SecureContext::Ready(Napi::Env env) {
  if (context_) return true;
  Napi::Error::New(env, "The SecureContext has been closed or not been initialized")
      .ThrowAsJavaScriptException();
  return false;
}

bool SecureContext::Unsealed(Napi::Env env) {
  if (!sealed_) return true;
  Error error;
  error.code = "ERR_INVALID_STATE";
  error.message =
      "Invalid state: connections share this SecureContext; tls.createSecureContext() makes one "
      "that can be changed";
  Throw(env, error);
  return false;
}

bool SecureContext::Changeable(Napi::Env env) { return Unsealed(env) && Ready(env); }

Napi::Value SecureContext::Set(const Napi::CallbackInfo& info, SetText set) {
  if (!Changeable(info.Env())) return info.Env().Undefined();
  if (!info[0].IsString()) return ThrowTypeError(info.Env(), "A string is required");
  const std::string text = info[0].As<Napi::String>();
  return Finish(info.Env(), ((*change()).*set)(text.c_str()));
}

Napi::Value SecureContext::Set(const Napi::CallbackInfo& info, SetBytes set) {
  if (!Changeable(info.Env())) return info.Env().Undefined();
  const BytesArgument argument(info[0]);
  if (!argument.ok()) return ThrowTypeError(info.Env(), "A string or a buffer is required");
  return Finish(info.Env(), ((*change()).*set)(argument.bytes()));
}

// init(secureProtocol: string | undefined, minVersion: number, maxVersion: number)
Napi::Value SecureContext::Init(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  if (!Unsealed(env)) return env.Undefined();
  if (!info[1].IsNumber() || !info[2].IsNumber()) {
    return ThrowTypeError(env, "The versions must be numbers");
  }
  std::string name;
  std::optional<std::string_view> protocol;
  if (info[0].IsString()) {
    name = info[0].As<Napi::String>();
    protocol = name;
  }
  auto context = tls::Context::Create(protocol, info[1].As<Napi::Number>().Int32Value(),
                                      info[2].As<Napi::Number>().Int32Value());
  if (!context.ok()) return Throw(env, context.error());
  Hold(std::move(context.value()));
  return env.Undefined();
}

Napi::Value SecureContext::Close(const Napi::CallbackInfo& info) {
  if (Unsealed(info.Env())) Hold(nullptr);
  return info.Env().Undefined();
}

Napi::Value SecureContext::Seal(const Napi::CallbackInfo& info) {
  sealed_ = true;
  return info.Env().Undefined();
}

// --- Protocol.

Napi::Value SecureContext::SetMinProto(const Napi::CallbackInfo& info) {
  if (!Changeable(info.Env())) return info.Env().Undefined();
  if (!info[0].IsNumber()) return ThrowTypeError(info.Env(), "The version must be a number");
  return Finish(info.Env(), change()->SetMinVersion(info[0].As<Napi::Number>().Int32Value()));
}

Napi::Value SecureContext::SetMaxProto(const Napi::CallbackInfo& info) {
  if (!Changeable(info.Env())) return info.Env().Undefined();
  if (!info[0].IsNumber()) return ThrowTypeError(info.Env(), "The version must be a number");
  return Finish(info.Env(), change()->SetMaxVersion(info[0].As<Napi::Number>().Int32Value()));
}

Napi::Value SecureContext::GetMinProto(const Napi::CallbackInfo& info) {
  if (!Ready(info.Env())) return info.Env().Undefined();
  return Napi::Number::New(info.Env(), context_->min_version());
}

Napi::Value SecureContext::GetMaxProto(const Napi::CallbackInfo& info) {
  if (!Ready(info.Env())) return info.Env().Undefined();
  return Napi::Number::New(info.Env(), context_->max_version());
}

Napi::Value SecureContext::SetOptions(const Napi::CallbackInfo& info) {
  if (!Changeable(info.Env())) return info.Env().Undefined();
  if (!info[0].IsNumber()) return ThrowTypeError(info.Env(), "The options must be a number");
  change()->SetOptions(static_cast<uint64_t>(info[0].As<Napi::Number>().Int64Value()));
  return info.Env().Undefined();
}

Napi::Value SecureContext::SetCiphers(const Napi::CallbackInfo& info) {
  return Set(info, &tls::Context::SetCiphers);
}

Napi::Value SecureContext::SetCipherSuites(const Napi::CallbackInfo& info) {
  return Set(info, &tls::Context::SetCipherSuites);
}

Napi::Value SecureContext::SetSigalgs(const Napi::CallbackInfo& info) {
  return Set(info, &tls::Context::SetSignatureAlgorithms);
}

Napi::Value SecureContext::SetECDHCurve(const Napi::CallbackInfo& info) {
  return Set(info, &tls::Context::SetGroups);
}

// setDHParam(params: true | string | ArrayBufferView): string | undefined. True is 'auto'; the
// answer is a warning.
Napi::Value SecureContext::SetDHParam(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  if (!Changeable(env)) return env.Undefined();
  if (info[0].IsBoolean() && info[0].As<Napi::Boolean>()) {
    change()->SetDHAuto();
    return env.Undefined();
  }
  const BytesArgument argument(info[0]);
  if (!argument.ok()) return ThrowTypeError(env, "A string or a buffer is required");
  auto warning = change()->SetDHParams(argument.bytes());
  if (!warning.ok()) return Throw(env, warning.error());
  if (!warning.value()) return env.Undefined();
  return Napi::String::New(env, *warning.value());
}

// setCertificateCompression(algorithms: number[])
Napi::Value SecureContext::SetCertificateCompression(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  if (!Changeable(env)) return env.Undefined();
  if (!info[0].IsArray()) return ThrowTypeError(env, "An array of numbers is required");
  auto list = info[0].As<Napi::Array>();
  std::vector<int> algorithms;
  for (uint32_t i = 0; i < list.Length(); i++) {
    Napi::Value algorithm = list.Get(i);
    if (algorithm.IsEmpty()) return env.Undefined();  // a getter has thrown
    if (!algorithm.IsNumber()) return ThrowTypeError(env, "An array of numbers is required");
    algorithms.push_back(algorithm.As<Napi::Number>().Int32Value());
  }
  // A getter may have called close() or seal().
  if (!Changeable(env)) return env.Undefined();
  return Finish(env, change()->SetCertificateCompression(std::move(algorithms)));
}

// compressCertificates()
Napi::Value SecureContext::CompressCertificates(const Napi::CallbackInfo& info) {
  if (Changeable(info.Env())) change()->CompressCertificates();
  return info.Env().Undefined();
}

// --- Sessions.

Napi::Value SecureContext::SetSessionIdContext(const Napi::CallbackInfo& info) {
  return Set(info, &tls::Context::SetSessionIdContext);
}

Napi::Value SecureContext::SetSessionTimeout(const Napi::CallbackInfo& info) {
  if (!Changeable(info.Env())) return info.Env().Undefined();
  if (!info[0].IsNumber()) return ThrowTypeError(info.Env(), "The timeout must be a number");
  change()->SetSessionTimeout(info[0].As<Napi::Number>().Uint32Value());
  return info.Env().Undefined();
}

Napi::Value SecureContext::GetTicketKeys(const Napi::CallbackInfo& info) {
  if (!Ready(info.Env())) return info.Env().Undefined();
  tls::TicketKeys::Block keys = context_->ticket_keys().Get();
  Napi::Value buffer = ToBuffer(info.Env(), {keys.data(), keys.size()});
  OPENSSL_cleanse(keys.data(), keys.size());
  return buffer;
}

// setTicketKeys(keys: ArrayBufferView of 48 bytes): boolean
Napi::Value SecureContext::SetTicketKeys(const Napi::CallbackInfo& info) {
  if (!Changeable(info.Env())) return info.Env().Undefined();
  const std::optional<Bytes> keys = ViewOf(info[0]);
  if (!keys || keys->size != tls::TicketKeys::kSize) {
    return ThrowTypeError(info.Env(), "A buffer of 48 bytes is required");
  }
  context_->ticket_keys().Set(*keys);
  return Napi::Boolean::New(info.Env(), true);
}

// --- Identity.

Napi::Value SecureContext::SetCert(const Napi::CallbackInfo& info) {
  return Set(info, &tls::Context::SetCertificateChain);
}

// setKey(pem: string | ArrayBufferView, passphrase?: string | ArrayBufferView | null)
Napi::Value SecureContext::SetKey(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  if (!Changeable(env)) return env.Undefined();
  const BytesArgument pem(info[0]);
  if (!pem.ok()) return ThrowTypeError(env, "A string or a buffer is required");
  if (IsAbsent(info[1])) {
    return Finish(env, change()->SetPrivateKey(pem.bytes(), std::nullopt));
  }
  const BytesArgument passphrase(info[1]);
  if (!passphrase.ok()) return ThrowTypeError(env, "Pass phrase must be a string");
  return Finish(env, change()->SetPrivateKey(pem.bytes(), passphrase.bytes()));
}

// loadPKCS12(pfx: string | ArrayBufferView, passphrase?: string | ArrayBufferView | null)
Napi::Value SecureContext::LoadPKCS12(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  if (!Changeable(env)) return env.Undefined();
  const BytesArgument pfx(info[0]);
  if (!pfx.ok()) return Throw(env, Error::Operation("Unable to load PFX certificate"));
  if (IsAbsent(info[1])) return Finish(env, change()->LoadPKCS12(pfx.bytes(), std::nullopt));
  const BytesArgument passphrase(info[1]);
  if (!passphrase.ok()) return ThrowTypeError(env, "Pass phrase must be a buffer");
  return Finish(env, change()->LoadPKCS12(pfx.bytes(), passphrase.bytes()));
}

// setEngineKey(keyId: string, engineId: string)
Napi::Value SecureContext::SetEngineKey(const Napi::CallbackInfo& info) {
  if (!Changeable(info.Env())) return info.Env().Undefined();
  if (!info[0].IsString() || !info[1].IsString()) {
    return ThrowTypeError(info.Env(), "The ids must be strings");
  }
  const std::string key_id = info[0].As<Napi::String>();
  const std::string engine_id = info[1].As<Napi::String>();
  return Finish(info.Env(), change()->SetEngineKey(key_id.c_str(), engine_id.c_str()));
}

Napi::Value SecureContext::SetClientCertEngine(const Napi::CallbackInfo& info) {
  return Set(info, &tls::Context::SetClientCertEngine);
}

Napi::Value SecureContext::GetCertificate(const Napi::CallbackInfo& info) {
  return DerOrNull(info.Env(), context_ ? context_->certificate() : nullptr);
}

Napi::Value SecureContext::GetIssuer(const Napi::CallbackInfo& info) {
  return DerOrNull(info.Env(), context_ ? context_->issuer() : nullptr);
}

// --- Trust.

Napi::Value SecureContext::AddCACert(const Napi::CallbackInfo& info) {
  return Set(info, &tls::Context::AddCACertificates);
}

Napi::Value SecureContext::AddCRL(const Napi::CallbackInfo& info) {
  return Set(info, &tls::Context::AddCRLs);
}

Napi::Value SecureContext::AddRootCerts(const Napi::CallbackInfo& info) {
  if (Changeable(info.Env())) context_->WantRoots();
  return info.Env().Undefined();
}

// rootCertsWanted(): boolean. Whether useRootStore() must be called before peers can be verified.
Napi::Value SecureContext::RootCertsWanted(const Napi::CallbackInfo& info) {
  return Napi::Boolean::New(info.Env(), context_ && context_->roots_wanted());
}

// useRootStore(store: RootStore)
Napi::Value SecureContext::UseRootStore(const Napi::CallbackInfo& info) {
  if (!Changeable(info.Env())) return info.Env().Undefined();
  const RootStore* roots = RootStore::From(info[0]);
  if (roots == nullptr) return ThrowTypeError(info.Env(), "A RootStore is required");
  return Finish(info.Env(), change()->UseRoots(roots->store()));
}

Napi::Value SecureContext::SetAllowPartialTrustChain(const Napi::CallbackInfo& info) {
  if (!Changeable(info.Env())) return info.Env().Undefined();
  return Finish(info.Env(), change()->AllowPartialTrustChain());
}

}  // namespace napi_tls::node
