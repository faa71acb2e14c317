#include <algorithm>
#include <set>

#include "harness.h"

namespace napi_tls::tls::test {

namespace {

using Type = Event::Type;

class Handshake : public ForEachVersion {};

TEST_P(Handshake, OpensBothEnds) {
  Pair pair(GetParam());
  EXPECT_EQ(pair.client.engine().state(), Engine::State::kIdle);
  pair.Start();
  EXPECT_EQ(pair.client.engine().state(), Engine::State::kHandshake);
  EXPECT_EQ(pair.server.engine().state(), Engine::State::kHandshake);
  EXPECT_TRUE(pair.server.engine().output().empty()) << "a server waits";
  pair.Run();
  ASSERT_TRUE(pair.client.open());
  ASSERT_TRUE(pair.server.open());
  EXPECT_EQ(pair.client.engine().backlog_size(), 0u);
  EXPECT_EQ(pair.server.engine().backlog_size(), 0u);
  pair.ExpectDataFlows();
}

TEST_P(Handshake, IsToldOnceWhenItIsDone) {
  Pair pair(GetParam());
  pair.Handshake();
  pair.ExpectDataFlows();
  for (Peer* peer : {&pair.client, &pair.server}) {
    ASSERT_EQ(peer->events.size(), 1u);
    EXPECT_EQ(peer->events[0].type, Type::kHandshakeDone);
  }
}

TEST_P(Handshake, StartsOnce) {
  Pair pair(GetParam());
  pair.client.engine().Start();
  const std::vector<uint8_t> hello = pair.client.TakeOutput();
  EXPECT_FALSE(hello.empty());
  pair.client.engine().Start();
  EXPECT_TRUE(pair.client.TakeOutput().empty());
}

TEST_P(Handshake, BeginsWithTheFirstInputWhenItWasNotStarted) {
  Pair pair(GetParam());
  pair.client.engine().Start();
  const std::vector<uint8_t> hello = pair.client.TakeOutput();
  pair.server.engine().Receive({hello.data(), 10});
  EXPECT_EQ(pair.server.engine().state(), Engine::State::kHandshake);
  pair.server.engine().Receive({hello.data() + 10, hello.size() - 10});
  pair.server.TakeStep();
  pair.server.engine().Start();
  pair.Run();
  EXPECT_TRUE(pair.client.open());
  EXPECT_TRUE(pair.server.open());
}

TEST_P(Handshake, TakesNoPlaintextBeforeItsEnd) {
  Pair pair(GetParam());
  EXPECT_EQ(pair.client.engine().Write(BytesOf("early")), 0u);
  pair.Start();
  EXPECT_EQ(pair.client.engine().Write(BytesOf("early")), 0u);
  pair.Run();
  EXPECT_EQ(pair.client.engine().Write(BytesOf("now")), 3u);
  pair.Run();
  EXPECT_EQ(TextOf(pair.server.plaintext), "now");
}

TEST_P(Handshake, ProvidesBothEndsWithTheSameSecrets) {
  Pair pair(GetParam());
  pair.Handshake();
  const Engine& client = pair.client.engine();
  const Engine& server = pair.server.engine();
  EXPECT_FALSE(Finished(client).empty());
  EXPECT_EQ(Finished(client), PeerFinished(server));
  EXPECT_EQ(Finished(server), PeerFinished(client));
  EXPECT_NE(Finished(client), Finished(server));

  const std::string text = "context";
  const Bytes context = BytesOf(text);
  const auto exported = [](const Engine& engine, size_t size, const char* label,
                           const Bytes* context) {
    auto material = ExportKeyingMaterial(engine, size, label, context);
    EXPECT_TRUE(material.ok());
    return material.ok() ? material.value() : Octets{};
  };
  for (const Bytes* used : {static_cast<const Bytes*>(nullptr), &context}) {
    for (const size_t size : {1, 32, 128}) {
      EXPECT_EQ(exported(client, size, "EXPORTER-tests", used),
                exported(server, size, "EXPORTER-tests", used));
    }
  }
  std::set<Octets> different{exported(client, 32, "EXPORTER-tests", nullptr),
                             exported(client, 32, "EXPORTER-others", nullptr),
                             exported(client, 32, "EXPORTER-tests", &context)};
  EXPECT_EQ(different.size(), 3u);
  // RFC 8446, 7.5: no context is an empty one, which TLS 1.2 tells apart (RFC 5705, 4).
  const Bytes empty;
  EXPECT_EQ(exported(client, 32, "EXPORTER-tests", &empty) ==
                exported(client, 32, "EXPORTER-tests", nullptr),
            GetParam() == TLS1_3_VERSION);
}

TEST_P(Handshake, ExportsNothingBeforeItsEnd) {
  Pair pair(GetParam());
  auto material = ExportKeyingMaterial(pair.client.engine(), 32, "EXPORTER-tests", nullptr);
  ASSERT_FALSE(material.ok());
  EXPECT_FALSE(material.error().message.empty());
  EXPECT_TRUE(Finished(pair.client.engine()).empty());
  EXPECT_TRUE(PeerFinished(pair.client.engine()).empty());
  EXPECT_EQ(Cipher(pair.client.engine()), std::nullopt);
}

TEST_P(Handshake, DescribesTheConnection) {
  const bool tls13 = GetParam() == TLS1_3_VERSION;
  Pair pair(GetParam());
  ASSERT_TRUE(pair.client.engine().SetServername("localhost"));
  pair.Handshake();
  for (const Peer* peer : {&pair.client, &pair.server}) {
    EXPECT_EQ(Protocol(peer->engine()), tls13 ? "TLSv1.3" : "TLSv1.2");
    EXPECT_EQ(Servername(peer->engine()), "localhost");
    EXPECT_EQ(AlpnProtocol(peer->engine()), std::nullopt);
    EXPECT_FALSE(SessionReused(peer->engine()));
    const auto cipher = Cipher(peer->engine());
    ASSERT_TRUE(cipher);
    EXPECT_EQ(cipher->name, tls13 ? "TLS_AES_256_GCM_SHA384" : "ECDHE-ECDSA-AES256-GCM-SHA384");
    EXPECT_EQ(cipher->standard_name,
              tls13 ? "TLS_AES_256_GCM_SHA384" : "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384");
    EXPECT_EQ(cipher->version, tls13 ? "TLSv1.3" : "TLSv1.2");
  }
  EXPECT_EQ(EphemeralKey(pair.client.engine()).type, "ECDH");
  EXPECT_EQ(EphemeralKey(pair.client.engine()).name, "X25519");
  EXPECT_EQ(EphemeralKey(pair.client.engine()).size, 253);
  const std::vector<std::string> algorithms = SharedSigalgs(pair.server.engine());
  EXPECT_EQ(std::count(algorithms.begin(), algorithms.end(), "ECDSA+SHA256"), 1);
}

TEST_P(Handshake, LogsKeysWhenAsked) {
  Pair pair(GetParam());
  pair.server.engine().EnableKeylog();
  pair.Handshake();
  EXPECT_EQ(pair.client.Count(Type::kKeylog), 0u);
  EXPECT_EQ(pair.server.Count(Type::kKeylog), GetParam() == TLS1_3_VERSION ? 5u : 1u);
  const std::string line = TextOf(pair.server.Last(Type::kKeylog)->data);
  EXPECT_EQ(line.back(), '\n');
  EXPECT_EQ(std::count(line.begin(), line.end(), ' '), 2);
}

FOR_EACH_VERSION(Handshake);

TEST(HandshakeVersions, TakesTheHighestInCommon) {
  Pair both(0);
  both.Handshake();
  EXPECT_EQ(Protocol(both.client.engine()), "TLSv1.3");
  Pair old_client(ClientContext(TLS1_2_VERSION), ServerContext(0));
  old_client.Handshake();
  EXPECT_EQ(Protocol(old_client.client.engine()), "TLSv1.2");
}

TEST(HandshakeVersions, FailsAtBothEndsWithoutOneInCommon) {
  Pair pair(ClientContext(TLS1_2_VERSION), ServerContext(TLS1_3_VERSION));
  pair.Start();
  pair.Run();
  ASSERT_TRUE(pair.server.failed());
  ASSERT_TRUE(pair.client.failed());
  EXPECT_EQ(pair.server.error->code, "ERR_SSL_UNSUPPORTED_PROTOCOL");
  EXPECT_EQ(pair.client.error->code, "ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION");
  EXPECT_EQ(pair.server.Count(Type::kHandshakeDone), 0u);
}

TEST(HandshakeVersions, FailsWithoutACipherInCommon) {
  ContextPointer client = ClientContext(TLS1_2_VERSION);
  ContextPointer server = ServerContext(TLS1_2_VERSION);
  ASSERT_TRUE(client->SetCiphers("ECDHE-ECDSA-AES128-GCM-SHA256").ok());
  ASSERT_TRUE(server->SetCiphers("ECDHE-ECDSA-AES256-GCM-SHA384").ok());
  Pair pair(client, server);
  pair.Start();
  pair.Run();
  ASSERT_TRUE(pair.server.error);
  ASSERT_TRUE(pair.client.error);
  EXPECT_EQ(pair.server.error->code, "ERR_SSL_NO_SHARED_CIPHER");
  EXPECT_EQ(pair.client.error->library, "SSL routines");
}

}  // namespace

}  // namespace napi_tls::tls::test
