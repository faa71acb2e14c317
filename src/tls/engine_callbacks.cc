#include "tls/engine_callbacks.h"

#include <openssl/asn1.h>
#include <openssl/crypto.h>
#include <openssl/ssl.h>

#include <algorithm>
#include <climits>
#include <cstring>
#include <utility>

#include "openssl/cleanse.h"
#include "openssl/der.h"
#include "openssl/once.h"
#include "tls/client_hello.h"

namespace napi_tls::tls {

namespace {

using Type = Event::Type;

int EngineIndex() {
  static openssl::Once<int> index(-1);
  return index.Get([] { return SSL_get_ex_new_index(0, nullptr, nullptr, nullptr, nullptr); });
}

// Whether `session` was made for the server name of this handshake.
bool IsOfSameServer(const SSL_SESSION* session, const std::string& servername) {
  const char* name = SSL_SESSION_get0_hostname(session);
  return servername == (name == nullptr ? "" : name);
}

// RFC 4279, 5.1: an identity is UTF-8. The ticket of a client that offers a session is none, most
// often; where a NUL comes early in it, BinaryPskIdentities() knows it.
bool IsUtf8(const char* text) {
  size_t size = strlen(text);
  while (size > 0) {
    unsigned long character = 0;  // NOLINT(runtime/int)
    const int taken = UTF8_getc(reinterpret_cast<const unsigned char*>(text),
                                static_cast<int>(std::min<size_t>(size, INT_MAX)), &character);
    if (taken <= 0) return false;
    text += taken;
    size -= static_cast<size_t>(taken);
  }
  return true;
}

}  // namespace

bool EngineCallbacks::Attach(Engine* engine) {
  SSL* ssl = engine->ssl();
  if (SSL_set_ex_data(ssl, EngineIndex(), engine) != 1) return false;
  SSL_set_info_callback(ssl, OnInfo);
  // Set on every server: OpenSSL offers TLS 1.3 without a certificate only where there is one.
  if (engine->role() == Engine::Role::kServer) SSL_set_cert_cb(ssl, OnCertificate, nullptr);
  return true;
}

Engine* EngineCallbacks::EngineOf(const SSL* ssl) {
  return static_cast<Engine*>(SSL_get_ex_data(ssl, EngineIndex()));
}

void Engine::InstallCallbacks(SSL_CTX* ctx) {
  SSL_CTX_sess_set_new_cb(ctx, EngineCallbacks::OnNewSession);
  SSL_CTX_sess_set_get_cb(ctx, EngineCallbacks::OnGetSession);
  SSL_CTX_set_tlsext_status_cb(ctx, EngineCallbacks::OnOcspStatus);
  SSL_CTX_set_tlsext_status_arg(ctx, nullptr);
  SSL_CTX_set_alpn_select_cb(ctx, EngineCallbacks::OnAlpnSelect, nullptr);
  SSL_CTX_set_client_hello_cb(ctx, EngineCallbacks::OnClientHello, nullptr);
  SSL_CTX_set_tlsext_servername_callback(ctx, EngineCallbacks::OnServername);
  SSL_CTX_set_session_ticket_cb(ctx, nullptr, EngineCallbacks::OnTicketOpened, nullptr);
}

void EngineCallbacks::OnInfo(const SSL* ssl, int where, int) {
  if ((where & (SSL_CB_HANDSHAKE_START | SSL_CB_HANDSHAKE_DONE)) == 0) return;
  Engine* engine = EngineOf(ssl);
  if ((where & SSL_CB_HANDSHAKE_START) != 0) {
    engine->certificate_answered_ = false;
    engine->session_answered_ = false;
    if (engine->state_ == Engine::State::kOpen) {
      engine->events_.push_back({Type::kHandshakeStart, {}, {}, false});
    }
  }
  // OpenSSL also reports the end of a HelloRequest, after which the renegotiation is pending.
  if ((where & SSL_CB_HANDSHAKE_DONE) != 0 && SSL_renegotiate_pending(ssl) == 0) {
    engine->events_.push_back({Type::kHandshakeDone, {}, {}, false});
    engine->binary_identities_.clear();
    ++engine->handshakes_untold_;
  }
}

void EngineCallbacks::OnKeylog(const SSL* ssl, const char* line) {
  Engine* engine = EngineOf(ssl);
  if (!engine->keylog_) return;
  const size_t size = strlen(line);
  std::vector<uint8_t> bytes(size + 1, '\n');
  memcpy(bytes.data(), line, size);
  engine->events_.push_back({Type::kKeylog, std::move(bytes), {}, false});
}

int EngineCallbacks::OnClientHello(SSL* ssl, int* alert, void*) {
  Engine* engine = EngineOf(ssl);
  const std::optional<std::string_view> servername = RequestedServerName(ssl);
  if (!servername) {
    *alert = SSL_AD_DECODE_ERROR;
    return SSL_CLIENT_HELLO_ERROR;
  }
  if (!engine->hello_seen_) engine->requested_servername_ = *servername;
  engine->hello_seen_ = true;
  if (*servername != engine->requested_servername_) {
    *alert = SSL_AD_ILLEGAL_PARAMETER;
    return SSL_CLIENT_HELLO_ERROR;
  }
  if (engine->psk_) engine->binary_identities_ = BinaryPskIdentities(ssl);
  // OpenSSL ends a handshake that offers a session there.
  if (engine->first_context_->session_id_context().empty() &&
      (SSL_get_verify_mode(ssl) & SSL_VERIFY_PEER) != 0) {
    SSL_set_options(ssl, SSL_OP_NO_TICKET);
    return SSL_CLIENT_HELLO_SUCCESS;
  }
  if (!engine->session_lookup_ || engine->session_answered_) return SSL_CLIENT_HELLO_SUCCESS;
  const Bytes id = OfferedSessionId(ssl);
  if (id.empty()) return SSL_CLIENT_HELLO_SUCCESS;
  engine->session_answered_ = true;
  engine->Ask({Type::kSessionLookup, {}, id.Copy(), false});
  return SSL_CLIENT_HELLO_RETRY;
}

// The acknowledgement has OpenSSL store the name with the session; only a session of a pre-shared
// key, which counts as a resumed one, is left without.
int EngineCallbacks::OnServername(SSL* ssl, int* alert, void*) {
  const std::string& servername = EngineOf(ssl)->requested_servername_;
  SSL_SESSION* session = SSL_get_session(ssl);
  if (servername.empty() || session == nullptr || SSL_SESSION_get0_hostname(session) != nullptr) {
    return SSL_TLSEXT_ERR_OK;
  }
  if (SSL_SESSION_set1_hostname(session, servername.c_str()) == 1) return SSL_TLSEXT_ERR_OK;
  *alert = SSL_AD_INTERNAL_ERROR;
  return SSL_TLSEXT_ERR_ALERT_FATAL;
}

SSL_TICKET_RETURN EngineCallbacks::OnTicketOpened(SSL* ssl, SSL_SESSION* session,
                                                  const unsigned char*, size_t,
                                                  SSL_TICKET_STATUS status, void*) {
  const bool opened = status == SSL_TICKET_SUCCESS || status == SSL_TICKET_SUCCESS_RENEW;
  if (!opened || !IsOfSameServer(session, EngineOf(ssl)->requested_servername_)) {
    return SSL_TICKET_RETURN_IGNORE_RENEW;
  }
  return status == SSL_TICKET_SUCCESS_RENEW ? SSL_TICKET_RETURN_USE_RENEW : SSL_TICKET_RETURN_USE;
}

int EngineCallbacks::OnCertificate(SSL* ssl, void*) {
  Engine* engine = EngineOf(ssl);
  if (!engine->certificate_question_ || engine->certificate_answered_) return 1;
  engine->certificate_answered_ = true;
  const char* name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
  std::vector<uint8_t> servername;
  if (name != nullptr) servername.assign(name, name + strlen(name));
  const bool wants_ocsp = SSL_get_tlsext_status_type(ssl) == TLSEXT_STATUSTYPE_ocsp;
  engine->Ask({Type::kCertificate, {}, std::move(servername), wants_ocsp});
  return -1;
}

// Verification never ends a handshake here: JavaScript reads the result (SSL_get_verify_result)
// and decides, before any plaintext is delivered.
int EngineCallbacks::OnVerify(int, X509_STORE_CTX*) { return 1; }

int EngineCallbacks::OnOcspStatus(SSL* ssl, void*) {
  Engine* engine = EngineOf(ssl);
  if (engine->role_ == Engine::Role::kClient) {
    if (!engine->ocsp_requested_) return 1;
    const unsigned char* data = nullptr;
    const long size = SSL_get_tlsext_status_ocsp_resp(ssl, &data);  // NOLINT(runtime/int)
    std::vector<uint8_t> response;
    if (data != nullptr && size > 0) response.assign(data, data + size);
    engine->events_.push_back({Type::kOcspResponse, std::move(response), {}, data != nullptr});
    return 1;
  }
  if (engine->ocsp_response_.empty()) return SSL_TLSEXT_ERR_NOACK;
  // OpenSSL frees what it is given here, with its own allocator.
  const std::vector<uint8_t>& response = engine->ocsp_response_;
  void* copy = OPENSSL_memdup(response.data(), response.size());
  if (copy == nullptr) return SSL_TLSEXT_ERR_ALERT_FATAL;
  SSL_set_tlsext_status_ocsp_resp(ssl, copy, response.size());
  return SSL_TLSEXT_ERR_OK;
}

int EngineCallbacks::OnAlpnSelect(SSL* ssl, const unsigned char** out, unsigned char* out_size,
                                  const unsigned char* offered, unsigned int offered_size, void*) {
  Engine* engine = EngineOf(ssl);
  if (engine->alpn_callback_) {
    Bytes selected;
    switch (engine->host_->SelectAlpn({offered, offered_size}, &selected)) {
      case EngineHost::AlpnChoice::kFatal:
        return SSL_TLSEXT_ERR_ALERT_FATAL;
      case EngineHost::AlpnChoice::kNone:
        return SSL_TLSEXT_ERR_NOACK;
      case EngineHost::AlpnChoice::kSelected:
        *out = selected.data;
        *out_size = static_cast<unsigned char>(selected.size);
        return SSL_TLSEXT_ERR_OK;
    }
  }
  const std::vector<uint8_t>& ours = engine->alpn_protocols_;
  if (ours.empty()) return SSL_TLSEXT_ERR_NOACK;
  unsigned char* selected = nullptr;
  const int result =
      SSL_select_next_proto(&selected, out_size, ours.data(),
                            static_cast<unsigned int>(ours.size()), offered, offered_size);
  *out = selected;
  // RFC 7301, 3.2: no protocol in common ends the handshake.
  return result == OPENSSL_NPN_NEGOTIATED ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_ALERT_FATAL;
}

int EngineCallbacks::OnNewSession(SSL* ssl, SSL_SESSION* session) {
  Engine* engine = EngineOf(ssl);
  if (!engine->session_events_) return 0;
  std::vector<uint8_t> der = openssl::ToDer(session);
  if (der.empty()) return 0;
  unsigned int id_size = 0;
  const unsigned char* id = SSL_SESSION_get_id(session, &id_size);
  Event event{Type::kSession, std::move(der), {id, id + id_size}, false};
  if (engine->role_ == Engine::Role::kClient) {
    // A copy: a failure of this connection would make its own session useless for others.
    event.session.reset(SSL_SESSION_dup(session));
    engine->events_.push_back(std::move(event));
  } else {
    event.type = Type::kNewSession;
    engine->Ask(std::move(event));
  }
  return 0;  // no reference was kept
}

SSL_SESSION* EngineCallbacks::OnGetSession(SSL* ssl, const unsigned char* id, int id_size,
                                           int* copy) {
  *copy = 0;  // the reference goes to OpenSSL
  Engine* engine = EngineOf(ssl);
  SSL_SESSION* session = engine->provided_session_.get();
  if (session == nullptr || !IsOfSameServer(session, engine->requested_servername_)) return nullptr;
  unsigned int size = 0;
  const unsigned char* provided = SSL_SESSION_get_id(session, &size);
  if (size != static_cast<unsigned int>(id_size) || memcmp(provided, id, size) != 0) return nullptr;
  return engine->provided_session_.release();
}

unsigned int EngineCallbacks::OnPskClient(SSL* ssl, const char* hint, char* identity,
                                          unsigned int max_identity, unsigned char* psk,
                                          unsigned int max_psk) {
  auto answer = EngineOf(ssl)->host_->PskForServer(hint, max_identity, max_psk);
  if (!answer) return 0;
  const openssl::CleanseOnReturn cleanse(&answer->psk);
  if (answer->psk.empty()) return 0;
  if (answer->identity.size() > max_identity || answer->psk.size() > max_psk) return 0;
  // OpenSSL gives max_identity + 1 bytes (SSL_set_psk_client_callback).
  memcpy(identity, answer->identity.c_str(), answer->identity.size() + 1);
  memcpy(psk, answer->psk.data(), answer->psk.size());
  return static_cast<unsigned int>(answer->psk.size());
}

unsigned int EngineCallbacks::OnPskServer(SSL* ssl, const char* identity, unsigned char* psk,
                                          unsigned int max_psk) {
  Engine* engine = EngineOf(ssl);
  if (!IsUtf8(identity) || engine->binary_identities_.count(identity) > 0) return 0;
  auto answer = engine->host_->PskForClient(identity, max_psk);
  if (!answer) return 0;
  const openssl::CleanseOnReturn cleanse(&*answer);
  if (answer->empty() || answer->size() > max_psk) return 0;
  memcpy(psk, answer->data(), answer->size());
  return static_cast<unsigned int>(answer->size());
}

}  // namespace napi_tls::tls
