// Engine: what is set before Start(), the answers to its questions, and what may be changed at any
// time.
#include <openssl/err.h>
#include <openssl/ssl.h>

#include <cstdio>
#include <mutex>
#include <shared_mutex>
#include <utility>

#include "tls/engine.h"
#include "tls/engine_callbacks.h"

namespace napi_tls::tls {

#ifndef OPENSSL_NO_SSL_TRACE
// A standard error that does not take all of it, such as a full pipe, is no failure of the
// connection.
static void Trace(int is_write, int version, int content_type, const void* data, size_t size,
                  SSL* ssl, void* bio) {
  ERR_set_mark();
  SSL_trace(is_write, version, content_type, data, size, ssl, bio);
  ERR_pop_to_mark();
}
#endif

void Engine::SetVerify(Verify verify) {
  int mode = SSL_VERIFY_NONE;
  if (verify != Verify::kNone) mode = SSL_VERIFY_PEER;
  if (verify == Verify::kRequire) mode |= SSL_VERIFY_FAIL_IF_NO_PEER_CERT;
  SSL_set_verify(ssl(), mode, EngineCallbacks::OnVerify);
}

bool Engine::SetServername(const std::string& name) {
  openssl::ClearErrorOnReturn clear;
  return SSL_set_tlsext_host_name(ssl(), name.c_str()) == 1;
}

bool Engine::SetSession(Bytes der) {
  openssl::ClearErrorOnReturn clear;
  const unsigned char* data = der.data;
  return Offer(openssl::SSLSessionPointer(
      d2i_SSL_SESSION(nullptr, &data, static_cast<long>(der.size))));  // NOLINT(runtime/int)
}

bool Engine::SetLiveSession(SSL_SESSION* session) {
  openssl::ClearErrorOnReturn clear;
  return Offer(openssl::SSLSessionPointer(SSL_SESSION_dup(session)));
}

bool Engine::Offer(const openssl::SSLSessionPointer& session) {
  // Once the version is negotiated, SSL_set_session() gives the connection another method, and what
  // it has of the handshake and its keys is gone: OpenSSL crashes, or sends in the clear.
  if (role_ != Role::kClient || state_ != State::kIdle) return false;
  return session && SSL_set_session(ssl(), session.get()) == 1;
}

bool Engine::SetAlpnProtocols(Bytes wire_format) {
  openssl::ClearErrorOnReturn clear;
  if (role_ == Role::kServer) {
    alpn_protocols_ = wire_format.Copy();
    return true;
  }
  // The one SSL_* function that answers 0 for success.
  return SSL_set_alpn_protos(ssl(), wire_format.data,
                             static_cast<unsigned int>(wire_format.size)) == 0;
}

void Engine::EnableSessionEvents() { session_events_ = true; }

void Engine::RequestOcsp() {
  ocsp_requested_ = true;
  SSL_set_tlsext_status_type(ssl(), TLSEXT_STATUSTYPE_ocsp);
}

void Engine::EnableAlpnCallback() {
  alpn_callback_ = true;
  stepwise_ = false;
}

void Engine::EnablePsk() {
  stepwise_ = false;
  if (role_ == Role::kClient) {
    SSL_set_psk_client_callback(ssl(), EngineCallbacks::OnPskClient);
  } else {
    psk_ = true;
    SSL_set_psk_server_callback(ssl(), EngineCallbacks::OnPskServer);
  }
}

bool Engine::SetPskIdentityHint(const std::string& hint) {
  openssl::ClearErrorOnReturn clear;
  return SSL_use_psk_identity_hint(ssl(), hint.c_str()) == 1;
}

void Engine::EnableKeylog() {
  keylog_ = true;
  SSL_CTX* ctx = context_->ssl_ctx();
  if (SSL_CTX_get_keylog_callback(ctx) != nullptr) return;
  const std::lock_guard<std::shared_mutex> lock(context_->mutex());
  SSL_CTX_set_keylog_callback(ctx, EngineCallbacks::OnKeylog);
}

void Engine::EnableTrace() {
#ifndef OPENSSL_NO_SSL_TRACE
  openssl::BIOPointer bio(BIO_new_fp(stderr, BIO_NOCLOSE | BIO_FP_TEXT));
  if (!bio) return;
  // Lives as long as the SSL: the message callback has no destructor of its own.
  trace_ = std::move(bio);
  SSL_set_msg_callback(ssl(), Trace);
  SSL_set_msg_callback_arg(ssl(), trace_.get());
#endif
}

bool Engine::SetMaxSendFragment(int size) {
  openssl::ClearErrorOnReturn clear;
  return SSL_set_max_send_fragment(ssl(), size) == 1;
}

void Engine::ProvideSession(Bytes der) {
  openssl::ClearErrorOnReturn clear;
  const unsigned char* data = der.data;
  provided_session_.reset(
      d2i_SSL_SESSION(nullptr, &data, static_cast<long>(der.size)));  // NOLINT(runtime/int)
}

Status Engine::SelectContext(std::shared_ptr<Context> context) {
  openssl::ClearErrorOnReturn clear;
  if (context->certificate() == nullptr) {
    if (context->has_authorities()) Trust(std::move(context));
    if (context_->certificate() != nullptr) return openssl::Ok();
    // Raises the error that names what is missing.
    SSL_use_certificate(ssl(), nullptr);
    return Error::FromQueue("SSL_use_certificate");
  }
  if (SSL_set_SSL_CTX(ssl(), context->ssl_ctx()) == nullptr) {
    return Error::FromQueue("SSL_set_SSL_CTX");
  }
  // Sessions are those of the first context.
  const std::vector<uint8_t>& id = first_context_->session_id_context();
  SSL_set_session_id_context(ssl(), id.data(), static_cast<unsigned int>(id.size()));
  context_ = context;
  Trust(std::move(context));
  if (keylog_) EnableKeylog();
  return openssl::Ok();
}

void Engine::Trust(std::shared_ptr<Context> context) {
  SSL_set1_verify_cert_store(ssl(), SSL_CTX_get_cert_store(context->ssl_ctx()));
  SSL_set_client_CA_list(ssl(), SSL_dup_CA_list(SSL_CTX_get_client_CA_list(context->ssl_ctx())));
  trusted_context_ = std::move(context);
}

void Engine::SetOcspResponse(Bytes response) { ocsp_response_ = response.Copy(); }

Status Engine::UseCertificateOf(std::shared_ptr<Context> context) {
  openssl::ClearErrorOnReturn clear;
  SSL_CTX* ctx = context->ssl_ctx();
  X509* certificate = SSL_CTX_get0_certificate(ctx);
  EVP_PKEY* key = SSL_CTX_get0_privatekey(ctx);
  STACK_OF(X509)* chain = nullptr;
  SSL_CTX_get0_chain_certs(ctx, &chain);
  if (certificate == nullptr || key == nullptr) {
    if (!SSL_is_server(ssl())) return openssl::Ok();  // A client may do without.
    // Raises the error that names what is missing.
    SSL_use_certificate(ssl(), nullptr);
    return Error::FromQueue("SSL_use_certificate");
  }
  if (SSL_use_cert_and_key(ssl(), certificate, key, chain, 1) != 1) {
    return Error::FromQueue("SSL_use_cert_and_key");
  }
  certificate_context_ = std::move(context);
  return openssl::Ok();
}

}  // namespace napi_tls::tls
