#ifndef TEST_FUZZ_ITERATIONS_H_
#define TEST_FUZZ_ITERATIONS_H_

#include "fuzz.h"

namespace napi_tls::tls::test::fuzz {

// Whether key derivations that `input` asks for, in DER or in PEM, would take longer than an input
// may: OpenSSL does as many iterations as a file says, and so does core. Files are the user's own.
bool HasManyIterations(Bytes input);

}  // namespace napi_tls::tls::test::fuzz

#endif  // TEST_FUZZ_ITERATIONS_H_
