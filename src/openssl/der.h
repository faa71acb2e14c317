#ifndef SRC_OPENSSL_DER_H_
#define SRC_OPENSSL_DER_H_

#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <cstdint>
#include <vector>

namespace napi_tls::openssl {

// The DER of an object, in a block that got its size at once. Empty for null, and where OpenSSL
// fails, in the second call too: it would leave zeros (i2d_X509).
template <typename T>
std::vector<uint8_t> ToDer(T* object, int (*encode)(const T*, unsigned char**)) {
  const int size = object == nullptr ? 0 : encode(object, nullptr);
  if (size <= 0) return {};
  std::vector<uint8_t> der(size);
  uint8_t* out = der.data();
  if (encode(object, &out) != size) return {};
  return der;
}

inline std::vector<uint8_t> ToDer(X509* certificate) { return ToDer(certificate, i2d_X509); }
inline std::vector<uint8_t> ToDer(SSL_SESSION* session) { return ToDer(session, i2d_SSL_SESSION); }

}  // namespace napi_tls::openssl

#endif  // SRC_OPENSSL_DER_H_
