#ifndef SRC_OPENSSL_CERTIFICATE_COMPRESSION_H_
#define SRC_OPENSSL_CERTIFICATE_COMPRESSION_H_

#include <openssl/ssl.h>

#include <vector>

namespace napi_tls::openssl {

// Algorithms of RFC 8879, section 7.3, that the OpenSSL behind this process compresses
// certificates with: none before OpenSSL 3.2 (Node 20) or without compression (Node 22).
std::vector<int> CertificateCompressionAlgorithms();

// False when OpenSSL refuses the list.
bool SetCertificateCompression(SSL_CTX* ctx, std::vector<int> preference);

// Compresses the certificates that the context has with the algorithms of its preference: OpenSSL
// sends only what has been compressed before. Those that do not become shorter are sent as they
// are.
void CompressCertificates(SSL_CTX* ctx);

}  // namespace napi_tls::openssl

#endif  // SRC_OPENSSL_CERTIFICATE_COMPRESSION_H_
