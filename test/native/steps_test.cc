#include <mutex>
#include <shared_mutex>
#include <thread>

#include "harness.h"

namespace napi_tls::tls::test {

namespace {

using Type = Event::Type;

// A server whose handshake other threads take.
class Steps : public ForEachVersion {
 protected:
  Steps() : pair_(GetParam()) {
    pair_.server.engine().HandshakeInSteps();
    pair_.server.takes_steps = false;
  }

  // Up to the first step that is due.
  void StartToStep() {
    pair_.Start();
    ASSERT_TRUE(pair_.ToServer());
    ASSERT_TRUE(pair_.server.engine().step_due());
  }

  Pair pair_;
};

TEST_P(Steps, AreDueForTheFlightsOfTheClient) {
  StartToStep();
  EXPECT_FALSE(pair_.server.engine().busy());
  pair_.server.TakeStep();
  EXPECT_FALSE(pair_.server.engine().step_due());
  ASSERT_TRUE(pair_.ToClient());
  ASSERT_TRUE(pair_.ToServer());
  EXPECT_TRUE(pair_.server.engine().step_due());
  EXPECT_FALSE(pair_.server.open());
  pair_.server.TakeStep();
  EXPECT_TRUE(pair_.server.open());
  pair_.Run();
  EXPECT_TRUE(pair_.client.open());
  pair_.ExpectDataFlows();
}

TEST_P(Steps, AreLightWhereOnlyAFinishedIsMissing) {
  for (const Engine::Verify verify : {Engine::Verify::kNone, Engine::Verify::kRequest}) {
    Pair pair(GetParam());
    Engine& engine = pair.server.engine();
    engine.SetVerify(verify);
    engine.HandshakeInSteps();
    pair.server.takes_steps = false;
    pair.Start();
    ASSERT_TRUE(pair.ToServer());
    ASSERT_TRUE(engine.step_due());
    EXPECT_FALSE(engine.step_is_light());
    pair.server.TakeStep();
    ASSERT_TRUE(pair.ToClient());
    ASSERT_TRUE(pair.ToServer());
    ASSERT_TRUE(engine.step_due());
    EXPECT_EQ(engine.step_is_light(),
              GetParam() == TLS1_3_VERSION && verify == Engine::Verify::kNone);
  }
}

TEST_P(Steps, AreNotDueForAPartOfARecord) {
  pair_.Start();
  const std::vector<uint8_t> hello = pair_.client.TakeOutput();
  for (size_t i = 0; i + 1 < hello.size(); ++i) {
    pair_.server.Receive({&hello[i], 1});
    ASSERT_FALSE(pair_.server.engine().step_due());
  }
  pair_.server.Receive({&hello.back(), 1});
  EXPECT_TRUE(pair_.server.engine().step_due());
  pair_.server.takes_steps = true;
  pair_.server.Settle();
  pair_.fragment = 1;
  pair_.Run();
  EXPECT_TRUE(pair_.client.open());
  EXPECT_TRUE(pair_.server.open());
  pair_.ExpectDataFlows();
}

TEST_P(Steps, KeepWhatComesMeanwhile) {
  StartToStep();
  pair_.server.TakeStep();
  ASSERT_TRUE(pair_.ToClient());
  pair_.client.Write("with the end of the handshake");
  const std::vector<uint8_t> flight = pair_.client.TakeOutput();
  pair_.server.Receive(flight);
  Engine& engine = pair_.server.engine();
  ASSERT_TRUE(engine.step_due());
  engine.BeginStep();
  std::thread thread([&engine] { engine.RunStep(); });
  if (GetParam() == TLS1_3_VERSION) pair_.client.Write(", and after it");
  const std::vector<uint8_t> more = pair_.client.TakeOutput();
  engine.Receive(more);
  EXPECT_EQ(engine.early_size(), more.size());
  thread.join();
  engine.EndStep();
  pair_.server.Settle();
  pair_.Run();
  EXPECT_EQ(TextOf(pair_.server.plaintext), GetParam() == TLS1_3_VERSION
                                                ? "with the end of the handshake, and after it"
                                                : "with the end of the handshake");
}

TEST_P(Steps, PauseForQuestions) {
  pair_.server.engine().EnableCertificateQuestion();
  pair_.server.answers = false;
  StartToStep();
  pair_.server.TakeStep();
  EXPECT_FALSE(pair_.server.engine().step_due());
  pair_.server.Settle();
  ASSERT_EQ(pair_.server.Count(Type::kCertificate), 1u);
  EXPECT_TRUE(pair_.server.engine().SelectContext(ServerContext(GetParam())).ok());
  pair_.server.Answer();
  EXPECT_TRUE(pair_.server.engine().step_due());
  pair_.server.takes_steps = true;
  pair_.server.Settle();
  pair_.Run();
  EXPECT_TRUE(pair_.client.open());
  pair_.ExpectDataFlows();
}

TEST_P(Steps, FailWithTheirOwnError) {
  pair_.Start();
  std::vector<uint8_t> hello = pair_.client.TakeOutput();
  hello[5] = 0x63;  // no type of a handshake message
  pair_.server.Receive(hello);
  ASSERT_TRUE(pair_.server.engine().step_due());
  pair_.server.TakeStep();
  pair_.server.Settle();
  EXPECT_TRUE(pair_.server.failed());
  ASSERT_TRUE(pair_.server.error);
  EXPECT_EQ(pair_.server.error->code, "ERR_SSL_UNEXPECTED_MESSAGE");
  EXPECT_FALSE(pair_.server.engine().output().empty()) << "no alert";
}

TEST_P(Steps, EndWhereAnotherProtocolBegins) {
  pair_.server.Receive(BytesOf("GET / HTTP/1.1\r\n\r\n"));
  EXPECT_FALSE(pair_.server.engine().step_due());
  EXPECT_TRUE(pair_.server.failed());
  ASSERT_TRUE(pair_.server.error);
  EXPECT_EQ(pair_.server.error->code, "ERR_SSL_HTTP_REQUEST");
}

TEST_P(Steps, EndWhereASelectionIsEnabled) {
  pair_.server.engine().EnableAlpnCallback();
  pair_.Start();
  pair_.ToServer();
  EXPECT_FALSE(pair_.server.engine().step_due());
  pair_.Run();
  EXPECT_TRUE(pair_.client.open());
}

// For the thread sanitizer: threads take steps at a time, of connections that share a context,
// which is changed meanwhile.
TEST_P(Steps, ShareAContextThatChanges) {
  constexpr int kRounds = 3;
  constexpr size_t kThreads = 4;
  ContextPointer server_context = ServerContext(GetParam());
  ContextPointer client_context = ClientContext(GetParam());
  const TicketKeys::Block keys{};
  for (int round = 0; round < kRounds; ++round) {
    std::vector<std::unique_ptr<Pair>> pairs;
    for (size_t i = 0; i < kThreads; ++i) {
      pairs.push_back(std::make_unique<Pair>(client_context, server_context));
      pairs.back()->server.engine().HandshakeInSteps();
      pairs.back()->server.engine().EnableKeylog();
      pairs.back()->server.takes_steps = false;
      pairs.back()->Start();
    }
    for (int flight = 0; flight < 2; ++flight) {
      std::vector<std::thread> threads;
      for (auto& pair : pairs) {
        ASSERT_TRUE(pair->ToServer());
        Engine& engine = pair->server.engine();
        ASSERT_TRUE(engine.step_due());
        engine.BeginStep();
        threads.emplace_back([&engine] { engine.RunStep(); });
      }
      for (uint32_t change = 1; change <= 100; ++change) {
        server_context->ticket_keys().Set({keys.data(), keys.size()});
        const std::lock_guard<std::shared_mutex> lock(server_context->mutex());
        server_context->SetSessionTimeout(change);
        EXPECT_TRUE(server_context->SetSignatureAlgorithms("ECDSA+SHA256:RSA-PSS+SHA256").ok());
      }
      for (std::thread& thread : threads) thread.join();
      for (auto& pair : pairs) {
        pair->server.engine().EndStep();
        pair->server.Settle();
        pair->ToClient();
      }
    }
    for (auto& pair : pairs) {
      EXPECT_TRUE(pair->client.open());
      EXPECT_TRUE(pair->server.open());
    }
  }
}

FOR_EACH_VERSION(Steps);

}  // namespace

}  // namespace napi_tls::tls::test
