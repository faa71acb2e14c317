#ifndef TEST_FUZZ_DER_H_
#define TEST_FUZZ_DER_H_

#include <initializer_list>

#include "fuzz.h"

// Just enough of DER (ITU-T X.690) to make what OpenSSL has no function for.
namespace napi_tls::tls::test::fuzz {

Input Der(uint8_t tag, const std::vector<Input>& parts);

// A session of `version` in OpenSSL's own encoding (ssl/ssl_asn1.c names the fields), with the
// certificate of a peer and a ticket as they are given; either may be empty.
Input SessionDer(int version, Bytes certificate, Bytes ticket);

}  // namespace napi_tls::tls::test::fuzz

#endif  // TEST_FUZZ_DER_H_
