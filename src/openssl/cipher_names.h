#ifndef SRC_OPENSSL_CIPHER_NAMES_H_
#define SRC_OPENSSL_CIPHER_NAMES_H_

#include <string>
#include <vector>

namespace napi_tls::openssl {

// The names of all cipher suites that TLS connections can use, TLS 1.3 included, in lower case and
// without repetition, sorted.
std::vector<std::string> CipherNames();

}  // namespace napi_tls::openssl

#endif  // SRC_OPENSSL_CIPHER_NAMES_H_
