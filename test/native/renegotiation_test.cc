#include "harness.h"

namespace napi_tls::tls::test {

namespace {

using Type = Event::Type;

class Renegotiation : public testing::Test {
 protected:
  Renegotiation() : pair_(TLS1_2_VERSION) {}

  // The first handshake has no announced start; OpenSSL counts the HelloRequest of a server as one.
  void ExpectHandshakes(size_t count, size_t hello_requests = 0) {
    for (const Peer* peer : {&pair_.client, &pair_.server}) {
      EXPECT_TRUE(peer->open()) << (peer->error ? peer->error->message : "");
      EXPECT_EQ(peer->Count(Type::kHandshakeDone), count);
    }
    EXPECT_EQ(pair_.client.Count(Type::kHandshakeStart), count - 1);
    EXPECT_EQ(pair_.server.Count(Type::kHandshakeStart), count - 1 + hello_requests);
    pair_.ExpectDataFlows();
  }

  Pair pair_;
};

TEST_F(Renegotiation, OfTheClientIsServed) {
  pair_.Handshake();
  for (size_t count = 2; count <= 5; ++count) {
    EXPECT_TRUE(pair_.client.engine().Renegotiate().ok());
    pair_.Run();
    ExpectHandshakes(count);
  }
}

TEST_F(Renegotiation, OfTheServerIsServed) {
  pair_.Handshake();
  for (size_t count = 2; count <= 5; ++count) {
    EXPECT_TRUE(pair_.server.engine().Renegotiate().ok());
    pair_.Run();
    ExpectHandshakes(count, count - 1);
  }
}

TEST_F(Renegotiation, ArrivesInPieces) {
  for (const size_t fragment : {1, 2, 7, 1000}) {
    Pair pair(TLS1_2_VERSION);
    pair.fragment = fragment;
    pair.client.engine().EnableSessionEvents();
    pair.Handshake();
    EXPECT_TRUE(pair.server.engine().Renegotiate().ok());
    pair.Run();
    EXPECT_EQ(pair.client.Count(Type::kHandshakeDone), 2u);
    pair.ExpectDataFlows();
  }
}

TEST_F(Renegotiation, KeepsPlaintextThatIsUnderWay) {
  pair_.Handshake();
  pair_.client.Write("before ");
  EXPECT_TRUE(pair_.client.engine().Renegotiate().ok());
  EXPECT_EQ(pair_.client.engine().Write(BytesOf("too early")), 0u);
  EXPECT_TRUE(pair_.client.open());
  pair_.client.Write("after");
  pair_.Run();
  EXPECT_EQ(TextOf(pair_.server.plaintext), "before after");
  ExpectHandshakes(2);
}

TEST_F(Renegotiation, CanAskForACertificateThatWasNotAskedFor) {
  ContextPointer client = ClientContext(TLS1_2_VERSION);
  UseIdentity(client.get(), Certificates().client);
  ContextPointer server = ServerContext(TLS1_2_VERSION);
  // With a ticket the client would resume its session, and would not be asked.
  server->SetOptions(SSL_OP_NO_TICKET);
  ASSERT_TRUE(server->AddCACertificates(BytesOf(Certificates().authority.CertificatePem())).ok());
  Pair pair(client, server);
  pair.Handshake();
  EXPECT_TRUE(PeerCertificates(pair.server.engine(), false).empty());
  pair.server.engine().SetVerify(Engine::Verify::kRequire);
  EXPECT_TRUE(pair.server.engine().Renegotiate().ok());
  pair.Run();
  ASSERT_TRUE(pair.server.open());
  EXPECT_EQ(pair.server.Count(Type::kHandshakeDone), 2u);
  ASSERT_FALSE(VerifyPeer(pair.server.engine())) << VerifyPeer(pair.server.engine())->code;
  EXPECT_EQ(SimplePeerNames(pair.server.engine())->common_name, "client");
}

TEST_F(Renegotiation, AsksTheQuestionsAgain) {
  pair_.server.engine().EnableCertificateQuestion();
  pair_.Handshake();
  EXPECT_TRUE(pair_.client.engine().Renegotiate().ok());
  pair_.server.answers = false;
  pair_.Run();
  EXPECT_EQ(pair_.server.Count(Type::kCertificate), 2u);
  ASSERT_TRUE(pair_.server.engine().awaiting_answer());
  // Nothing is written, renegotiated or closed past a question.
  EXPECT_EQ(pair_.server.engine().Write(BytesOf("data")), 0u);
  EXPECT_TRUE(pair_.server.engine().Renegotiate().ok()) << "one is under way";
  pair_.server.engine().Close();
  EXPECT_TRUE(pair_.server.engine().output().empty());
  pair_.server.Answer();
  pair_.server.Settle();
  pair_.Run();
  ExpectHandshakes(2);
}

TEST_F(Renegotiation, IsRefusedByTheOption) {
  ContextPointer client = ClientContext(TLS1_2_VERSION);
  client->SetOptions(SSL_OP_NO_RENEGOTIATION);
  Pair pair(client, ServerContext(TLS1_2_VERSION));
  pair.Handshake();
  Status status = pair.client.engine().Renegotiate();
  ASSERT_FALSE(status.ok());
  EXPECT_EQ(status.error().code, "ERR_SSL_NO_RENEGOTIATION");
  pair.ExpectDataFlows();

  // RFC 5246, 7.2.2: a server whose request is refused ends the connection.
  EXPECT_TRUE(pair.server.engine().Renegotiate().ok());
  pair.Run();
  ASSERT_TRUE(pair.server.failed());
  EXPECT_EQ(pair.server.error->code, "ERR_SSL_NO_RENEGOTIATION");
  ASSERT_TRUE(pair.client.failed());
  EXPECT_EQ(pair.client.error->code, "ERR_SSL_SSLV3_ALERT_HANDSHAKE_FAILURE");
}

TEST_F(Renegotiation, IsAFailureOfAClientThatIsRefused) {
  ContextPointer server = ServerContext(TLS1_2_VERSION);
  server->SetOptions(SSL_OP_NO_RENEGOTIATION);
  Pair pair(ClientContext(TLS1_2_VERSION), server);
  pair.Handshake();
  EXPECT_TRUE(pair.client.engine().Renegotiate().ok());
  pair.Run();
  ASSERT_TRUE(pair.client.failed());
  EXPECT_EQ(pair.client.error->code, "ERR_SSL_NO_RENEGOTIATION");
}

TEST_F(Renegotiation, IsUnknownToTls13) {
  Pair pair(TLS1_3_VERSION);
  pair.Handshake();
  for (Peer* peer : {&pair.client, &pair.server}) {
    Status status = peer->engine().Renegotiate();
    ASSERT_FALSE(status.ok());
    EXPECT_EQ(status.error().code, "ERR_SSL_WRONG_SSL_VERSION");
    EXPECT_EQ(status.error().reason, "wrong ssl version");
    EXPECT_EQ(status.error().library, "SSL routines");
  }
  pair.ExpectDataFlows();
}

TEST_F(Renegotiation, IsRefusedBeforeTheHandshakeIsDone) {
  EXPECT_FALSE(pair_.client.engine().Renegotiate().ok());
  pair_.Start();
  EXPECT_FALSE(pair_.client.engine().Renegotiate().ok());
  pair_.Run();
  ExpectHandshakes(1);
}

TEST_F(Renegotiation, WaitsForRoomForPlaintextBeforeIt) {
  pair_.Handshake();
  pair_.server.room = 0;
  pair_.client.Write("before");
  EXPECT_TRUE(pair_.client.engine().Renegotiate().ok());
  pair_.Run();
  EXPECT_EQ(pair_.server.Count(Type::kHandshakeStart), 0u);
  pair_.server.room = 1000;
  pair_.server.Settle();
  EXPECT_EQ(TextOf(pair_.server.plaintext), "before");
  pair_.Run();
  ExpectHandshakes(2);
}

TEST_F(Renegotiation, LeavesPlaintextThatHasNoRoomYet) {
  // Nothing, or a part, has been taken of the plaintext that waits when it is wanted.
  for (const size_t taken : {0, 10}) {
    Pair pair(TLS1_2_VERSION);
    pair.Handshake();
    pair.Run();
    pair.client.room = taken;
    pair.server.Write(Pattern(20000));
    pair.Run();
    EXPECT_EQ(pair.client.plaintext.size(), taken);
    EXPECT_TRUE(pair.client.engine().Renegotiate().ok());
    pair.client.Write("from the client");
    pair.Run();
    ASSERT_TRUE(pair.client.open()) << pair.client.error->message;
    pair.client.room = std::numeric_limits<size_t>::max();
    pair.client.Settle();
    pair.Run();
    EXPECT_EQ(pair.client.plaintext, Pattern(20000));
    EXPECT_EQ(TextOf(pair.server.plaintext), "from the client");
    EXPECT_EQ(pair.server.Count(Type::kHandshakeDone), 2u);
    EXPECT_EQ(pair.client.Count(Type::kHandshakeDone), 2u);
    pair.ExpectDataFlows();
  }
}

// A client that knows its keys can renegotiate before it has heard the server's Finished, while the
// server still asks to store the first session: each answer must go to its own question.
TEST_F(Renegotiation, DoesNotTakeTheAnswerToAnotherQuestion) {
  ContextPointer context = ServerContext(TLS1_2_VERSION);
  context->SetOptions(SSL_OP_NO_TICKET);
  Pair pair(ClientContext(TLS1_2_VERSION), context);
  Peer& server = pair.server;
  server.engine().EnableSessionEvents();
  server.engine().EnableCertificateQuestion();
  server.on_question = [&](const Event& question) {
    server.answers = question.type == Type::kNewSession;
  };
  pair.Start();
  pair.Run();
  server.answers = false;
  ASSERT_EQ(server.events.back().type, Type::kNewSession);
  ASSERT_TRUE(server.engine().output_held());
  // Its Finished comes to the client all the same, as if the client could do without.
  pair.client.Receive(server.engine().output().Take());
  ASSERT_TRUE(pair.client.open());
  EXPECT_TRUE(pair.client.engine().Renegotiate().ok());
  pair.ToServer();

  ASSERT_TRUE(server.engine().awaiting_answer());
  ASSERT_EQ(server.events.back().type, Type::kNewSession);
  server.engine().Resume();
  EXPECT_FALSE(server.engine().output_held());
  server.Settle();
  ASSERT_EQ(server.events.back().type, Type::kCertificate);
  EXPECT_TRUE(server.engine().output().empty()) << "it goes on before the answer";
  ContextPointer second = ServerContext(TLS1_2_VERSION, Certificates().second);
  EXPECT_TRUE(server.engine().SelectContext(second).ok());
  server.on_question = nullptr;
  server.answers = true;
  server.Answer();
  server.Settle();
  pair.Run();
  ASSERT_TRUE(pair.client.open());
  EXPECT_EQ(SimplePeerNames(pair.client.engine())->common_name, "other.example");
  pair.ExpectDataFlows();
}

// A PSK callback of a renegotiation runs on a connection that is open.
TEST_F(Renegotiation, CallbackMayCallTheEngine) {
  const auto psk_context = [] {
    ContextPointer context = NewContext(TLS1_2_VERSION);
    EXPECT_TRUE(context->SetCiphers("PSK").ok());
    return context;
  };
  Pair pair(psk_context(), psk_context());
  Engine& engine = pair.server.engine();
  pair.client.engine().EnablePsk();
  engine.EnablePsk();
  pair.client.psk_for_server = [](const char*) {
    return EngineHost::PskAnswer{"client", Pattern(16)};
  };
  int calls = 0;
  pair.server.psk_for_client = [&](const std::string&) {
    if (++calls == 2) {
      EXPECT_TRUE(engine.busy());
      EXPECT_EQ(engine.Write(BytesOf("within")), 0u);
      engine.Close();
      EXPECT_TRUE(engine.Renegotiate().ok()) << "one is under way";
      engine.Continue();
      EXPECT_TRUE(engine.busy());
    }
    return Pattern(16);
  };
  pair.Handshake();
  EXPECT_TRUE(pair.client.engine().Renegotiate().ok());
  pair.Run();
  EXPECT_EQ(calls, 2);
  EXPECT_EQ(pair.server.Count(Type::kHandshakeDone), 2u);
  pair.ExpectDataFlows();
}

}  // namespace

}  // namespace napi_tls::tls::test
