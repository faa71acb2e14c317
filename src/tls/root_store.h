#ifndef SRC_TLS_ROOT_STORE_H_
#define SRC_TLS_ROOT_STORE_H_

#include <string>
#include <vector>

#include "openssl/error.h"
#include "openssl/owned.h"

namespace napi_tls::tls {

// Default trust: certificates as PEM texts, and whether OpenSSL's own default file and directory
// (SSL_CERT_FILE, SSL_CERT_DIR) are trusted too.
struct Roots {
  std::vector<std::string> pems;
  bool default_paths = false;
};

// The store of these roots, parsed once for the whole process: the same roots in another thread get
// the same store. It is shared and must not be changed. Fails when nothing at all can be read from
// a list that is not empty and that nothing stands beside.
openssl::Result<openssl::X509StorePointer> RootStore(const Roots& roots);

// Adds what a store of RootStore() trusts to another store. False without memory.
bool AddStore(X509_STORE* to, X509_STORE* from);

}  // namespace napi_tls::tls

#endif  // SRC_TLS_ROOT_STORE_H_
