#include "harness.h"

#include <algorithm>
#include <cstdlib>
#include <thread>
#include <utility>

namespace napi_tls::tls::test {

namespace {

// More than any test needs; a test that gets here has an engine that never falls silent.
constexpr int kMaxRounds = 10000;

constexpr size_t kSlabSize = 64 * 1024;

}  // namespace

openssl::Bytes BytesOf(const std::string& text) {
  return {reinterpret_cast<const uint8_t*>(text.data()), text.size()};
}

std::string TextOf(const std::vector<uint8_t>& bytes) { return {bytes.begin(), bytes.end()}; }

std::vector<uint8_t> Pattern(size_t size) {
  std::vector<uint8_t> bytes(size);
  for (size_t i = 0; i < size; ++i) bytes[i] = static_cast<uint8_t>(i % 251);
  return bytes;
}

ContextPointer NewContext(int version) {
  const int min = version == 0 ? TLS1_2_VERSION : version;
  const int max = version == 0 ? TLS1_3_VERSION : version;
  auto context = Context::Create(std::nullopt, min, max);
  EXPECT_TRUE(context.ok());
  return context.value();
}

void UseIdentity(Context* context, const Identity& identity) {
  EXPECT_TRUE(context->SetCertificateChain(BytesOf(identity.CertificatePem())).ok());
  EXPECT_TRUE(context->SetPrivateKey(BytesOf(identity.KeyPem()), std::nullopt).ok());
}

ContextPointer ClientContext(int version) {
  ContextPointer context = NewContext(version);
  EXPECT_TRUE(context->AddCACertificates(BytesOf(Certificates().authority.CertificatePem())).ok());
  return context;
}

ContextPointer ServerContext(int version, const Identity& identity) {
  ContextPointer context = NewContext(version);
  UseIdentity(context.get(), identity);
  EXPECT_TRUE(context->SetSessionIdContext(BytesOf("tests")).ok());
  return context;
}

Peer::Peer(ContextPointer context, Engine::Role role) {
  auto engine = Engine::Create(std::move(context), role, this);
  EXPECT_TRUE(engine.ok());
  engine_ = std::move(engine.value());
  const char* steps = getenv("NAPI_TLS_STEPS");
  if (steps != nullptr && *steps == '1' && role == Engine::Role::kServer) {
    engine_->HandshakeInSteps();
  }
}

void Peer::TakeStep() {
  if (!engine_->step_due()) return;
  engine_->BeginStep();
  std::thread([this] { engine_->RunStep(); }).join();
  engine_->EndStep();
}

void Peer::Settle() {
  for (int round = 0; round < kMaxRounds; ++round) {
    bool idle = true;
    if (takes_steps && engine_->step_due()) {
      TakeStep();
      idle = false;
    }
    if (!unwritten_.empty()) {
      const size_t taken = engine_->Write(unwritten_);
      unwritten_.erase(unwritten_.begin(), unwritten_.begin() + taken);
      idle = taken == 0;
    }
    if (std::optional<Event> event = engine_->NextEvent()) {
      events.push_back(std::move(*event));
      if (events.back().IsQuestion() && answers) Answer();
      idle = false;
    }
    if (engine_->can_continue() && room > 0) {
      engine_->Continue();
      idle = false;
    }
    if (idle) {
      if (engine_->has_error()) error = engine_->TakeError();
      return;
    }
  }
  ADD_FAILURE() << "an engine that does not come to rest";
}

void Peer::Answer() {
  // It stays where it is when the answer adds to the events.
  const Event& question = events.back();
  if (on_question) on_question(question);
  engine_->Resume();
}

void Peer::SelectContext(ContextPointer context) {
  engine_->EnableCertificateQuestion();
  on_question = [this, context](const Event&) {
    EXPECT_TRUE(engine_->SelectContext(context).ok());
  };
}

void Peer::Receive(openssl::Bytes ciphertext) {
  engine_->Receive(ciphertext);
  Settle();
}

void Peer::Write(openssl::Bytes plaintext) {
  unwritten_.insert(unwritten_.end(), plaintext.data, plaintext.data + plaintext.size);
  Settle();
}

std::vector<uint8_t> Peer::TakeOutput() {
  if (engine_->output_held()) return {};
  return engine_->output().Take();
}

size_t Peer::Count(Event::Type type) const {
  return static_cast<size_t>(std::count_if(
      events.begin(), events.end(), [type](const Event& event) { return event.type == type; }));
}

const Event* Peer::Last(Event::Type type) const {
  const auto found = std::find_if(events.rbegin(), events.rend(),
                                  [type](const Event& event) { return event.type == type; });
  return found == events.rend() ? nullptr : &*found;
}

uint8_t* Peer::ReservePlaintext(size_t* size) {
  if (room == 0) return nullptr;
  slab_.resize(kSlabSize);
  *size = std::min(room, kSlabSize);
  return slab_.data();
}

void Peer::CommitPlaintext(size_t size) {
  plaintext.insert(plaintext.end(), slab_.begin(), slab_.begin() + size);
  if (room != std::numeric_limits<size_t>::max()) room -= size;
}

EngineHost::AlpnChoice Peer::SelectAlpn(Bytes offered, Bytes* selected) {
  return on_alpn ? on_alpn(offered, selected) : AlpnChoice::kNone;
}

std::optional<EngineHost::PskAnswer> Peer::PskForServer(const char* hint, size_t, size_t) {
  return psk_for_server ? psk_for_server(hint) : std::nullopt;
}

std::optional<std::vector<uint8_t>> Peer::PskForClient(const char* identity, size_t) {
  return psk_for_client ? psk_for_client(identity) : std::nullopt;
}

void ExpectSane(const Peer& peer) {
  EXPECT_EQ(peer.failed(), peer.error.has_value());
  if (peer.error) {
    EXPECT_FALSE(peer.error->message.empty());
    EXPECT_EQ(peer.error->code.rfind("ERR_SSL_", 0), 0u) << peer.error->code;
  }
  if (peer.failed()) {
    EXPECT_EQ(peer.engine().backlog_size(), 0u);
  }
}

void Pair::Start() {
  server.engine().Start();
  client.engine().Start();
  server.Settle();
  client.Settle();
}

bool Pair::Deliver(Peer* from, Peer* to) {
  const std::vector<uint8_t> sent = from->TakeOutput();
  for (size_t offset = 0; offset < sent.size();) {
    const size_t size = std::min(fragment, sent.size() - offset);
    // A copy of exactly this size, so that a read beyond its end is seen.
    to->Receive(std::vector<uint8_t>(sent.begin() + offset, sent.begin() + offset + size));
    offset += size;
  }
  from->Settle();
  return !sent.empty();
}

void Pair::Run() {
  for (int round = 0; round < kMaxRounds; ++round) {
    const bool to_server = ToServer();
    const bool to_client = ToClient();
    if (!to_server && !to_client) return;
  }
  ADD_FAILURE() << "two engines that do not come to rest";
}

void Pair::Handshake() {
  Start();
  Run();
  ASSERT_TRUE(client.open()) << (client.error ? client.error->message : "");
  ASSERT_TRUE(server.open()) << (server.error ? server.error->message : "");
}

void Pair::ExpectDataFlows() {
  client.plaintext.clear();
  server.plaintext.clear();
  client.Write("from the client");
  server.Write("from the server");
  Run();
  EXPECT_EQ(TextOf(server.plaintext), "from the client");
  EXPECT_EQ(TextOf(client.plaintext), "from the server");
}

std::vector<uint8_t> SessionOf(Pair* pair) {
  pair->client.engine().EnableSessionEvents();
  pair->Handshake();
  pair->ExpectDataFlows();
  const Event* session = pair->client.Last(Event::Type::kSession);
  EXPECT_NE(session, nullptr);
  return session == nullptr ? std::vector<uint8_t>() : session->data;
}

std::string VersionName(const testing::TestParamInfo<int>& info) {
  return info.param == TLS1_2_VERSION ? "1_2" : "1_3";
}

}  // namespace napi_tls::tls::test
