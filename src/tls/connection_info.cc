#include "tls/connection_info.h"

#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/obj_mac.h>
#include <openssl/objects.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "openssl/der.h"

namespace napi_tls::tls {

namespace {

using openssl::ClearErrorOnReturn;
using openssl::Owned;
using openssl::X509Pointer;

std::string OrEmpty(const char* text) { return text == nullptr ? "" : text; }

Octets ReadFinished(const SSL* ssl, size_t (*get)(const SSL*, void*, size_t)) {
  uint8_t none[1];
  const size_t size = get(ssl, none, sizeof(none));
  Octets finished(size);
  if (size > 0) get(ssl, finished.data(), size);
  return finished;
}

const char* VerifyCode(long error) {  // NOLINT(runtime/int)
#define CASE(CODE)        \
  case X509_V_ERR_##CODE: \
    return #CODE;
  switch (error) {
    CASE(UNABLE_TO_GET_ISSUER_CERT)
    CASE(UNABLE_TO_GET_CRL)
    CASE(UNABLE_TO_DECRYPT_CERT_SIGNATURE)
    CASE(UNABLE_TO_DECRYPT_CRL_SIGNATURE)
    CASE(UNABLE_TO_DECODE_ISSUER_PUBLIC_KEY)
    CASE(CERT_SIGNATURE_FAILURE)
    CASE(CRL_SIGNATURE_FAILURE)
    CASE(CERT_NOT_YET_VALID)
    CASE(CERT_HAS_EXPIRED)
    CASE(CRL_NOT_YET_VALID)
    CASE(CRL_HAS_EXPIRED)
    CASE(ERROR_IN_CERT_NOT_BEFORE_FIELD)
    CASE(ERROR_IN_CERT_NOT_AFTER_FIELD)
    CASE(ERROR_IN_CRL_LAST_UPDATE_FIELD)
    CASE(ERROR_IN_CRL_NEXT_UPDATE_FIELD)
    CASE(OUT_OF_MEM)
    CASE(DEPTH_ZERO_SELF_SIGNED_CERT)
    CASE(SELF_SIGNED_CERT_IN_CHAIN)
    CASE(UNABLE_TO_GET_ISSUER_CERT_LOCALLY)
    CASE(UNABLE_TO_VERIFY_LEAF_SIGNATURE)
    CASE(CERT_CHAIN_TOO_LONG)
    CASE(CERT_REVOKED)
    CASE(INVALID_CA)
    CASE(PATH_LENGTH_EXCEEDED)
    CASE(INVALID_PURPOSE)
    CASE(CERT_UNTRUSTED)
    CASE(CERT_REJECTED)
    CASE(HOSTNAME_MISMATCH)
    default:
      return "UNSPECIFIED";
  }
#undef CASE
}

bool IsSimpleName(const ASN1_STRING* text) {
  const unsigned char* data = ASN1_STRING_get0_data(text);
  return std::all_of(data, data + ASN1_STRING_length(text), [](unsigned char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_' || c == '.' || c == '*';
  });
}

void AppendText(std::string* out, const ASN1_STRING* text) {
  out->append(reinterpret_cast<const char*>(ASN1_STRING_get0_data(text)), ASN1_STRING_length(text));
}

// IPv4 only: the text of an IPv6 address has more than one form.
bool AppendAddress(std::string* out, const ASN1_OCTET_STRING* address) {
  if (ASN1_STRING_length(address) != 4) return false;
  const unsigned char* ip = ASN1_STRING_get0_data(address);
  out->append("IP Address:").append(std::to_string(ip[0]));
  for (int i = 1; i < 4; ++i) out->append(".").append(std::to_string(ip[i]));
  return true;
}

bool AppendName(std::string* out, const GENERAL_NAME* name) {
  if (!out->empty()) out->append(", ");
  if (name->type == GEN_IPADD) return AppendAddress(out, name->d.iPAddress);
  if (name->type != GEN_DNS || !IsSimpleName(name->d.dNSName)) return false;
  out->append("DNS:");
  AppendText(out, name->d.dNSName);
  return true;
}

// Where the server has sent no key: it encapsulates for ML-KEM and the hybrids with it, and a
// resumed session of TLS 1.2 knows only which group there was.
EphemeralKeyInfo KeyOfGroup(SSL* ssl) {
  // Without a session OpenSSL would follow a null pointer.
  if (SSL_get_session(ssl) == nullptr) return {};
  const int group = static_cast<int>(SSL_get_negotiated_group(ssl));
  const char* name = group == 0 ? nullptr : SSL_group_to_name(ssl, group);
  if (name == nullptr) return {};
  return {"TLSGroup", name, 0};
}

}  // namespace

std::optional<CipherInfo> Cipher(const Engine& engine) {
  const SSL_CIPHER* cipher = SSL_get_current_cipher(engine.ssl());
  if (cipher == nullptr) return std::nullopt;
  return CipherInfo{OrEmpty(SSL_CIPHER_get_name(cipher)), OrEmpty(SSL_CIPHER_standard_name(cipher)),
                    OrEmpty(SSL_CIPHER_get_version(cipher))};
}

EphemeralKeyInfo EphemeralKey(const Engine& engine) {
  ClearErrorOnReturn clear;
  EVP_PKEY* raw = nullptr;
  if (SSL_get_peer_tmp_key(engine.ssl(), &raw) != 1) return KeyOfGroup(engine.ssl());
  openssl::EVPKeyPointer key(raw);
  const int id = EVP_PKEY_get_id(raw);
  switch (id) {
    case EVP_PKEY_DH:
      return {"DH", "", EVP_PKEY_get_bits(raw)};
    case EVP_PKEY_EC: {
      char group[80];
      size_t size = 0;
      if (EVP_PKEY_get_group_name(raw, group, sizeof(group), &size) != 1) size = 0;
      return {"ECDH", std::string(group, size), EVP_PKEY_get_bits(raw)};
    }
    case EVP_PKEY_X25519:
    case EVP_PKEY_X448:
      return {"ECDH", OBJ_nid2sn(id), EVP_PKEY_get_bits(raw)};
    default:
      return {};
  }
}

int EphemeralDHSize(const Engine& engine) {
  ClearErrorOnReturn clear;
  EVP_PKEY* raw = nullptr;
  if (SSL_get_peer_tmp_key(engine.ssl(), &raw) != 1) return 0;
  openssl::EVPKeyPointer key(raw);
  return EVP_PKEY_get_id(raw) == EVP_PKEY_DH ? EVP_PKEY_get_bits(raw) : 0;
}

std::optional<VerifyError> VerifyPeer(const Engine& engine) {
  SSL* ssl = engine.ssl();
  long error = X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT;  // NOLINT(runtime/int)
  if (SSL_get0_peer_certificate(ssl) != nullptr) {
    error = SSL_get_verify_result(ssl);
  } else if (engine.role() == Engine::Role::kClient) {
    // A pre-shared key stands for a server, and a resumed TLS 1.3 session is one too. For a client
    // that is asked for a certificate it does not: its session may be from where nobody asked.
    const SSL_CIPHER* cipher = SSL_get_current_cipher(ssl);
    const SSL_SESSION* session = SSL_get_session(ssl);
    const bool psk_cipher = cipher != nullptr && SSL_CIPHER_get_auth_nid(cipher) == NID_auth_psk;
    const bool tls13_psk = session != nullptr && SSL_session_reused(ssl) == 1 &&
                           SSL_SESSION_get_protocol_version(session) == TLS1_3_VERSION;
    if (psk_cipher || tls13_psk) error = X509_V_OK;
  }
  if (error == X509_V_OK) return std::nullopt;
  return VerifyError{VerifyCode(error), X509_verify_cert_error_string(error)};
}

std::string Protocol(const Engine& engine) { return SSL_get_version(engine.ssl()); }

std::optional<std::string> AlpnProtocol(const Engine& engine) {
  const unsigned char* name = nullptr;
  unsigned int size = 0;
  SSL_get0_alpn_selected(engine.ssl(), &name, &size);
  if (size == 0) return std::nullopt;
  return std::string(reinterpret_cast<const char*>(name), size);
}

std::optional<std::string> Servername(const Engine& engine) {
  const char* name = SSL_get_servername(engine.ssl(), TLSEXT_NAMETYPE_host_name);
  if (name == nullptr) return std::nullopt;
  return name;
}

std::vector<std::string> SharedSigalgs(const Engine& engine) {
  SSL* ssl = engine.ssl();
  std::vector<std::string> algorithms;
  const int count = SSL_get_shared_sigalgs(ssl, 0, nullptr, nullptr, nullptr, nullptr, nullptr);
  for (int i = 0; i < count; ++i) {
    int sign = 0;
    int hash = 0;
    SSL_get_shared_sigalgs(ssl, i, &sign, &hash, nullptr, nullptr, nullptr);
    std::string name;
    switch (sign) {
      case EVP_PKEY_RSA:
        name = "RSA";
        break;
      case EVP_PKEY_RSA_PSS:
        name = "RSA-PSS";
        break;
      case EVP_PKEY_DSA:
        name = "DSA";
        break;
      case EVP_PKEY_EC:
        name = "ECDSA";
        break;
      case NID_ED25519:
        name = "Ed25519";
        break;
      case NID_ED448:
        name = "Ed448";
        break;
      default:
        name = OrEmpty(OBJ_nid2sn(sign));
    }
    const std::string digest = hash == NID_undef ? "UNDEF" : OrEmpty(OBJ_nid2sn(hash));
    algorithms.push_back(name.append("+").append(digest));
  }
  return algorithms;
}

Octets Finished(const Engine& engine) { return ReadFinished(engine.ssl(), SSL_get_finished); }

Octets PeerFinished(const Engine& engine) {
  return ReadFinished(engine.ssl(), SSL_get_peer_finished);
}

Octets Session(const Engine& engine) {
  ClearErrorOnReturn clear;
  return openssl::ToDer(SSL_get_session(engine.ssl()));
}

Octets Ticket(const Engine& engine) {
  SSL_SESSION* session = SSL_get_session(engine.ssl());
  if (session == nullptr) return {};
  const unsigned char* ticket = nullptr;
  size_t size = 0;
  SSL_SESSION_get0_ticket(session, &ticket, &size);
  return ticket == nullptr ? Octets{} : Octets{ticket, ticket + size};
}

bool SessionReused(const Engine& engine) { return SSL_session_reused(engine.ssl()) == 1; }

Octets Certificate(const Engine& engine) {
  return openssl::ToDer(SSL_get_certificate(engine.ssl()));
}

std::vector<Octets> PeerCertificates(const Engine& engine, bool with_issuers) {
  ClearErrorOnReturn clear;
  SSL* ssl = engine.ssl();
  X509Pointer certificate(SSL_get1_peer_certificate(ssl));
  if (!certificate) return {};
  std::vector<Octets> found{openssl::ToDer(certificate.get())};
  if (!with_issuers) return found;

  // The peer may send its chain in any order (RFC 8446, 4.4.2), and each certificate serves once.
  std::vector<X509*> sent;
  STACK_OF(X509)* chain = SSL_get_peer_cert_chain(ssl);
  const int count = sk_X509_num(chain);
  if (count > 0) sent.reserve(static_cast<size_t>(count));
  for (int i = 0; i < count; ++i) sent.push_back(sk_X509_value(chain, i));
  const auto is_issuer = [&certificate](X509* candidate) {
    return X509_check_issued(candidate, certificate.get()) == X509_V_OK;
  };
  const auto self_signed = [&certificate] {
    return X509_check_issued(certificate.get(), certificate.get()) == X509_V_OK;
  };
  while (!self_signed()) {
    const auto issuer = std::find_if(sent.begin(), sent.end(), is_issuer);
    if (issuer == sent.end()) break;
    X509_up_ref(*issuer);
    certificate.reset(*issuer);
    sent.erase(issuer);
    found.push_back(openssl::ToDer(certificate.get()));
  }
  Owned<X509_STORE_CTX, X509_STORE_CTX_free> lookup(X509_STORE_CTX_new());
  X509_STORE* store = SSL_CTX_get_cert_store(SSL_get_SSL_CTX(ssl));
  if (!lookup || X509_STORE_CTX_init(lookup.get(), store, nullptr, nullptr) != 1) return found;
  constexpr size_t kMaxDepth = 100;  // as deep as OpenSSL itself verifies
  while (!self_signed() && found.size() < kMaxDepth) {
    X509* issuer = nullptr;
    if (X509_STORE_CTX_get1_issuer(&issuer, lookup.get(), certificate.get()) <= 0) break;
    X509Pointer next(issuer);
    // Without memory, self_signed() does not know.
    if (X509_cmp(issuer, certificate.get()) == 0) break;
    certificate = std::move(next);
    found.push_back(openssl::ToDer(issuer));
  }
  return found;
}

std::vector<Octets> PeerChain(const Engine& engine) {
  X509* certificate = SSL_get0_peer_certificate(engine.ssl());
  if (certificate == nullptr) return {};
  std::vector<Octets> sent{openssl::ToDer(certificate)};
  STACK_OF(X509)* chain = SSL_get_peer_cert_chain(engine.ssl());
  // A client's chain begins with the certificate itself, a server's does not.
  for (int i = engine.role() == Engine::Role::kClient ? 1 : 0; i < sk_X509_num(chain); ++i) {
    sent.push_back(openssl::ToDer(sk_X509_value(chain, i)));
  }
  return sent;
}

std::optional<PeerNames> SimplePeerNames(const Engine& engine) {
  ClearErrorOnReturn clear;
  X509* certificate = SSL_get0_peer_certificate(engine.ssl());
  if (certificate == nullptr) return std::nullopt;
  PeerNames names;
  int critical = 0;
  Owned<GENERAL_NAMES, GENERAL_NAMES_free> alt_names(static_cast<GENERAL_NAMES*>(
      X509_get_ext_d2i(certificate, NID_subject_alt_name, &critical, nullptr)));
  // -1: there is no such extension; anything else with no value is one that does not parse.
  if (!alt_names && critical != -1) return std::nullopt;
  for (int i = 0; alt_names && i < sk_GENERAL_NAME_num(alt_names.get()); ++i) {
    if (!AppendName(&names.subject_alt_name, sk_GENERAL_NAME_value(alt_names.get(), i))) {
      return std::nullopt;
    }
  }
  X509_NAME* subject = X509_get_subject_name(certificate);
  const int index = X509_NAME_get_index_by_NID(subject, NID_commonName, -1);
  if (index < 0) return names;
  if (X509_NAME_get_index_by_NID(subject, NID_commonName, index) >= 0) return std::nullopt;
  const ASN1_STRING* text = X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, index));
  const int type = ASN1_STRING_type(text);
  if ((type != V_ASN1_UTF8STRING && type != V_ASN1_PRINTABLESTRING) || !IsSimpleName(text)) {
    // The common name counts only where there is no alternative name.
    if (!alt_names) return std::nullopt;
  } else {
    AppendText(&names.common_name, text);
  }
  return names;
}

openssl::Result<Octets> ExportKeyingMaterial(const Engine& engine, size_t length,
                                             const std::string& label, const Bytes* context) {
  ClearErrorOnReturn clear;
  Octets material(length);
  const uint8_t none = 0;
  const Bytes bytes = context == nullptr || context->data == nullptr ? Bytes{&none, 0} : *context;
  if (SSL_export_keying_material(engine.ssl(), material.data(), length, label.data(), label.size(),
                                 bytes.data, bytes.size, context != nullptr) != 1) {
    return Error::FromQueue("SSL_export_keying_material");
  }
  return material;
}

}  // namespace napi_tls::tls
