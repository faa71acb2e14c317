#ifndef SRC_TLS_TICKET_KEYS_H_
#define SRC_TLS_TICKET_KEYS_H_

#include <openssl/ssl.h>

#include <array>
#include <cstdint>
#include <mutex>

#include "openssl/bytes.h"

namespace napi_tls::tls {

// The keys of session tickets in the layout of Node's `ticketKeys`: a name, an HMAC-SHA256 key and
// an AES-128-CBC key of 16 bytes each (RFC 5077, section 4). They belong to an SSL_CTX and live as
// long. May be replaced while other threads shake hands.
class TicketKeys {
 public:
  static constexpr size_t kSize = 48;
  using Block = std::array<uint8_t, kSize>;

  // Gives `ctx` random keys. False: no randomness or no memory.
  static bool Install(SSL_CTX* ctx);
  // The keys that Install() gave to `ctx`.
  static TicketKeys* Of(const SSL_CTX* ctx);
  // Has `ssl` keep the keys of the SSL_CTX it was made from when SSL_set_SSL_CTX() gives it
  // another: a ticket is opened before the server name selects a context, so it must be made with
  // the same.
  static bool Bind(SSL* ssl);

  ~TicketKeys();
  TicketKeys(const TicketKeys&) = delete;
  TicketKeys& operator=(const TicketKeys&) = delete;

  Block Get();
  // `keys` has kSize bytes.
  void Set(openssl::Bytes keys);

 private:
  TicketKeys() = default;

  static int OnTicket(SSL* ssl, unsigned char* name, unsigned char* iv, EVP_CIPHER_CTX* cipher,
                      EVP_MAC_CTX* mac, int encrypt);

  std::mutex mutex_;
  Block keys_{};
};

}  // namespace napi_tls::tls

#endif  // SRC_TLS_TICKET_KEYS_H_
