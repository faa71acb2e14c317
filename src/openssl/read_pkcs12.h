#ifndef SRC_OPENSSL_READ_PKCS12_H_
#define SRC_OPENSSL_READ_PKCS12_H_

#include <optional>
#include <vector>

#include "openssl/bytes.h"
#include "openssl/error.h"
#include "openssl/owned.h"

namespace napi_tls::openssl {

// What a PFX file holds (RFC 7292). `key` and `certificate` are never null.
struct PKCS12Contents {
  EVPKeyPointer key;
  X509Pointer certificate;
  std::vector<X509Pointer> others;  // issuers, as stored in the file
};

Result<PKCS12Contents> ReadPKCS12(Bytes der, std::optional<Bytes> passphrase);

}  // namespace napi_tls::openssl

#endif  // SRC_OPENSSL_READ_PKCS12_H_
