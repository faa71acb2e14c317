#ifndef SRC_TLS_CONNECTION_INFO_H_
#define SRC_TLS_CONNECTION_INFO_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "tls/engine.h"

// What a connection has negotiated, as plain values. None of these changes the connection.
namespace napi_tls::tls {

using Octets = std::vector<uint8_t>;

struct CipherInfo {
  std::string name;           // SSL_CIPHER_get_name
  std::string standard_name;  // SSL_CIPHER_standard_name
  std::string version;        // SSL_CIPHER_get_version
};
std::optional<CipherInfo> Cipher(const Engine& engine);

// The server's share of an ephemeral key exchange, as a client sees it (SSL_get_peer_tmp_key).
struct EphemeralKeyInfo {
  std::string type;  // "DH", "ECDH", "TLSGroup"; empty when the exchange is not ephemeral
  std::string name;  // of the group; empty for DH
  int size = 0;      // bits; 0 where the group is not a curve or a field
};
EphemeralKeyInfo EphemeralKey(const Engine& engine);
// Of the peer's key in bits, where it is one of a finite field; else 0.
int EphemeralDHSize(const Engine& engine);

// Why the peer's certificate is not trusted; no value when it is.
struct VerifyError {
  std::string code;     // the name of the X509_V_ERR_* constant without its prefix
  std::string message;  // X509_verify_cert_error_string
};
std::optional<VerifyError> VerifyPeer(const Engine& engine);

std::string Protocol(const Engine& engine);  // SSL_get_version
std::optional<std::string> AlpnProtocol(const Engine& engine);
std::optional<std::string> Servername(const Engine& engine);
std::vector<std::string> SharedSigalgs(const Engine& engine);
Octets Finished(const Engine& engine);  // empty: none sent yet
Octets PeerFinished(const Engine& engine);
Octets Session(const Engine& engine);  // DER; empty: none
Octets Ticket(const Engine& engine);   // empty: none
bool SessionReused(const Engine& engine);

// DER. The peer's certificate comes first, then the certificate of each issuer that the peer sent
// or that the trust store knows, up to a self-signed one. Empty: the peer has none.
std::vector<Octets> PeerCertificates(const Engine& engine, bool with_issuers);
// DER. The peer's certificate and what it sent after it.
std::vector<Octets> PeerChain(const Engine& engine);
Octets Certificate(const Engine& engine);  // our own, DER; empty: none

// The names that a certificate is checked against (RFC 6125, 6.4), when they are of a simple form:
// every alternative name is a dNSName of letters, digits, '-', '_', '.', '*', or an iPAddress, and
// there is no or one common name of such letters. No value: build the whole certificate and decide
// on that.
struct PeerNames {
  std::string subject_alt_name;  // "DNS:a.example, IP Address:127.0.0.1"; empty: no extension
  std::string common_name;
};
std::optional<PeerNames> SimplePeerNames(const Engine& engine);

// RFC 5705. `context` may be null, which differs from an empty one before TLS 1.3.
openssl::Result<Octets> ExportKeyingMaterial(const Engine& engine, size_t length,
                                             const std::string& label, const Bytes* context);

}  // namespace napi_tls::tls

#endif  // SRC_TLS_CONNECTION_INFO_H_
