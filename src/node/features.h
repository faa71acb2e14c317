#ifndef SRC_NODE_FEATURES_H_
#define SRC_NODE_FEATURES_H_

#include <napi.h>

namespace napi_tls::node {

// Sets on `exports` what there is to know of the OpenSSL behind this addon:
//   opensslVersion: string, as process.versions.openssl
//   features: { certificateCompression, privateOpenSSL, trace }: what only some builds have
//   getCiphers(): string[], as tls.getCiphers()
//   getCertificateCompressionAlgorithms(): string[], as the function of tls; a new list each time
void DefineFeatures(Napi::Env env, Napi::Object exports);

}  // namespace napi_tls::node

#endif  // SRC_NODE_FEATURES_H_
