#include "openssl/cipher_names.h"

#include <set>

#include "openssl/error.h"
#include "openssl/owned.h"

namespace napi_tls::openssl {

std::vector<std::string> CipherNames() {
  ClearErrorOnReturn clear;
  SSLCtxPointer ctx(SSL_CTX_new(TLS_method()));
  if (!ctx) return {};
  // All of RFC 8446, appendix B.4; two of them are off by default.
  SSL_CTX_set_ciphersuites(ctx.get(),
                           "TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256:"
                           "TLS_AES_128_GCM_SHA256:TLS_AES_128_CCM_8_SHA256:"
                           "TLS_AES_128_CCM_SHA256");
  std::set<std::string> names;
  const STACK_OF(SSL_CIPHER)* ciphers = SSL_CTX_get_ciphers(ctx.get());
  for (int i = 0; i < sk_SSL_CIPHER_num(ciphers); i++) {
    std::string name = SSL_CIPHER_get_name(sk_SSL_CIPHER_value(ciphers, i));
    for (char& c : name) {
      if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    }
    names.insert(std::move(name));
  }
  return {names.begin(), names.end()};
}

}  // namespace napi_tls::openssl
