#ifndef SRC_OPENSSL_CLEANSE_H_
#define SRC_OPENSSL_CLEANSE_H_

#include <openssl/crypto.h>

namespace napi_tls::openssl {

// Wipes the bytes of a secret at the end of a scope. The secret must have got its size at once:
// what grows leaves copies behind.
template <typename Container>
class CleanseOnReturn {
 public:
  explicit CleanseOnReturn(Container* secret) : secret_(secret) {}
  ~CleanseOnReturn() { OPENSSL_cleanse(secret_->data(), secret_->size()); }
  CleanseOnReturn(const CleanseOnReturn&) = delete;
  CleanseOnReturn& operator=(const CleanseOnReturn&) = delete;

 private:
  Container* const secret_;
};

}  // namespace napi_tls::openssl

#endif  // SRC_OPENSSL_CLEANSE_H_
