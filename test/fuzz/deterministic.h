#ifndef TEST_FUZZ_DETERMINISTIC_H_
#define TEST_FUZZ_DETERMINISTIC_H_

// No chance and no clock, in the fuzz executable only: keys and certificates are the same in every
// process, a recorded handshake can be replayed to its end, and a finding can be had again. The
// clock stands still because deterministic.cc defines time().
namespace napi_tls::tls::test::fuzz {

// OpenSSL's random numbers come from streams that begin with the same numbers each time.
void UseDeterministicRandom();
// Each end of a connection has a stream of its own, so that one draws the same without the other.
enum class Stream { kClient, kServer };
void UseStream(Stream stream);
// To the beginning of both streams.
void RestartRandom();

}  // namespace napi_tls::tls::test::fuzz

#endif  // TEST_FUZZ_DETERMINISTIC_H_
