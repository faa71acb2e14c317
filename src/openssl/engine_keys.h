#ifndef SRC_OPENSSL_ENGINE_KEYS_H_
#define SRC_OPENSSL_ENGINE_KEYS_H_

#include <openssl/ssl.h>

#include <utility>

#include "openssl/error.h"

namespace napi_tls::openssl {

// Keys and client certificates of an OpenSSL ENGINE, named by its id or by the path of its library.
// ENGINEs are deprecated by OpenSSL 3; where there are none, both functions fail with
// ERR_CRYPTO_CUSTOM_ENGINE_NOT_SUPPORTED.

// An ENGINE in use (ENGINE_init, ENGINE_finish), or none. A key of it works only as long.
class EngineUse {
 public:
  EngineUse() = default;
  // Takes over what ENGINE_init() has counted.
  explicit EngineUse(ENGINE* engine) : engine_(engine) {}
  EngineUse(EngineUse&& other) noexcept : engine_(std::exchange(other.engine_, nullptr)) {}
  EngineUse& operator=(EngineUse&& other) noexcept {
    std::swap(engine_, other.engine_);
    return *this;
  }
  ~EngineUse();
  bool any() const { return engine_ != nullptr; }

 private:
  ENGINE* engine_ = nullptr;
};

// The value has to outlive every connection that may use the key.
Result<EngineUse> UseEngineKey(SSL_CTX* ctx, const char* key_id, const char* engine_id);
Status UseClientCertEngine(SSL_CTX* ctx, const char* engine_id);

}  // namespace napi_tls::openssl

#endif  // SRC_OPENSSL_ENGINE_KEYS_H_
