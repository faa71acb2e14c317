#include "tls/context.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/obj_mac.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <climits>
#include <cstring>

#include "openssl/certificate_compression.h"
#include "openssl/engine_keys.h"
#include "openssl/read_pem.h"
#include "openssl/read_pkcs12.h"
#include "tls/engine.h"
#include "tls/protocol.h"
#include "tls/root_store.h"

namespace napi_tls::tls {

using openssl::ClearErrorOnReturn;
using openssl::Ok;
using openssl::X509Pointer;

namespace {

// Node refuses finite-field groups below the first size and warns of those below the second.
constexpr int kMinDHBits = 1024;
constexpr int kRecommendedDHBits = 2048;

X509Pointer Share(X509* certificate) {
  if (certificate != nullptr) X509_up_ref(certificate);
  return X509Pointer(certificate);
}

Error UnknownVersion() { return Error::Invalid("ERR_INVALID_ARG_VALUE", "Not a version of TLS"); }

}  // namespace

openssl::Result<std::shared_ptr<Context>> Context::Create(
    std::optional<std::string_view> secure_protocol, int min_version, int max_version) {
  ClearErrorOnReturn clear;
  ProtocolMethod protocol{TLS_method(), min_version, max_version};
  if (secure_protocol) {
    openssl::Result<ProtocolMethod> found = FindProtocol(*secure_protocol);
    if (!found.ok()) return std::move(found.error());
    protocol = found.value();
  }
  openssl::SSLCtxPointer owned(SSL_CTX_new(protocol.method));
  SSL_CTX* ctx = owned.get();
  if (ctx == nullptr || !TicketKeys::Install(ctx)) return Error::FromQueue("SSL_CTX_new");

  // Node permits renegotiation and counts it (tls.CLIENT_RENEG_LIMIT).
  SSL_CTX_set_options(ctx, SSL_OP_NO_SSLv3 | SSL_OP_ALLOW_CLIENT_RENEGOTIATION);
  SSL_CTX_set_mode(ctx, SSL_MODE_RELEASE_BUFFERS);
  // Sessions are stored by the application ('newSession', 'resumeSession').
  SSL_CTX_set_session_cache_mode(
      ctx, SSL_SESS_CACHE_BOTH | SSL_SESS_CACHE_NO_INTERNAL | SSL_SESS_CACHE_NO_AUTO_CLEAR);
  // No maximum is TLS 1.3, not what a later OpenSSL may know.
  const int max = protocol.max_version == 0 ? TLS1_3_VERSION : protocol.max_version;
  if (SSL_CTX_set_min_proto_version(ctx, protocol.min_version.value_or(min_version)) != 1 ||
      SSL_CTX_set_max_proto_version(ctx, max) != 1) {
    return UnknownVersion();
  }
  // OpenSSL would offer every algorithm that it has; Node, those that are asked for.
  openssl::SetCertificateCompression(ctx, {});
  Engine::InstallCallbacks(ctx);
  return std::shared_ptr<Context>(new Context(std::move(owned)));
}

int Context::min_version() const {
  return static_cast<int>(SSL_CTX_get_min_proto_version(ctx_.get()));
}

int Context::max_version() const {
  return static_cast<int>(SSL_CTX_get_max_proto_version(ctx_.get()));
}

Status Context::SetMinVersion(int version) {
  ClearErrorOnReturn clear;
  if (SSL_CTX_set_min_proto_version(ctx_.get(), version) == 1) return Ok();
  return UnknownVersion();
}

Status Context::SetMaxVersion(int version) {
  ClearErrorOnReturn clear;
  if (SSL_CTX_set_max_proto_version(ctx_.get(), version) == 1) return Ok();
  return UnknownVersion();
}

void Context::SetOptions(uint64_t options) { SSL_CTX_set_options(ctx_.get(), options); }

Status Context::SetCiphers(const char* list) {
  ClearErrorOnReturn clear;
  if (SSL_CTX_set_cipher_list(ctx_.get(), list) == 1) return Ok();
  // The list is empty when only TLS 1.3 is wanted; OpenSSL has then emptied it before it complains.
  if (*list == '\0') return Ok();
  return Error::FromQueue("Failed to set ciphers");
}

Status Context::SetCipherSuites(const char* list) {
  ClearErrorOnReturn clear;
  if (SSL_CTX_set_ciphersuites(ctx_.get(), list) == 1) return Ok();
  return Error::FromQueue("Failed to set ciphers");
}

Status Context::SetSignatureAlgorithms(const char* list) {
  ClearErrorOnReturn clear;
  if (SSL_CTX_set1_sigalgs_list(ctx_.get(), list) == 1) return Ok();
  return Error::FromQueue(nullptr);
}

Status Context::SetGroups(const char* list) {
  ClearErrorOnReturn clear;
  if (strcmp(list, "auto") == 0) return Ok();
  if (SSL_CTX_set1_groups_list(ctx_.get(), list) == 1) return Ok();
  return Error::Operation("Failed to set ECDH curve");
}

Status Context::SetCertificateCompression(std::vector<int> algorithms) {
  ClearErrorOnReturn clear;
  if (openssl::SetCertificateCompression(ctx_.get(), std::move(algorithms))) return Ok();
  return Error::Operation("Failed to set certificate compression preference");
}

void Context::CompressCertificates() {
  ClearErrorOnReturn clear;
  openssl::CompressCertificates(ctx_.get());
}

void Context::SetDHAuto() { SSL_CTX_set_dh_auto(ctx_.get(), 1); }

openssl::Result<std::optional<std::string>> Context::SetDHParams(Bytes pem) {
  ClearErrorOnReturn clear;
  openssl::DHParamsPointer params = openssl::ReadDHParams(pem);
  if (!params) return std::optional<std::string>();
  const int bits = EVP_PKEY_get_bits(params.get());
  if (bits < kMinDHBits) {
    return Error::Invalid("ERR_INVALID_ARG_VALUE", "DH parameter is less than 1024 bits");
  }
  if (SSL_CTX_set0_tmp_dh_pkey(ctx_.get(), params.get()) != 1) {
    return Error::Operation("Error setting temp DH parameter");
  }
  static_cast<void>(params.release());
  if (bits >= kRecommendedDHBits) return std::optional<std::string>();
  return std::optional<std::string>("DH parameter is less than 2048 bits");
}

Status Context::SetSessionIdContext(Bytes id) {
  ClearErrorOnReturn clear;
  const auto size = static_cast<unsigned int>(std::min<size_t>(id.size, UINT_MAX));
  if (SSL_CTX_set_session_id_context(ctx_.get(), id.data, size) == 1) {
    session_id_context_ = id.Copy();
    return Ok();
  }
  Error error = Error::Printed("SSL_CTX_set_session_id_context error");
  error.type = Error::Type::kTypeError;
  return error;
}

void Context::SetSessionTimeout(uint32_t seconds) {
  SSL_CTX_set_timeout(ctx_.get(), static_cast<long>(seconds));  // NOLINT(runtime/int)
}

// --- Identity.

Status Context::SetCertificateChain(Bytes pem) {
  ClearErrorOnReturn clear;
  openssl::Result<std::vector<X509Pointer>> chain = openssl::ReadCertificateChain(pem);
  if (!chain.ok()) return std::move(chain.error());
  return UseCertificate(std::move(chain.value()));
}

Status Context::UseCertificate(std::vector<X509Pointer> chain) {
  ClearErrorOnReturn clear;
  constexpr const char* kFallback = "SSL_CTX_use_certificate_chain";
  X509Pointer leaf = std::move(chain.front());
  if (SSL_CTX_use_certificate(ctx_.get(), leaf.get()) != 1) return Error::FromQueue(kFallback);
  SSL_CTX_clear_chain_certs(ctx_.get());
  X509Pointer issuer;
  for (size_t i = 1; i < chain.size(); i++) {
    if (SSL_CTX_add1_chain_cert(ctx_.get(), chain[i].get()) != 1) {
      return Error::FromQueue(kFallback);
    }
    if (!issuer && X509_check_issued(chain[i].get(), leaf.get()) == X509_V_OK) {
      issuer = std::move(chain[i]);
    }
  }
  certificate_ = std::move(leaf);
  issuer_ = issuer ? std::move(issuer) : FindIssuer();
  return Ok();
}

X509Pointer Context::FindIssuer() const {
  openssl::Owned<X509_STORE_CTX, X509_STORE_CTX_free> search(X509_STORE_CTX_new());
  X509* issuer = nullptr;
  if (search &&
      X509_STORE_CTX_init(search.get(), SSL_CTX_get_cert_store(ctx_.get()), nullptr, nullptr) &&
      X509_STORE_CTX_get1_issuer(&issuer, search.get(), certificate_.get()) == 1) {
    return X509Pointer(issuer);
  }
  return nullptr;
}

Status Context::SetPrivateKey(Bytes pem, std::optional<Bytes> passphrase) {
  ClearErrorOnReturn clear;
  openssl::Result<openssl::EVPKeyPointer> key = openssl::ReadPrivateKey(pem, passphrase);
  if (!key.ok()) return std::move(key.error());
  if (SSL_CTX_use_PrivateKey(ctx_.get(), key.value().get()) == 1) return Ok();
  return Error::FromQueue("SSL_CTX_use_PrivateKey");
}

Status Context::LoadPKCS12(Bytes der, std::optional<Bytes> passphrase) {
  ClearErrorOnReturn clear;
  openssl::Result<openssl::PKCS12Contents> read = openssl::ReadPKCS12(der, passphrase);
  if (!read.ok()) return std::move(read.error());
  openssl::PKCS12Contents& contents = read.value();
  std::vector<X509Pointer> chain;
  chain.push_back(std::move(contents.certificate));
  for (const X509Pointer& other : contents.others) chain.push_back(Share(other.get()));
  Status status = UseCertificate(std::move(chain));
  if (!status.ok()) return status;
  if (SSL_CTX_use_PrivateKey(ctx_.get(), contents.key.get()) != 1) {
    return Error::Reason("Unable to load PFX certificate");
  }
  for (const X509Pointer& other : contents.others) {
    status = AddTrust(other.get());
    if (!status.ok()) return status;
  }
  return Ok();
}

Status Context::SetEngineKey(const char* key_id, const char* engine_id) {
  ClearErrorOnReturn clear;
  openssl::Result<openssl::EngineUse> use = openssl::UseEngineKey(ctx_.get(), key_id, engine_id);
  if (!use.ok()) return std::move(use.error());
  key_engine_ = std::move(use.value());
  return Ok();
}

Status Context::SetClientCertEngine(const char* engine_id) {
  ClearErrorOnReturn clear;
  return openssl::UseClientCertEngine(ctx_.get(), engine_id);
}

bool Context::SignsSlowly() const {
  // An ENGINE may not expect other threads.
  const EVP_PKEY* key = SSL_CTX_get0_privatekey(ctx_.get());
  if (key == nullptr || key_engine_.any()) return false;
  if (EVP_PKEY_is_a(key, "ED25519")) return false;
  // OpenSSL has fast code for this curve, and for few others.
  char group[32] = "";
  const bool has_group = EVP_PKEY_get_group_name(key, group, sizeof(group), nullptr) == 1;
  return !has_group || strcmp(group, SN_X9_62_prime256v1) != 0;
}

// --- Trust.

X509_STORE* Context::OwnStore() {
  X509_STORE* current = SSL_CTX_get_cert_store(ctx_.get());
  store_is_changed_ = true;
  if (!store_is_shared_) return current;
  openssl::X509StorePointer copy(X509_STORE_new());
  if (!copy || !AddStore(copy.get(), current)) return nullptr;
  SSL_CTX_set_cert_store(ctx_.get(), copy.release());
  store_is_shared_ = false;
  return SSL_CTX_get_cert_store(ctx_.get());
}

Status Context::UseRoots(X509_STORE* roots) {
  ClearErrorOnReturn clear;
  roots_wanted_ = false;
  if (store_is_changed_) {
    if (!AddStore(OwnStore(), roots)) return Error::FromQueue("X509_STORE_add_cert");
  } else {
    SSL_CTX_set1_cert_store(ctx_.get(), roots);
    store_is_shared_ = true;
  }
  if (certificate_ && !issuer_) issuer_ = FindIssuer();
  return Ok();
}

Status Context::AddTrust(X509* certificate) {
  X509_STORE* store = OwnStore();
  if (store == nullptr || X509_STORE_add_cert(store, certificate) != 1 ||
      SSL_CTX_add_client_CA(ctx_.get(), certificate) != 1) {
    return Error::FromQueue("X509_STORE_add_cert");
  }
  return Ok();
}

Status Context::AddCACertificates(Bytes pem) {
  ClearErrorOnReturn clear;
  // Junk still means that nothing else is trusted.
  has_authorities_ = true;
  if (OwnStore() == nullptr) return Error::FromQueue("X509_STORE_new");
  for (const X509Pointer& certificate : openssl::ReadCertificates(pem)) {
    Status status = AddTrust(certificate.get());
    if (!status.ok()) return status;
  }
  return Ok();
}

Status Context::AddCRLs(Bytes pem) {
  ClearErrorOnReturn clear;
  const std::vector<openssl::X509CrlPointer> crls = openssl::ReadCRLs(pem);
  if (crls.empty()) return Error::Operation("Failed to parse CRL");
  X509_STORE* store = OwnStore();
  if (store == nullptr) return Error::FromQueue("X509_STORE_new");
  for (const openssl::X509CrlPointer& crl : crls) {
    if (X509_STORE_add_crl(store, crl.get()) != 1) return Error::FromQueue("X509_STORE_add_crl");
  }
  X509_STORE_set_flags(store, X509_V_FLAG_CRL_CHECK | X509_V_FLAG_CRL_CHECK_ALL);
  return Ok();
}

Status Context::AllowPartialTrustChain() {
  X509_STORE* store = OwnStore();
  if (store == nullptr) return Error::FromQueue("X509_STORE_new");
  X509_STORE_set_flags(store, X509_V_FLAG_PARTIAL_CHAIN);
  return Ok();
}

}  // namespace napi_tls::tls
