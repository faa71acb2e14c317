#ifndef SRC_OPENSSL_READ_PEM_H_
#define SRC_OPENSSL_READ_PEM_H_

#include <optional>
#include <vector>

#include "openssl/bytes.h"
#include "openssl/error.h"
#include "openssl/owned.h"

namespace napi_tls::openssl {

// A BIO that reads `bytes` in place; null when OpenSSL cannot address so many.
BIOPointer ReadOnlyBIO(Bytes bytes);

// A certificate ("CERTIFICATE", "X509 CERTIFICATE", "TRUSTED CERTIFICATE") and those that follow
// it.
Result<std::vector<X509Pointer>> ReadCertificateChain(Bytes pem);

// Every certificate up to the first that cannot be read. Never fails: junk holds no certificate.
std::vector<X509Pointer> ReadCertificates(Bytes pem);

// The first private key. No passphrase is an empty one: nothing is ever asked at a terminal.
Result<EVPKeyPointer> ReadPrivateKey(Bytes pem, std::optional<Bytes> passphrase);

// Every CRL, as Node 26 reads them (Nodes before it, the first). None at all when one of them
// cannot be read: revoked certificates must not pass because of a damaged file.
std::vector<X509CrlPointer> ReadCRLs(Bytes pem);

// The first Diffie-Hellman parameters; null when there are none.
DHParamsPointer ReadDHParams(Bytes pem);

}  // namespace napi_tls::openssl

#endif  // SRC_OPENSSL_READ_PEM_H_
