// What connections make the engine do, for callgrind: see index.js.
//
// Usage: engine_scenarios CREDENTIALS SCENARIO TIMES
//   CREDENTIALS: a directory with ca.pem, P-256.pem and P-256.key
//   SCENARIO: handshake, resumption or transfer

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "openssl/bytes.h"
#include "tls/connection_info.h"
#include "tls/context.h"
#include "tls/engine.h"

namespace {

using napi_tls::openssl::Bytes;
using napi_tls::tls::Context;
using napi_tls::tls::Engine;
using napi_tls::tls::EngineHost;
using napi_tls::tls::Event;
using napi_tls::tls::SessionReused;

constexpr size_t kWriteSize = 64 * 1024;
constexpr size_t kTransferSize = 1024 * 1024;

void Check(bool condition, const char* what) {
  if (condition) return;
  std::fprintf(stderr, "engine_scenarios: %s\n", what);
  std::exit(1);
}

std::vector<uint8_t> Read(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::vector<uint8_t> bytes{std::istreambuf_iterator<char>(file), {}};
  Check(!bytes.empty(), path.c_str());
  return bytes;
}

std::shared_ptr<Context> NewContext() {
  auto context = Context::Create(std::nullopt, TLS1_3_VERSION, TLS1_3_VERSION);
  Check(context.ok(), "no context");
  return context.value();
}

// One end of a connection, with as little of a host as will do.
class Peer : public EngineHost {
 public:
  Peer(std::shared_ptr<Context> context, Engine::Role role) : slab_(kWriteSize) {
    auto engine = Engine::Create(std::move(context), role, this);
    Check(engine.ok(), "no engine");
    engine_ = std::move(engine.value());
  }

  Engine& engine() { return *engine_; }
  size_t received() const { return received_; }
  const std::vector<uint8_t>& session() const { return session_; }

  // Hands what there is to send to the other end. False: there was nothing.
  bool SendTo(Peer* other) {
    Engine& from = engine();
    if (from.output().empty()) return false;
    other->engine().Receive(from.output().bytes());
    from.output().Clear();
    other->Settle();
    return true;
  }

  uint8_t* ReservePlaintext(size_t* size) override {
    *size = slab_.size();
    return slab_.data();
  }
  void CommitPlaintext(size_t size) override { received_ += size; }
  AlpnChoice SelectAlpn(Bytes, Bytes*) override { return AlpnChoice::kNone; }
  std::optional<PskAnswer> PskForServer(const char*, size_t, size_t) override { return {}; }
  std::optional<std::vector<uint8_t>> PskForClient(const char*, size_t) override { return {}; }

 private:
  void Settle() {
    do {
      while (std::optional<Event> event = engine_->NextEvent()) {
        if (event->type == Event::Type::kSession) session_ = std::move(event->data);
      }
      if (engine_->can_continue()) engine_->Continue();
    } while (engine_->HasEvent());
    Check(!engine_->has_error(), "the connection failed");
  }

  std::unique_ptr<Engine> engine_;
  std::vector<uint8_t> slab_;
  std::vector<uint8_t> session_;
  size_t received_ = 0;
};

struct Connection {
  Connection(std::shared_ptr<Context> client_context, std::shared_ptr<Context> server_context)
      : client(std::move(client_context), Engine::Role::kClient),
        server(std::move(server_context), Engine::Role::kServer) {}

  void Run() {
    while (client.SendTo(&server) || server.SendTo(&client)) {
    }
  }

  void Handshake(const std::vector<uint8_t>* session) {
    client.engine().EnableSessionEvents();
    client.engine().SetVerify(Engine::Verify::kRequire);
    Check(client.engine().SetServername("localhost"), "no server name");
    if (session != nullptr) Check(client.engine().SetSession(*session), "not a session");
    server.engine().Start();
    client.engine().Start();
    Run();
    Check(client.engine().state() == Engine::State::kOpen, "the client is not open");
    Check(server.engine().state() == Engine::State::kOpen, "the server is not open");
    Check(SessionReused(client.engine()) == (session != nullptr), "resumed or not");
  }

  void Transfer(const std::vector<uint8_t>& chunk) {
    const size_t before = client.received();
    for (size_t sent = 0; sent < kTransferSize; sent += chunk.size()) {
      Check(server.engine().Write(chunk) == chunk.size(), "a part was written");
      Run();
    }
    Check(client.received() - before == kTransferSize, "a part has arrived");
  }

  void Close() {
    client.engine().Close();
    server.engine().Close();
    Run();
  }

  Peer client;
  Peer server;
};

}  // namespace

int main(int argc, char** argv) {
  Check(argc == 4, "usage: engine_scenarios CREDENTIALS SCENARIO TIMES");
  const std::string credentials = argv[1];
  const std::string scenario = argv[2];
  const int times = std::atoi(argv[3]);

  auto client_context = NewContext();
  Check(client_context->AddCACertificates(Read(credentials + "/ca.pem")).ok(), "no authority");
  auto server_context = NewContext();
  Check(server_context->SetCertificateChain(Read(credentials + "/P-256.pem")).ok(), "no chain");
  Check(server_context->SetPrivateKey(Read(credentials + "/P-256.key"), std::nullopt).ok(),
        "no key");

  Connection first(client_context, server_context);
  first.Handshake(nullptr);
  const std::vector<uint8_t> session = first.client.session();
  const std::vector<uint8_t> chunk(kWriteSize, 'x');

  for (int i = 0; i < times; ++i) {
    if (scenario == "transfer") {
      first.Transfer(chunk);
      continue;
    }
    Check(scenario == "handshake" || scenario == "resumption", "unknown scenario");
    Connection connection(client_context, server_context);
    connection.Handshake(scenario == "resumption" ? &session : nullptr);
    connection.Close();
  }
  return 0;
}
