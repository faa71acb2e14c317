#include "tls/ticket_keys.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <openssl/rand.h>

#include <cstring>
#include <memory>

#include "openssl/once.h"

namespace napi_tls::tls {

namespace {

constexpr size_t kPartSize = 16;
constexpr size_t kHmacOffset = kPartSize;
constexpr size_t kAesOffset = 2 * kPartSize;

// What the callback may answer (SSL_CTX_set_tlsext_ticket_key_evp_cb). 2, "renew the ticket", is
// never given: Node hands out no tickets on a resumed connection.
constexpr int kFailure = -1;
constexpr int kUnknownKey = 0;
constexpr int kReady = 1;

void FreeKeys(void*, void* keys, CRYPTO_EX_DATA*, int, long, void*) {  // NOLINT(runtime/int)
  std::unique_ptr<TicketKeys>(static_cast<TicketKeys*>(keys)).reset();
}

int ContextIndex() {
  static openssl::Once<int> index(-1);
  return index.Get([] { return SSL_CTX_get_ex_new_index(0, nullptr, nullptr, nullptr, FreeKeys); });
}

int ConnectionIndex() {
  static openssl::Once<int> index(-1);
  return index.Get([] { return SSL_get_ex_new_index(0, nullptr, nullptr, nullptr, nullptr); });
}

bool InitMac(EVP_MAC_CTX* mac, uint8_t* key) {
  char digest[] = "SHA256";
  const OSSL_PARAM params[] = {
      OSSL_PARAM_construct_octet_string(OSSL_MAC_PARAM_KEY, key, kPartSize),
      OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0),
      OSSL_PARAM_construct_end(),
  };
  return EVP_MAC_CTX_set_params(mac, params) == 1;
}

}  // namespace

TicketKeys::~TicketKeys() { OPENSSL_cleanse(keys_.data(), keys_.size()); }

bool TicketKeys::Install(SSL_CTX* ctx) {
  std::unique_ptr<TicketKeys> keys(new TicketKeys());
  if (RAND_bytes(keys->keys_.data(), static_cast<int>(kSize)) != 1) return false;
  if (SSL_CTX_set_ex_data(ctx, ContextIndex(), keys.get()) != 1) return false;
  static_cast<void>(keys.release());
  return SSL_CTX_set_tlsext_ticket_key_evp_cb(ctx, OnTicket) == 1;
}

TicketKeys* TicketKeys::Of(const SSL_CTX* ctx) {
  return static_cast<TicketKeys*>(SSL_CTX_get_ex_data(ctx, ContextIndex()));
}

bool TicketKeys::Bind(SSL* ssl) {
  return SSL_set_ex_data(ssl, ConnectionIndex(), Of(SSL_get_SSL_CTX(ssl))) == 1;
}

TicketKeys::Block TicketKeys::Get() {
  std::lock_guard<std::mutex> lock(mutex_);
  return keys_;
}

void TicketKeys::Set(openssl::Bytes keys) {
  std::lock_guard<std::mutex> lock(mutex_);
  memcpy(keys_.data(), keys.data, keys_.size());
}

int TicketKeys::OnTicket(SSL* ssl, unsigned char* name, unsigned char* iv, EVP_CIPHER_CTX* cipher,
                         EVP_MAC_CTX* mac, int encrypt) {
  auto* self = static_cast<TicketKeys*>(SSL_get_ex_data(ssl, ConnectionIndex()));
  if (self == nullptr) self = Of(SSL_get_SSL_CTX(ssl));
  Block keys = self->Get();
  int answer = kFailure;
  if (encrypt) {
    memcpy(name, keys.data(), kPartSize);
    if (RAND_bytes(iv, EVP_CIPHER_get_iv_length(EVP_aes_128_cbc())) == 1 &&
        EVP_EncryptInit_ex(cipher, EVP_aes_128_cbc(), nullptr, keys.data() + kAesOffset, iv) == 1 &&
        InitMac(mac, keys.data() + kHmacOffset)) {
      answer = kReady;
    }
  } else if (CRYPTO_memcmp(name, keys.data(), kPartSize) != 0) {
    answer = kUnknownKey;
  } else if (EVP_DecryptInit_ex(cipher, EVP_aes_128_cbc(), nullptr, keys.data() + kAesOffset, iv) ==
                 1 &&
             InitMac(mac, keys.data() + kHmacOffset)) {
    answer = kReady;
  }
  OPENSSL_cleanse(keys.data(), keys.size());
  return answer;
}

}  // namespace napi_tls::tls
