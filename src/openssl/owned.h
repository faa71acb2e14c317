#ifndef SRC_OPENSSL_OWNED_H_
#define SRC_OPENSSL_OWNED_H_

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pkcs12.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <memory>

namespace napi_tls::openssl {

// An OpenSSL object that frees itself. Every pointer that OpenSSL hands over is kept in an Owned;
// a plain pointer is a view. release() stands only at a call that takes ownership.
template <auto kFree>
struct Free {
  template <typename T>
  void operator()(T* pointer) const {
    kFree(pointer);
  }
};

template <typename T, auto kFree>
using Owned = std::unique_ptr<T, Free<kFree>>;

using BIOPointer = Owned<BIO, BIO_free_all>;
using DHParamsPointer = Owned<EVP_PKEY, EVP_PKEY_free>;
using EVPKeyPointer = Owned<EVP_PKEY, EVP_PKEY_free>;
using PKCS12Pointer = Owned<PKCS12, PKCS12_free>;
using SSLCtxPointer = Owned<SSL_CTX, SSL_CTX_free>;
using SSLPointer = Owned<SSL, SSL_free>;
using SSLSessionPointer = Owned<SSL_SESSION, SSL_SESSION_free>;
using X509CrlPointer = Owned<X509_CRL, X509_CRL_free>;
using X509Pointer = Owned<X509, X509_free>;
using X509StorePointer = Owned<X509_STORE, X509_STORE_free>;

}  // namespace napi_tls::openssl

#endif  // SRC_OPENSSL_OWNED_H_
