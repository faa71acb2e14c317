#include "iterations.h"

#include <openssl/pem.h>

#include "openssl/error.h"
#include "openssl/read_pem.h"

namespace napi_tls::tls::test::fuzz {

namespace {

constexpr uint64_t kMany = 20000;

// An INTEGER anywhere that is too large for a count and too small for a part of a key. Also the
// cost of scrypt (RFC 7914, 7), which is less, but a power of two in three bytes or more.
bool HasLargeInteger(Bytes der) {
  constexpr uint8_t kInteger = 0x02;
  for (size_t at = 0; at + 2 < der.size; ++at) {
    const size_t length = der.data[at + 1];
    if (der.data[at] != kInteger || length < 2 || length > 8 || at + 2 + length > der.size)
      continue;
    uint64_t value = 0;
    for (size_t i = 0; i < length; ++i) value = value << 8 | der.data[at + 2 + i];
    if (value > kMany) return true;
  }
  return false;
}

}  // namespace

bool HasManyIterations(Bytes input) {
  if (HasLargeInteger(input)) return true;
  const openssl::ClearErrorOnReturn clear;
  const openssl::BIOPointer bio = openssl::ReadOnlyBIO(input);
  char* name = nullptr;
  char* header = nullptr;
  unsigned char* data = nullptr;
  long size = 0;  // NOLINT(runtime/int)
  bool many = false;
  while (!many && PEM_read_bio(bio.get(), &name, &header, &data, &size) == 1) {
    many = HasLargeInteger({data, static_cast<size_t>(size)});
    OPENSSL_free(name);
    OPENSSL_free(header);
    OPENSSL_free(data);
  }
  return many;
}

}  // namespace napi_tls::tls::test::fuzz
