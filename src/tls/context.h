#ifndef SRC_TLS_CONTEXT_H_
#define SRC_TLS_CONTEXT_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <shared_mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "openssl/bytes.h"
#include "openssl/engine_keys.h"
#include "openssl/error.h"
#include "openssl/owned.h"
#include "tls/ticket_keys.h"

namespace napi_tls::tls {

// An SSL_CTX with the certificates, keys and policy of a SecureContext.
// Invariants: ssl_ctx() is never null, and Engine::InstallCallbacks() has been called on it. A
// store of default roots that the SSL_CTX has is shared with other contexts and never changed.
// Shared by the JavaScript object and every Engine made from it; configured from one thread, which
// holds mutex() where handshakes may run on others (they share it).
class Context {
 public:
  using Bytes = openssl::Bytes;
  using Status = openssl::Status;

  // `secure_protocol` is a name from OpenSSL's SSL_METHODS and overrides the versions
  // (0: no limit).
  static openssl::Result<std::shared_ptr<Context>> Create(
      std::optional<std::string_view> secure_protocol, int min_version, int max_version);

  SSL_CTX* ssl_ctx() const { return ctx_.get(); }
  std::shared_mutex& mutex() { return mutex_; }
  X509* certificate() const { return certificate_.get(); }
  X509* issuer() const { return issuer_.get(); }

  // --- Protocol.
  int min_version() const;
  int max_version() const;
  // 0: no limit.
  Status SetMinVersion(int version);
  Status SetMaxVersion(int version);
  void SetOptions(uint64_t options);
  Status SetCiphers(const char* list);       // TLS 1.2 and below; "" for none
  Status SetCipherSuites(const char* list);  // TLS 1.3
  Status SetSignatureAlgorithms(const char* list);
  Status SetGroups(const char* list);                             // "auto": OpenSSL's default
  Status SetCertificateCompression(std::vector<int> algorithms);  // RFC 8879, 7.3
  // To be called when all certificates and the algorithms are set.
  void CompressCertificates();
  void SetDHAuto();
  // Parameters in PEM. Junk switches DHE off; the value is a warning, if there is one to give.
  openssl::Result<std::optional<std::string>> SetDHParams(Bytes pem);

  // --- Sessions.
  Status SetSessionIdContext(Bytes id);
  const std::vector<uint8_t>& session_id_context() const { return session_id_context_; }
  void SetSessionTimeout(uint32_t seconds);
  TicketKeys& ticket_keys() { return *TicketKeys::Of(ctx_.get()); }

  // --- Identity.
  Status SetCertificateChain(Bytes pem);
  Status SetPrivateKey(Bytes pem, std::optional<Bytes> passphrase);
  Status LoadPKCS12(Bytes der, std::optional<Bytes> passphrase);
  // OpenSSL ENGINEs (engine_keys.h); ERR_CRYPTO_CUSTOM_ENGINE_NOT_SUPPORTED where there are none.
  Status SetEngineKey(const char* key_id, const char* engine_id);
  Status SetClientCertEngine(const char* engine_id);
  // Whether signing with the private key takes long next to the rest of a handshake, and may be
  // done on any thread.
  bool SignsSlowly() const;

  // --- Trust.
  // Trusts these authorities and names them to clients. What cannot be read is skipped.
  Status AddCACertificates(Bytes pem);
  bool has_authorities() const { return has_authorities_; }
  Status AddCRLs(Bytes pem);
  Status AllowPartialTrustChain();
  // The default roots are wanted, but have not been needed yet.
  void WantRoots() { roots_wanted_ = true; }
  bool roots_wanted() const { return roots_wanted_; }
  // Trusts a store from RootStore(), beside what has been added. To be called before the first
  // verification on a context that wants roots.
  Status UseRoots(X509_STORE* roots);

 private:
  explicit Context(openssl::SSLCtxPointer ctx) : ctx_(std::move(ctx)) {}

  Status UseCertificate(std::vector<openssl::X509Pointer> chain);
  Status AddTrust(X509* certificate);
  openssl::X509Pointer FindIssuer() const;
  // The store of this context, copied first if it is shared; null without memory.
  X509_STORE* OwnStore();

  std::shared_mutex mutex_;
  openssl::EngineUse key_engine_;  // outlives ctx_, which has a key of it
  openssl::SSLCtxPointer ctx_;
  openssl::X509Pointer certificate_;
  openssl::X509Pointer issuer_;
  std::vector<uint8_t> session_id_context_;
  bool has_authorities_ = false;
  bool roots_wanted_ = false;
  bool store_is_shared_ = false;
  bool store_is_changed_ = false;
};

}  // namespace napi_tls::tls

#endif  // SRC_TLS_CONTEXT_H_
