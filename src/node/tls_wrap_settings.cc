// TLSWrap: what is set before the handshake, and the answers to the engine's questions.
#include <openssl/crypto.h>

#include <string>
#include <utility>

#include "node/convert.h"
#include "node/secure_context.h"
#include "node/session.h"
#include "node/tls_wrap.h"

namespace napi_tls::node {

using tls::Bytes;
using tls::Engine;

std::vector<TLSWrap::PropertyDescriptor> TLSWrap::Settings() {
  return {
      InstanceMethod<&TLSWrap::SetVerifyMode>("setVerifyMode"),
      InstanceMethod<&TLSWrap::SetServername>("setServername"),
      InstanceMethod<&TLSWrap::SetSession>("setSession"),
      InstanceMethod<&TLSWrap::SetALPNProtocols>("setALPNProtocols"),
      InstanceMethod<&TLSWrap::SetMaxSendFragment>("setMaxSendFragment"),
      InstanceMethod<&TLSWrap::SetPskIdentityHint>("setPskIdentityHint"),
      InstanceMethod<&TLSWrap::SetKeyCert>("setKeyCert"),
      InstanceMethod<&TLSWrap::SetContext>("setContext"),
      InstanceMethod<&TLSWrap::SetOCSPResponse>("setOCSPResponse"),
      InstanceMethod<&TLSWrap::LoadSession>("loadSession"),
      InstanceMethod<&TLSWrap::RequestOCSP>("requestOCSP"),
      InstanceMethod<&TLSWrap::EnableSessionCallbacks>("enableSessionCallbacks"),
      InstanceMethod<&TLSWrap::EnableSessionLookup>("enableSessionLookup"),
      InstanceMethod<&TLSWrap::EnableCertCb>("enableCertCb"),
      InstanceMethod<&TLSWrap::EnableALPNCb>("enableALPNCb"),
      InstanceMethod<&TLSWrap::EnablePskCallback>("enablePskCallback"),
      InstanceMethod<&TLSWrap::EnableKeylogCallback>("enableKeylogCallback"),
      InstanceMethod<&TLSWrap::EnableTrace>("enableTrace"),
      InstanceMethod<&TLSWrap::ExpectNativeReader>("expectNativeReader"),
      InstanceMethod<&TLSWrap::OffloadHandshake>("offloadHandshake"),
  };
}

// setVerifyMode(request: boolean, require: boolean). Whether the peer is asked for a certificate,
// and whether the handshake fails without one.
Napi::Value TLSWrap::SetVerifyMode(const Napi::CallbackInfo& info) {
  const bool request = IsTrue(info[0]);
  const bool require = IsTrue(info[1]);
  if (ready()) {
    engine_->SetVerify(!request  ? Engine::Verify::kNone
                       : require ? Engine::Verify::kRequire
                                 : Engine::Verify::kRequest);
  }
  return info.Env().Undefined();
}

// setServername(name: string): boolean
Napi::Value TLSWrap::SetServername(const Napi::CallbackInfo& info) {
  const bool set = ready() && info[0].IsString() &&
                   engine_->SetServername(info[0].As<Napi::String>().Utf8Value());
  return Napi::Boolean::New(info.Env(), set);
}

// setSession(der: Uint8Array, session?: Session): boolean. False when it is not a session. Where
// `session` has come with the same bytes, it saves the time to read them.
Napi::Value TLSWrap::SetSession(const Napi::CallbackInfo& info) {
  const std::optional<Bytes> der = ViewOf(info[0]);
  if (!ready() || !der) return Napi::Boolean::New(info.Env(), false);
  const Session* session = Session::From(info[1]);
  SSL_SESSION* live = session == nullptr ? nullptr : session->Get(*der);
  const bool set = live == nullptr ? engine_->SetSession(*der) : engine_->SetLiveSession(live);
  return Napi::Boolean::New(info.Env(), set);
}

// setALPNProtocols(wireFormat: Uint8Array): boolean
Napi::Value TLSWrap::SetALPNProtocols(const Napi::CallbackInfo& info) {
  const std::optional<Bytes> protocols = ViewOf(info[0]);
  const bool set = ready() && protocols && engine_->SetAlpnProtocols(*protocols);
  return Napi::Boolean::New(info.Env(), set);
}

// setMaxSendFragment(size: number): boolean
Napi::Value TLSWrap::SetMaxSendFragment(const Napi::CallbackInfo& info) {
  const bool set = ready() && info[0].IsNumber() &&
                   engine_->SetMaxSendFragment(info[0].As<Napi::Number>().Int32Value());
  return Napi::Boolean::New(info.Env(), set);
}

// setPskIdentityHint(hint: string): boolean
Napi::Value TLSWrap::SetPskIdentityHint(const Napi::CallbackInfo& info) {
  const bool set = ready() && info[0].IsString() &&
                   engine_->SetPskIdentityHint(info[0].As<Napi::String>().Utf8Value());
  return Napi::Boolean::New(info.Env(), set);
}

// setKeyCert(context: SecureContext). Its key and certificates serve from now on; throws where the
// context for a server has none.
Napi::Value TLSWrap::SetKeyCert(const Napi::CallbackInfo& info) {
  SecureContext* context = SecureContext::From(info[0]);
  if (!ready() || context == nullptr || !context->context()) return info.Env().Undefined();
  tls::Status status = engine_->UseCertificateOf(context->context());
  return status.ok() ? info.Env().Undefined() : Throw(info.Env(), status.error());
}

// setContext(context: SecureContext). The answer to a certificate question; throws where there is
// no certificate, in this context or before it.
Napi::Value TLSWrap::SetContext(const Napi::CallbackInfo& info) {
  SecureContext* context = SecureContext::From(info[0]);
  if (!ready() || context == nullptr || !context->context()) return info.Env().Undefined();
  tls::Status status = engine_->SelectContext(context->context());
  return status.ok() ? info.Env().Undefined() : Throw(info.Env(), status.error());
}

// setOCSPResponse(der: Uint8Array): boolean. The answer to a certificate question.
Napi::Value TLSWrap::SetOCSPResponse(const Napi::CallbackInfo& info) {
  const std::optional<Bytes> response = ViewOf(info[0]);
  if (ready() && response) engine_->SetOcspResponse(*response);
  return Napi::Boolean::New(info.Env(), response.has_value());
}

// loadSession(der: Uint8Array): boolean. The answer to a session lookup.
Napi::Value TLSWrap::LoadSession(const Napi::CallbackInfo& info) {
  const std::optional<Bytes> der = ViewOf(info[0]);
  if (ready() && der) engine_->ProvideSession(*der);
  return Napi::Boolean::New(info.Env(), der.has_value());
}

Napi::Value TLSWrap::RequestOCSP(const Napi::CallbackInfo& info) {
  if (ready()) engine_->RequestOcsp();
  return info.Env().Undefined();
}

Napi::Value TLSWrap::EnableSessionCallbacks(const Napi::CallbackInfo& info) {
  if (ready()) engine_->EnableSessionEvents();
  return info.Env().Undefined();
}

Napi::Value TLSWrap::EnableSessionLookup(const Napi::CallbackInfo& info) {
  if (ready()) engine_->EnableSessionLookup();
  return info.Env().Undefined();
}

Napi::Value TLSWrap::EnableCertCb(const Napi::CallbackInfo& info) {
  if (ready()) engine_->EnableCertificateQuestion();
  return info.Env().Undefined();
}

Napi::Value TLSWrap::EnableALPNCb(const Napi::CallbackInfo& info) {
  synchronous_callbacks_ = true;
  if (ready()) engine_->EnableAlpnCallback();
  return info.Env().Undefined();
}

Napi::Value TLSWrap::EnablePskCallback(const Napi::CallbackInfo& info) {
  synchronous_callbacks_ = true;
  if (ready()) engine_->EnablePsk();
  return info.Env().Undefined();
}

Napi::Value TLSWrap::EnableKeylogCallback(const Napi::CallbackInfo& info) {
  if (ready()) engine_->EnableKeylog();
  return info.Env().Undefined();
}

// expectNativeReader(expected: boolean)
Napi::Value TLSWrap::ExpectNativeReader(const Napi::CallbackInfo& info) {
  native_reader_ = IsTrue(info[0]);
  return info.Env().Undefined();
}

Napi::Value TLSWrap::EnableTrace(const Napi::CallbackInfo& info) {
  if (ready()) engine_->EnableTrace();
  return info.Env().Undefined();
}

// Has JavaScript select something while OpenSSL waits. The methods report what users throw by
// themselves and answer null: the connection then ends without a word to the peer. An exception
// here is the end of the environment. They run in the context of the connection, whoever has had
// the handshake go on; no ticks follow, for there is a callback scope around the engine.
Napi::Value TLSWrap::Select(const char* name, std::initializer_list<napi_value> arguments) {
  napi_env env = Env();
  napi_value method;
  napi_value result;
  if (napi_get_named_property(env, Value(), name, &method) != napi_ok ||
      napi_make_callback(env, *async_context_, Value(), method, arguments.size(), arguments.begin(),
                         &result) != napi_ok) {
    bool pending = false;
    napi_value error;
    if (napi_is_exception_pending(env, &pending) == napi_ok && pending) {
      napi_get_and_clear_last_exception(env, &error);
    }
    return Napi::Env(env).Undefined();
  }
  if (Napi::Value(env, result).IsNull()) silent_ = true;
  return {env, result};
}

// this.onalpnselect(offered: Buffer): string (selected) | undefined (fatal)
tls::EngineHost::AlpnChoice TLSWrap::SelectAlpn(Bytes offered, Bytes* selected) {
  Napi::HandleScope scope(Env());
  const Napi::Value answer = Select("onalpnselect", {ToBuffer(Env(), offered)});
  if (!answer.IsString()) return AlpnChoice::kFatal;
  selected_protocol_ = answer.As<Napi::String>().Utf8Value();
  *selected = {reinterpret_cast<const uint8_t*>(selected_protocol_.data()),
               selected_protocol_.size()};
  return AlpnChoice::kSelected;
}

// this.onpskclient(hint: string | null, maxPskLength: number, maxIdentityLength: number):
// { psk: Uint8Array, identity: string } | undefined
std::optional<tls::EngineHost::PskAnswer> TLSWrap::PskForServer(const char* hint,
                                                                size_t max_identity,
                                                                size_t max_psk) {
  Napi::Env env = Env();
  Napi::HandleScope scope(env);
  const Napi::Value answer =
      Select("onpskclient", {hint == nullptr ? env.Null() : Napi::String::New(env, hint),
                             Napi::Number::New(env, static_cast<double>(max_psk)),
                             Napi::Number::New(env, static_cast<double>(max_identity))});
  if (!answer.IsObject()) return std::nullopt;
  const Napi::Value identity = answer.As<Napi::Object>().Get("identity");
  const std::optional<Bytes> psk = ViewOf(answer.As<Napi::Object>().Get("psk"));
  if (!identity.IsString() || !psk) return std::nullopt;
  return PskAnswer{identity.As<Napi::String>().Utf8Value(), psk->Copy()};
}

// this.onpskserver(identity: string, maxPskLength: number): Uint8Array | undefined
std::optional<std::vector<uint8_t>> TLSWrap::PskForClient(const char* identity, size_t max_psk) {
  Napi::Env env = Env();
  Napi::HandleScope scope(env);
  const Napi::Value answer =
      Select("onpskserver", {Napi::String::New(env, identity == nullptr ? "" : identity),
                             Napi::Number::New(env, static_cast<double>(max_psk))});
  const std::optional<Bytes> psk = ViewOf(answer);
  if (!psk) return std::nullopt;
  return psk->Copy();
}

}  // namespace napi_tls::node
