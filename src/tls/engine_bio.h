#ifndef SRC_TLS_ENGINE_BIO_H_
#define SRC_TLS_ENGINE_BIO_H_

#include <openssl/bio.h>

#include "openssl/bytes.h"
#include "openssl/owned.h"
#include "tls/output_queue.h"

namespace napi_tls::tls {

// The memory that an SSL reads its ciphertext from and writes it to: `input` shrinks at the front
// as it is read, and an empty one asks for a retry; so does one that was read `reads_left` times,
// which is twice for each record. All three outlive the BIO.
openssl::BIOPointer NewEngineBio(openssl::Bytes* input, int* reads_left, OutputQueue* output);

}  // namespace napi_tls::tls

#endif  // SRC_TLS_ENGINE_BIO_H_
