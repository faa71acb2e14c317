#include "openssl/certificate_compression.h"

#include <utility>

#include "openssl/error.h"
#include "openssl/owned.h"

// Only some of the OpenSSLs behind this addon have the functions. Built against Node, they are
// looked up when the addon is loaded and are null when there are none. A private OpenSSL must not
// do that, for it would find Node's; what that one has is known when it is compiled.
#if defined(NAPI_TLS_PRIVATE_OPENSSL) || !defined(__GNUC__)
#if OPENSSL_VERSION_NUMBER < 0x30200000L
#define NAPI_TLS_NO_CERTIFICATE_COMPRESSION
#endif
#else
extern "C" {
int SSL_CTX_set1_cert_comp_preference(SSL_CTX*, int*, size_t) __attribute__((weak));
int SSL_CTX_compress_certs(SSL_CTX*, int) __attribute__((weak));
}
#endif

namespace napi_tls::openssl {

bool SetCertificateCompression(SSL_CTX* ctx, std::vector<int> preference) {
#ifdef NAPI_TLS_NO_CERTIFICATE_COMPRESSION
  return false;
#else
  int (*set_preference)(SSL_CTX*, int*, size_t) = SSL_CTX_set1_cert_comp_preference;
  return set_preference != nullptr &&
         set_preference(ctx, preference.data(), preference.size()) == 1;
#endif
}

void CompressCertificates(SSL_CTX* ctx) {
#ifndef NAPI_TLS_NO_CERTIFICATE_COMPRESSION
  int (*compress)(SSL_CTX*, int) = SSL_CTX_compress_certs;
  const int all = 0;
  if (compress != nullptr) compress(ctx, all);
#endif
}

std::vector<int> CertificateCompressionAlgorithms() {
  ClearErrorOnReturn clear;
  std::vector<int> algorithms;
  SSLCtxPointer ctx(SSL_CTX_new(TLS_method()));
  // A list without any supported algorithm is refused.
  for (int algorithm = 1; ctx && algorithm <= 3; algorithm++) {
    if (SetCertificateCompression(ctx.get(), {algorithm})) algorithms.push_back(algorithm);
  }
  return algorithms;
}

}  // namespace napi_tls::openssl
