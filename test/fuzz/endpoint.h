#ifndef TEST_FUZZ_ENDPOINT_H_
#define TEST_FUZZ_ENDPOINT_H_

#include "../native/harness.h"
#include "deterministic.h"
#include "fuzz.h"

namespace napi_tls::tls::test::fuzz {

// How an Endpoint is set up: the bits of a number that comes with the input.
enum Setting : uint16_t {
  kTls12 = 1 << 0,
  kTls13 = 1 << 1,  // neither: both versions; both bits: TLS 1.2 with ciphers of pre-shared keys
  kSessionEvents = 1 << 2,
  kKeylog = 1 << 3,
  kSession = 1 << 4,     // a client offers one, a server looks one up
  kOcsp = 1 << 5,        // a client asks for it, a server asks for the certificate and it
  kAlpn = 1 << 6,        // a client offers protocols, a server asks which
  kClientAuth = 1 << 7,  // a client has a certificate, a server requires one
  kPsk = 1 << 8,         // a pre-shared key
  kLittleRoom = 1 << 9,  // plaintext is taken in small pieces
  kFragments = 1 << 10,  // input comes in small pieces
  kWrite = 1 << 11,      // data is written when the connection is open
  kRenegotiate = 1 << 12,
  kClose = 1 << 13,
  kSteps = 1 << 14,  // a server shakes hands on other threads
};

// To be called before anything else, so that each input is run with the same random numbers: makes
// the certificates, contexts and sessions that endpoints share.
void PrepareEndpoints();

ContextPointer SharedContext(Engine::Role role, uint16_t settings);
// Of a connection with these settings, in DER.
const std::vector<uint8_t>& SharedSession(Engine::Role role, uint16_t settings);

// A Peer of the native tests that draws from a stream of its own and answers each question.
class Endpoint {
 public:
  Endpoint(Engine::Role role, uint16_t settings);

  Peer& peer() { return peer_; }
  Engine& engine() { return peer_.engine(); }
  Engine::Role role() const { return role_; }
  // To be called before OpenSSL may draw random numbers for this end.
  void Enter() const;

  void Start();
  void Receive(Bytes ciphertext);
  void Write(Bytes plaintext);
  Input TakeOutput();
  void Settle();
  // Calls whatever shows what a connection has negotiated.
  void Look();
  // Whatever has come, the engine is in one of the states that it promises.
  void ExpectSane();

 private:
  void Answer(const Event& question);
  // What the settings say is done on an open connection; once.
  void UseConnection();

  const Engine::Role role_;
  const uint16_t settings_;
  Peer peer_;
  bool used_ = false;
};

// A whole connection between two of these, and what each of them has sent; from a deterministic
// run, so that either end can be played to the other again.
struct Recording {
  Input from_client;
  Input from_server;
};
Recording Record(uint16_t settings);

// The settings that recordings are made with.
std::vector<uint16_t> RecordedSettings();

}  // namespace napi_tls::tls::test::fuzz

#endif  // TEST_FUZZ_ENDPOINT_H_
