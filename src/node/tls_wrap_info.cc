// TLSWrap: what has been negotiated. Every method answers undefined after destroySSL().
#include <string>

#include "node/convert.h"
#include "node/tls_wrap.h"
#include "openssl/cleanse.h"
#include "tls/connection_info.h"

namespace napi_tls::node {

namespace {

Napi::Value BufferOrUndefined(Napi::Env env, const tls::Octets& octets) {
  return octets.empty() ? env.Undefined() : ToBuffer(env, octets);
}

Napi::Value StringOrUndefined(Napi::Env env, const std::optional<std::string>& text) {
  return text ? Napi::String::New(env, *text) : env.Undefined();
}

Napi::Value BufferArray(Napi::Env env, const std::vector<tls::Octets>& items) {
  Napi::Array array = Napi::Array::New(env, items.size());
  for (uint32_t i = 0; i < items.size(); ++i) array.Set(i, ToBuffer(env, items[i]));
  return array;
}

}  // namespace

std::vector<TLSWrap::PropertyDescriptor> TLSWrap::Info() {
  return {
      InstanceMethod<&TLSWrap::GetCipher>("getCipher"),
      InstanceMethod<&TLSWrap::GetProtocol>("getProtocol"),
      InstanceMethod<&TLSWrap::GetSession>("getSession"),
      InstanceMethod<&TLSWrap::GetTLSTicket>("getTLSTicket"),
      InstanceMethod<&TLSWrap::GetFinished>("getFinished"),
      InstanceMethod<&TLSWrap::GetPeerFinished>("getPeerFinished"),
      InstanceMethod<&TLSWrap::GetSharedSigalgs>("getSharedSigalgs"),
      InstanceMethod<&TLSWrap::GetEphemeralKeyInfo>("getEphemeralKeyInfo"),
      InstanceMethod<&TLSWrap::GetALPNNegotiatedProtocol>("getALPNNegotiatedProtocol"),
      InstanceMethod<&TLSWrap::GetServername>("getServername"),
      InstanceMethod<&TLSWrap::GetCertificate>("certificate"),
      InstanceMethod<&TLSWrap::GetPeerCertificates>("peerCertificates"),
      InstanceMethod<&TLSWrap::GetPeerChain>("peerChain"),
      InstanceMethod<&TLSWrap::GetPeerNames>("peerNames"),
      InstanceMethod<&TLSWrap::GetOutcome>("outcome"),
      InstanceMethod<&TLSWrap::IsSessionReused>("isSessionReused"),
      InstanceMethod<&TLSWrap::VerifyError>("verifyError"),
      InstanceMethod<&TLSWrap::ExportKeyingMaterial>("exportKeyingMaterial"),
  };
}

// { name, standardName, version } | undefined
Napi::Value TLSWrap::GetCipher(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  const auto cipher = ready() ? tls::Cipher(*engine_) : std::nullopt;
  if (!cipher) return env.Undefined();
  Napi::Object object = Napi::Object::New(env);
  object.Set("name", cipher->name);
  object.Set("standardName", cipher->standard_name);
  object.Set("version", cipher->version);
  return object;
}

Napi::Value TLSWrap::GetProtocol(const Napi::CallbackInfo& info) {
  if (!ready()) return info.Env().Undefined();
  return Napi::String::New(info.Env(), tls::Protocol(*engine_));
}

Napi::Value TLSWrap::GetSession(const Napi::CallbackInfo& info) {
  tls::Octets session = ready() ? tls::Session(*engine_) : tls::Octets{};
  const openssl::CleanseOnReturn cleanse(&session);
  return BufferOrUndefined(info.Env(), session);
}

Napi::Value TLSWrap::GetTLSTicket(const Napi::CallbackInfo& info) {
  return BufferOrUndefined(info.Env(), ready() ? tls::Ticket(*engine_) : tls::Octets{});
}

Napi::Value TLSWrap::GetFinished(const Napi::CallbackInfo& info) {
  return BufferOrUndefined(info.Env(), ready() ? tls::Finished(*engine_) : tls::Octets{});
}

Napi::Value TLSWrap::GetPeerFinished(const Napi::CallbackInfo& info) {
  return BufferOrUndefined(info.Env(), ready() ? tls::PeerFinished(*engine_) : tls::Octets{});
}

Napi::Value TLSWrap::GetSharedSigalgs(const Napi::CallbackInfo& info) {
  Napi::Array names = Napi::Array::New(info.Env());
  if (!ready()) return names;
  uint32_t index = 0;
  for (const std::string& name : tls::SharedSigalgs(*engine_)) names.Set(index++, name);
  return names;
}

// { type, name?, size } | {} | undefined
Napi::Value TLSWrap::GetEphemeralKeyInfo(const Napi::CallbackInfo& info) {
  if (!ready()) return info.Env().Undefined();
  Napi::Object object = Napi::Object::New(info.Env());
  const tls::EphemeralKeyInfo key = tls::EphemeralKey(*engine_);
  if (key.type.empty()) return object;
  object.Set("type", key.type);
  if (!key.name.empty()) object.Set("name", key.name);
  if (key.size > 0) object.Set("size", key.size);
  return object;
}

Napi::Value TLSWrap::GetALPNNegotiatedProtocol(const Napi::CallbackInfo& info) {
  const auto protocol = ready() ? tls::AlpnProtocol(*engine_) : std::nullopt;
  if (!protocol) return Napi::Boolean::New(info.Env(), false);
  return Napi::String::New(info.Env(), *protocol);
}

Napi::Value TLSWrap::GetServername(const Napi::CallbackInfo& info) {
  return StringOrUndefined(info.Env(), ready() ? tls::Servername(*engine_) : std::nullopt);
}

// DER of our own certificate: Buffer | undefined
Napi::Value TLSWrap::GetCertificate(const Napi::CallbackInfo& info) {
  return BufferOrUndefined(info.Env(), ready() ? tls::Certificate(*engine_) : tls::Octets{});
}

// peerCertificates(withIssuers: boolean): Buffer[], DER, the peer's own certificate first
Napi::Value TLSWrap::GetPeerCertificates(const Napi::CallbackInfo& info) {
  if (!ready()) return Napi::Array::New(info.Env());
  return BufferArray(info.Env(), tls::PeerCertificates(*engine_, IsTrue(info[0])));
}

// peerChain(): Buffer[], DER, as the peer sent them
Napi::Value TLSWrap::GetPeerChain(const Napi::CallbackInfo& info) {
  if (!ready()) return Napi::Array::New(info.Env());
  return BufferArray(info.Env(), tls::PeerChain(*engine_));
}

// peerNames(): { subjectaltname?: string, commonName?: string } | undefined, see SimplePeerNames()
Napi::Value TLSWrap::GetPeerNames(const Napi::CallbackInfo& info) {
  const auto names = ready() ? tls::SimplePeerNames(*engine_) : std::nullopt;
  if (!names) return info.Env().Undefined();
  Napi::Object object = Napi::Object::New(info.Env());
  if (!names->subject_alt_name.empty()) object.Set("subjectaltname", names->subject_alt_name);
  if (!names->common_name.empty()) object.Set("commonName", names->common_name);
  return object;
}

// outcome(): number. What a client asks after each handshake, in one call. Bit 0: a session has
// been resumed; bit 1: the peer is trusted; the rest: the size of its ephemeral DH key, or 0.
Napi::Value TLSWrap::GetOutcome(const Napi::CallbackInfo& info) {
  if (!ready()) return info.Env().Undefined();
  const uint32_t resumed = tls::SessionReused(*engine_) ? 1 : 0;
  const uint32_t trusted = tls::VerifyPeer(*engine_) ? 0 : 2;
  const uint32_t dh_size = static_cast<uint32_t>(tls::EphemeralDHSize(*engine_)) << 2;
  return Napi::Number::New(info.Env(), dh_size | trusted | resumed);
}

Napi::Value TLSWrap::IsSessionReused(const Napi::CallbackInfo& info) {
  return Napi::Boolean::New(info.Env(), ready() && tls::SessionReused(*engine_));
}

// verifyError(): Error with the code of the failed verification | undefined
Napi::Value TLSWrap::VerifyError(const Napi::CallbackInfo& info) {
  const auto failure = ready() ? tls::VerifyPeer(*engine_) : std::nullopt;
  if (!failure) return ready() ? info.Env().Null() : info.Env().Undefined();
  Napi::Error error = Napi::Error::New(info.Env(), failure->message);
  error.Set("code", failure->code);
  return error.Value();
}

// exportKeyingMaterial(length: number, label: string, context?: Uint8Array): Buffer
Napi::Value TLSWrap::ExportKeyingMaterial(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  if (!ready() || !info[0].IsNumber() || !info[1].IsString()) return env.Undefined();
  const std::optional<tls::Bytes> context = ViewOf(info[2]);
  auto material = tls::ExportKeyingMaterial(*engine_, info[0].As<Napi::Number>().Uint32Value(),
                                            info[1].As<Napi::String>().Utf8Value(),
                                            context ? &*context : nullptr);
  if (material.ok()) {
    const openssl::CleanseOnReturn cleanse(&material.value());
    return ToBuffer(env, material.value());
  }
  ToJsError(env, material.error()).ThrowAsJavaScriptException();
  return env.Undefined();
}

}  // namespace napi_tls::node
