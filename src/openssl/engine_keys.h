#ifndef SRC_OPENSSL_ENGINE_KEYS_H_
#define SRC_OPENSSL_ENGINE_KEYS_H_

#include <openssl/ssl.h>

#include "openssl/error.h"

namespace napi_tls::openssl {

// Keys and client certificates of an OpenSSL ENGINE, named by its id or by the path of its library.
// ENGINEs are deprecated by OpenSSL 3; where there are none, both functions fail with
// ERR_CRYPTO_CUSTOM_ENGINE_NOT_SUPPORTED.
Status UseEngineKey(SSL_CTX* ctx, const char* key_id, const char* engine_id);
Status UseClientCertEngine(SSL_CTX* ctx, const char* engine_id);

}  // namespace napi_tls::openssl

#endif  // SRC_OPENSSL_ENGINE_KEYS_H_
