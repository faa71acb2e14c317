#ifndef TEST_FUZZ_FUZZ_H_
#define TEST_FUZZ_FUZZ_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "openssl/bytes.h"

// What the fuzz targets share. All targets are in one executable (run.sh); each is one file, which
// says what is done with an input and which inputs to begin with:
//
//   FUZZ_TARGET(name, Seeds) { Do(input); }
//
// Nothing may happen differently when an input is run again: see deterministic.h.
namespace napi_tls::tls::test::fuzz {

using openssl::Bytes;
using Input = std::vector<uint8_t>;

struct Target {
  using Run = void (*)(Bytes input);
  using Seeds = std::vector<Input> (*)();

  Target(const char* name, Run run, Seeds seeds);

  const char* name;
  Run run;
  Seeds seeds;
};

#define FUZZ_TARGET(NAME, SEEDS)                                 \
  static void NAME##Target(Bytes input);                         \
  static const Target NAME##_target(#NAME, NAME##Target, SEEDS); \
  static void NAME##Target(Bytes input)

// Takes an input apart: bytes from its front, numbers from its end, so that a seed is what was
// recorded with a few bytes behind it. An input that has ended gives zeros.
class Reader {
 public:
  explicit Reader(Bytes input) : rest_(input) {}

  size_t size() const { return rest_.size; }

  Bytes Take(size_t size) {
    const Bytes taken(rest_.data, size < rest_.size ? size : rest_.size);
    rest_ = {rest_.data + taken.size, rest_.size - taken.size};
    return taken;
  }
  Bytes TakeRest() { return Take(rest_.size); }

  uint8_t Byte() { return rest_.size == 0 ? 0 : rest_.data[--rest_.size]; }
  uint16_t Word() {
    const uint8_t low = Byte();
    return static_cast<uint16_t>(Byte() << 8 | low);
  }

 private:
  Bytes rest_;
};

// What a Reader takes for a number, behind `input`.
inline Input WithWord(Input input, uint16_t word) {
  input.push_back(static_cast<uint8_t>(word >> 8));
  input.push_back(static_cast<uint8_t>(word & 0xff));
  return input;
}

}  // namespace napi_tls::tls::test::fuzz

#endif  // TEST_FUZZ_FUZZ_H_
