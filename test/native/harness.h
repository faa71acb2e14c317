#ifndef TEST_NATIVE_HARNESS_H_
#define TEST_NATIVE_HARNESS_H_

#include <gtest/gtest.h>
#include <openssl/x509v3.h>

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "openssl/bytes.h"
#include "openssl/owned.h"
#include "tls/connection_info.h"
#include "tls/context.h"
#include "tls/engine.h"

// A client and a server Engine in one process, connected in memory, with certificates made in code.
namespace napi_tls::tls::test {

using openssl::EVPKeyPointer;
using openssl::X509Pointer;

// --- Certificates (certificates.cc).

struct AltName {
  int type;           // GEN_DNS, GEN_IPADD, GEN_URI, GEN_EMAIL
  std::string value;  // as in the certificate: 4 or 16 bytes for an address
};

struct Identity {
  EVPKeyPointer key;
  X509Pointer certificate;

  std::string CertificatePem() const;
  // Encrypted unless `passphrase` is empty.
  std::string KeyPem(const std::string& passphrase = "") const;
  std::string Pkcs12(const std::string& passphrase) const;
};

struct CertificateOptions {
  std::vector<std::string> common_names = {"localhost"};
  int common_name_type = MBSTRING_UTF8;  // or a V_ASN1_*, to be taken as it is
  std::vector<AltName> alt_names = {};
  std::string alt_names_der = {};    // in place of `alt_names`
  const Identity* issuer = nullptr;  // null: self-signed
  bool authority = false;
  int64_t not_before = -3600;  // seconds from now
  int64_t not_after = 3600;
};

Identity MakeIdentity(const CertificateOptions& options);
// A CRL of `issuer`, in PEM, that names the certificate of `revoked`.
std::string MakeCrl(const Identity& issuer, const Identity& revoked);

// Made once for the process.
struct Identities {
  Identity authority;
  Identity other_authority;
  Identity server;       // issued by `authority`
  Identity client;       // issued by `authority`
  Identity second;       // issued by `authority`, for other.example
  Identity expired;      // issued by `authority`
  Identity early;        // issued by `authority`, not valid yet
  Identity stranger;     // issued by `other_authority`
  Identity self_signed;  // no authority
};
const Identities& Certificates();

// --- Contexts and connections (harness.cc).

openssl::Bytes BytesOf(const std::string& text);
std::string TextOf(const std::vector<uint8_t>& bytes);
// Bytes that repeat only after 251.
std::vector<uint8_t> Pattern(size_t size);

using ContextPointer = std::shared_ptr<Context>;

// `version` 0 stands for TLS 1.2 and 1.3.
ContextPointer NewContext(int version);
// Trusts `authority`; has no certificate.
ContextPointer ClientContext(int version);
ContextPointer ServerContext(int version, const Identity& identity = Certificates().server);
void UseIdentity(Context* context, const Identity& identity);

// One end of a connection: an Engine, its host, and what its host has seen. With NAPI_TLS_STEPS=1
// in the environment, every server shakes hands in steps on other threads.
class Peer : public EngineHost {
 public:
  Peer(ContextPointer context, Engine::Role role);

  Engine& engine() { return *engine_; }
  const Engine& engine() const { return *engine_; }
  // Whether there is an engine, and its state.
  bool open() const { return engine_->state() == Engine::State::kOpen; }
  bool failed() const { return engine_->state() == Engine::State::kFailed; }
  void DestroyEngine() { engine_.reset(); }

  // Takes events, answers questions, makes room and writes, until nothing is left to do.
  void Settle();
  void Receive(openssl::Bytes ciphertext);
  // Asks for a certificate whenever a server may, and takes that of this context.
  void SelectContext(ContextPointer context);
  // As much as can be written now is; the rest follows in Settle().
  void Write(openssl::Bytes plaintext);
  void Write(const std::string& plaintext) { Write(BytesOf(plaintext)); }
  std::vector<uint8_t> TakeOutput();

  // Takes the step that is due, if any, on another thread.
  void TakeStep();
  // Answers the question that waits, when `answers` is false.
  void Answer();
  size_t Count(Event::Type type) const;
  // The newest event of this type.
  const Event* Last(Event::Type type) const;

  // What the host does.
  bool takes_steps = true;  // false: a step that is due waits for TakeStep()
  bool answers = true;      // false: a question waits for Answer()
  std::function<void(const Event&)> on_question;
  std::function<AlpnChoice(Bytes, Bytes*)> on_alpn;
  std::function<std::optional<PskAnswer>(const char*)> psk_for_server;
  std::function<std::optional<std::vector<uint8_t>>(const std::string&)> psk_for_client;
  size_t room = std::numeric_limits<size_t>::max();  // plaintext that can be taken until it is 0

  // What the host has seen.
  std::deque<Event> events;
  std::vector<uint8_t> plaintext;
  std::optional<Error> error;

  uint8_t* ReservePlaintext(size_t* size) override;
  void CommitPlaintext(size_t size) override;
  AlpnChoice SelectAlpn(Bytes offered, Bytes* selected) override;
  std::optional<PskAnswer> PskForServer(const char* hint, size_t, size_t) override;
  std::optional<std::vector<uint8_t>> PskForClient(const char* identity, size_t) override;

 private:
  std::unique_ptr<Engine> engine_;
  std::vector<uint8_t> unwritten_;
  std::vector<uint8_t> slab_;
};

// What holds whatever a peer has received: a failure has its reason, and keeps nothing.
void ExpectSane(const Peer& peer);

// Both ends and the wire between them.
struct Pair {
  explicit Pair(int version) : Pair(ClientContext(version), ServerContext(version)) {}
  Pair(ContextPointer client_context, ContextPointer server_context)
      : client(client_context, Engine::Role::kClient),
        server(server_context, Engine::Role::kServer) {}

  void Start();
  // Delivers what one end has to send, in pieces of `fragment` bytes. False: there was nothing.
  bool Deliver(Peer* from, Peer* to);
  bool ToServer() { return Deliver(&client, &server); }
  bool ToClient() { return Deliver(&server, &client); }
  // Delivers both ways until both ends are silent.
  void Run();
  // Start() and Run(), and both ends must be open.
  void Handshake();
  // Both ends write to the other, and what arrives must be what was written.
  void ExpectDataFlows();

  Peer client;
  Peer server;
  size_t fragment = std::numeric_limits<size_t>::max();
};

// The newest session that the client of a connection was given, after its data have flowed.
std::vector<uint8_t> SessionOf(Pair* pair);

// Tests that run for TLS 1.2 and for TLS 1.3.
class ForEachVersion : public testing::TestWithParam<int> {};
// The same, with a context for each end.
class ForEachVersionInContexts : public ForEachVersion {
 protected:
  ForEachVersionInContexts()
      : client_(ClientContext(GetParam())), server_(ServerContext(GetParam())) {}

  ContextPointer client_;
  ContextPointer server_;
};

std::string VersionName(const testing::TestParamInfo<int>& info);
#define FOR_EACH_VERSION(SUITE) \
  INSTANTIATE_TEST_SUITE_P(Tls, SUITE, testing::Values(TLS1_2_VERSION, TLS1_3_VERSION), VersionName)

}  // namespace napi_tls::tls::test

#endif  // TEST_NATIVE_HARNESS_H_
