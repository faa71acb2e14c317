#include "endpoint.h"

#include <algorithm>
#include <map>
#include <memory>
#include <string>
#include <utility>

namespace napi_tls::tls::test::fuzz {

namespace {

using Role = Engine::Role;
using Type = Event::Type;

constexpr uint16_t kVersions = kTls12 | kTls13;
// More than one end of a connection ever needs to come to rest.
constexpr int kMaxRounds = 10000;
constexpr size_t kSmallPiece = 7;

const std::string kProtocols = "\x02h2\x08http/1.1";

int VersionOf(uint16_t settings) {
  if ((settings & kTls12) != 0) return TLS1_2_VERSION;
  return (settings & kTls13) != 0 ? TLS1_3_VERSION : 0;
}

// What of the settings makes a context another one.
uint16_t KeyOf(Role role, uint16_t settings) {
  return settings & (kVersions | (role == Role::kClient ? kClientAuth : kSession));
}

ContextPointer MakeContext(Role role, uint16_t settings) {
  const int version = VersionOf(settings);
  ContextPointer context = role == Role::kClient ? ClientContext(version) : ServerContext(version);
  if ((settings & kVersions) == kVersions) {
    EXPECT_TRUE(context->SetCiphers("PSK").ok());
  }
  if (role == Role::kServer) {
    EXPECT_TRUE(
        context->AddCACertificates(BytesOf(Certificates().authority.CertificatePem())).ok());
    // Sessions are looked up where there are no tickets.
    if ((settings & kSession) != 0) context->SetOptions(SSL_OP_NO_TICKET);
  } else if ((settings & kClientAuth) != 0) {
    UseIdentity(context.get(), Certificates().client);
  }
  return context;
}

struct Shared {
  std::map<std::pair<Role, uint16_t>, ContextPointer> contexts;
  std::map<std::pair<Role, uint16_t>, std::vector<uint8_t>> sessions;
  ContextPointer second;  // for other.example
};

// Never destroyed: OpenSSL has cleaned up by then.
Shared& TheShared() {
  static Shared& shared = *std::make_unique<Shared>().release();
  return shared;
}

// Both ends, until neither has anything to say.
void Connect(Endpoint* client, Endpoint* server, Recording* recording) {
  server->Start();
  client->Start();
  for (int round = 0; round < kMaxRounds; ++round) {
    const Input to_server = client->TakeOutput();
    server->Receive(to_server);
    const Input to_client = server->TakeOutput();
    client->Receive(to_client);
    if (to_server.empty() && to_client.empty()) break;
    recording->from_client.insert(recording->from_client.end(), to_server.begin(), to_server.end());
    recording->from_server.insert(recording->from_server.end(), to_client.begin(), to_client.end());
  }
}

void MakeSessions(uint16_t settings) {
  Endpoint client(Role::kClient, settings | kSessionEvents | kWrite);
  Endpoint server(Role::kServer, settings | kSession | kSessionEvents | kWrite);
  Recording recording;
  Connect(&client, &server, &recording);
  const Event* of_client = client.peer().Last(Type::kSession);
  const Event* of_server = server.peer().Last(Type::kNewSession);
  ASSERT_TRUE(of_client != nullptr && of_server != nullptr);
  TheShared().sessions[{Role::kClient, settings}] = of_client->data;
  TheShared().sessions[{Role::kServer, settings}] = of_server->data;
}

}  // namespace

void PrepareEndpoints() {
  Shared& shared = TheShared();
  for (const uint16_t version : {0, int{kTls12}, int{kTls13}, int{kVersions}}) {
    for (const auto& [role, extra] :
         {std::pair(Role::kClient, kClientAuth), std::pair(Role::kServer, kSession)}) {
      for (const int settings : {int{version}, version | extra}) {
        shared.contexts[{role, settings}] = MakeContext(role, static_cast<uint16_t>(settings));
      }
    }
  }
  shared.second = ServerContext(0, Certificates().second);
  MakeSessions(kTls12);
  MakeSessions(kTls13);
}

ContextPointer SharedContext(Role role, uint16_t settings) {
  return TheShared().contexts.at({role, KeyOf(role, settings)});
}

const std::vector<uint8_t>& SharedSession(Role role, uint16_t settings) {
  const bool old = (settings & kTls12) != 0;
  return TheShared().sessions[{role, old ? kTls12 : kTls13}];
}

Endpoint::Endpoint(Role role, uint16_t settings)
    : role_(role), settings_(settings), peer_(SharedContext(role, settings), role) {
  Enter();
  const auto has = [settings](Setting setting) { return (settings & setting) != 0; };
  Engine& engine = peer_.engine();
  peer_.on_question = [this](const Event& question) { Answer(question); };
  if (has(kLittleRoom)) peer_.room = kSmallPiece;
  if (has(kSteps) && role == Role::kServer) engine.HandshakeInSteps();
  if (has(kSessionEvents)) engine.EnableSessionEvents();
  if (has(kKeylog)) engine.EnableKeylog();
  if (has(kPsk)) {
    engine.EnablePsk();
    peer_.psk_for_server = [](const char*) {
      return EngineHost::PskAnswer{"identity", Pattern(32)};
    };
    peer_.psk_for_client = [](const std::string&) { return Pattern(32); };
  }
  if (role == Role::kClient) {
    EXPECT_TRUE(engine.SetServername(has(kOcsp) ? "other.example" : "localhost"));
    engine.SetVerify(Engine::Verify::kRequest);
    if (has(kSession)) {
      EXPECT_TRUE(engine.SetSession(SharedSession(role, settings)));
    }
    if (has(kOcsp)) engine.RequestOcsp();
    if (has(kAlpn)) {
      EXPECT_TRUE(engine.SetAlpnProtocols(BytesOf(kProtocols)));
    }
    return;
  }
  if (has(kSession)) engine.EnableSessionLookup();
  if (has(kOcsp)) engine.EnableCertificateQuestion();
  if (has(kClientAuth)) engine.SetVerify(Engine::Verify::kRequire);
  if (has(kPsk)) {
    EXPECT_TRUE(engine.SetPskIdentityHint("hint"));
  }
  if (has(kAlpn)) {
    engine.EnableAlpnCallback();
    peer_.on_alpn = [](Bytes offered, Bytes* selected) {
      // The first, of a list that OpenSSL has found to be well-formed.
      EXPECT_GT(offered.size, size_t{offered.data[0]});
      *selected = {offered.data + 1, offered.data[0]};
      return EngineHost::AlpnChoice::kSelected;
    };
  } else {
    EXPECT_TRUE(engine.SetAlpnProtocols(BytesOf(kProtocols)));
  }
}

void Endpoint::Enter() const {
  UseStream(role_ == Role::kClient ? Stream::kClient : Stream::kServer);
}

void Endpoint::Answer(const Event& question) {
  Engine& engine = peer_.engine();
  if (question.type == Type::kSessionLookup) {
    engine.ProvideSession(SharedSession(role_, settings_));
  } else if (question.type == Type::kCertificate) {
    if (TextOf(question.id) == "other.example") {
      EXPECT_TRUE(engine.SelectContext(TheShared().second).ok());
    }
    engine.SetOcspResponse(BytesOf("a response"));
  }
}

void Endpoint::Start() {
  Enter();
  engine().Start();
  Settle();
}

void Endpoint::Receive(Bytes ciphertext) {
  const size_t piece = (settings_ & kFragments) != 0 ? kSmallPiece : ciphertext.size;
  while (ciphertext.size > 0) {
    const size_t size = std::min(piece, ciphertext.size);
    // A copy of exactly this size, so that a read beyond its end is seen.
    const std::vector<uint8_t> copy(ciphertext.data, ciphertext.data + size);
    ciphertext = {ciphertext.data + size, ciphertext.size - size};
    Enter();
    peer_.Receive(copy);
    Settle();
  }
  UseConnection();
}

void Endpoint::Write(Bytes plaintext) {
  Enter();
  peer_.Write(plaintext);
}

Input Endpoint::TakeOutput() { return peer_.TakeOutput(); }

void Endpoint::Settle() {
  Enter();
  for (int round = 0; round < kMaxRounds; ++round) {
    peer_.Settle();
    if ((settings_ & kLittleRoom) == 0 || !engine().can_continue()) return;
    peer_.room = kSmallPiece;
  }
  ADD_FAILURE() << "an engine that does not come to rest";
}

void Endpoint::UseConnection() {
  if (used_ || !peer_.open()) return;
  used_ = true;
  if ((settings_ & kWrite) != 0) Write(Pattern(100));
  if ((settings_ & kRenegotiate) != 0) static_cast<void>(engine().Renegotiate());
  if ((settings_ & kClose) != 0) engine().Close();
  Settle();
}

void Endpoint::Look() {
  const Engine& engine = peer_.engine();
  Cipher(engine);
  EphemeralKey(engine);
  EphemeralDHSize(engine);
  VerifyPeer(engine);
  Protocol(engine);
  AlpnProtocol(engine);
  Servername(engine);
  SharedSigalgs(engine);
  Finished(engine);
  PeerFinished(engine);
  Session(engine);
  Ticket(engine);
  SessionReused(engine);
  PeerCertificates(engine, true);
  PeerChain(engine);
  Certificate(engine);
  SimplePeerNames(engine);
  static_cast<void>(ExportKeyingMaterial(engine, 32, "EXPERIMENTAL", nullptr));
}

void Endpoint::ExpectSane() { test::ExpectSane(peer_); }

Recording Record(uint16_t settings) {
  RestartRandom();
  Endpoint client(Role::kClient, settings);
  Endpoint server(Role::kServer, settings);
  Recording recording;
  Connect(&client, &server, &recording);
  return recording;
}

std::vector<uint16_t> RecordedSettings() {
  std::vector<uint16_t> all;
  for (const int version : {0, int{kTls12}, int{kTls13}}) {
    for (const int extra :
         {int{kWrite}, kWrite | kSession | kSessionEvents, kWrite | kOcsp | kAlpn | kKeylog,
          kWrite | kClientAuth | kFragments, kWrite | kSteps | kLittleRoom, kRenegotiate | kWrite,
          kWrite | kClose, kPsk | kWrite}) {
      all.push_back(static_cast<uint16_t>(version | extra));
    }
  }
  all.push_back(kVersions | kPsk | kWrite);
  return all;
}

}  // namespace napi_tls::tls::test::fuzz
