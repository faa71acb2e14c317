// RAND_METHOD is deprecated; a provider of random numbers would take ten times the code.
#undef OPENSSL_NO_DEPRECATED
#define OPENSSL_SUPPRESS_DEPRECATED

#include "deterministic.h"

#include <openssl/rand.h>

#include <array>
#include <cstdlib>
#include <ctime>
#include <random>

// Takes the place of the C library's, for OpenSSL too: the validity of certificates and the age of
// sessions. libFuzzer measures its own time by other means.
extern "C" time_t time(time_t* out) noexcept {
  constexpr time_t kNow = 1735689600;  // 2025-01-01
  if (out != nullptr) *out = kNow;
  return kNow;
}

namespace napi_tls::tls::test::fuzz {

namespace {

std::array<std::mt19937, 2> generators;
size_t current = 0;

int Fill(unsigned char* out, int size) {
  for (int i = 0; i < size; ++i) out[i] = static_cast<unsigned char>(generators[current]());
  return 1;
}

int Status() { return 1; }

}  // namespace

void UseDeterministicRandom() {
  static const RAND_METHOD method = {nullptr, Fill, nullptr, nullptr, Fill, Status};
  if (RAND_set_rand_method(&method) != 1) std::abort();
  RestartRandom();
}

void UseStream(Stream stream) { current = static_cast<size_t>(stream); }

void RestartRandom() {
  for (size_t i = 0; i < generators.size(); ++i) generators[i].seed(static_cast<uint32_t>(i + 1));
  current = 0;
}

}  // namespace napi_tls::tls::test::fuzz
