#include <algorithm>

#include "harness.h"

namespace napi_tls::tls::test {

namespace {

using Type = Event::Type;

const std::vector<uint8_t> kOcspResponse = {0x30, 0x03, 0x0a, 0x01, 0x00};

// A server that asks everything that it can ask.
class Questions : public ForEachVersion {
 protected:
  Questions() : client_context_(ClientContext(GetParam())), server_context_(Server()) {}

  ContextPointer Server() {
    ContextPointer context = ServerContext(GetParam());
    // Sessions are asked for by their id only without tickets.
    context->SetOptions(SSL_OP_NO_TICKET);
    return context;
  }

  std::unique_ptr<Pair> NewPair() {
    auto pair = std::make_unique<Pair>(client_context_, server_context_);
    pair->server.engine().EnableSessionLookup();
    pair->server.engine().EnableCertificateQuestion();
    pair->server.engine().EnableSessionEvents();
    pair->client.engine().EnableSessionEvents();
    pair->client.engine().SetServername("localhost");
    return pair;
  }

  // Both ends, of which the client offers a session that the server has handed out.
  std::unique_ptr<Pair> NewPairWithSession(std::vector<uint8_t>* stored = nullptr) {
    std::unique_ptr<Pair> first = NewPair();
    const std::vector<uint8_t> session = SessionOf(first.get());
    if (stored != nullptr) *stored = first->server.Last(Type::kNewSession)->data;
    std::unique_ptr<Pair> pair = NewPair();
    EXPECT_TRUE(pair->client.engine().SetSession(session));
    return pair;
  }

  ContextPointer client_context_;
  ContextPointer server_context_;
};

TEST_P(Questions, ComeInTheirOrder) {
  std::unique_ptr<Pair> pair = NewPairWithSession();
  pair->Handshake();
  std::vector<Type> types;
  for (const Event& event : pair->server.events) types.push_back(event.type);
  std::vector<Type> expected{Type::kSessionLookup, Type::kCertificate};
  if (GetParam() == TLS1_3_VERSION) {
    expected.insert(expected.end(), {Type::kHandshakeDone, Type::kNewSession, Type::kNewSession});
  } else {
    expected.insert(expected.end(), {Type::kNewSession, Type::kHandshakeDone});
  }
  std::sort(types.begin(), types.end());
  std::sort(expected.begin(), expected.end());
  EXPECT_EQ(types, expected);
  EXPECT_EQ(pair->server.events[0].type, Type::kSessionLookup);
  EXPECT_EQ(pair->server.events[1].type, Type::kCertificate);
  EXPECT_EQ(TextOf(pair->server.events[1].id), "localhost");
  EXPECT_FALSE(pair->server.events[1].flag);
}

TEST_P(Questions, StopTheHandshakeUntilTheyAreAnswered) {
  std::unique_ptr<Pair> pair = NewPairWithSession();
  Peer& server = pair->server;
  server.answers = false;
  pair->Start();
  for (const Type type : {Type::kSessionLookup, Type::kCertificate}) {
    pair->Run();
    ASSERT_TRUE(server.engine().awaiting_answer());
    EXPECT_EQ(server.events.back().type, type);
    EXPECT_TRUE(server.engine().output().empty());
    EXPECT_FALSE(server.engine().HasEvent());
    EXPECT_FALSE(server.engine().NextEvent());
    // Nothing but the answer goes on.
    server.engine().Continue();
    server.engine().Close();
    EXPECT_EQ(server.engine().Write(BytesOf("early")), 0u);
    server.Settle();
    EXPECT_TRUE(server.engine().output().empty());
    EXPECT_EQ(server.engine().state(), Engine::State::kHandshake);
    server.Answer();
  }
  server.Settle();
  server.answers = true;
  if (server.engine().awaiting_answer()) server.Answer();
  pair->Run();
  ASSERT_TRUE(pair->client.open());
  pair->ExpectDataFlows();
}

TEST_P(Questions, AreAnsweredAfterMoreInputHasCome) {
  for (const size_t fragment : {size_t{1}, size_t{7}, size_t{1000}}) {
    SCOPED_TRACE(fragment);
    std::unique_ptr<Pair> pair = NewPairWithSession();
    pair->fragment = fragment;
    Peer& server = pair->server;
    server.answers = false;
    pair->Start();
    pair->Run();
    // A client says nothing more before the server has: this comes from an impatient one.
    const std::vector<uint8_t> alert{0x15, 0x03, 0x03, 0x00, 0x02, 0x02, 0x28};
    server.Receive(alert);
    server.Receive(alert);
    EXPECT_EQ(server.engine().backlog_size(), 2 * alert.size());
    for (int i = 0; i < 5 && server.engine().awaiting_answer(); ++i) {
      server.Answer();
      server.Settle();
    }
    EXPECT_TRUE(server.failed());
    EXPECT_EQ(server.engine().backlog_size(), 0u);
    EXPECT_EQ(server.error->code, "ERR_SSL_SSLV3_ALERT_HANDSHAKE_FAILURE");
  }
}

TEST_P(Questions, AnswerThemselvesOnlyOnce) {
  std::unique_ptr<Pair> pair = NewPairWithSession();
  Peer& server = pair->server;
  server.answers = false;
  pair->Start();
  pair->Run();
  ASSERT_EQ(server.events.back().type, Type::kSessionLookup);
  server.engine().Resume();
  server.TakeStep();
  EXPECT_FALSE(server.engine().awaiting_answer());
  // The next question is there, but nobody has taken it: these answer nothing.
  server.engine().Resume();
  server.engine().Resume();
  EXPECT_TRUE(server.engine().output().empty());
  EXPECT_TRUE(server.engine().HasEvent());
  server.answers = true;
  server.Settle();
  pair->Run();
  EXPECT_TRUE(pair->client.open());
}

TEST_P(Questions, OfNewSessionsHoldTheOutput) {
  std::unique_ptr<Pair> pair = NewPair();
  Peer& server = pair->server;
  server.on_question = [&](const Event& question) {
    EXPECT_FALSE(question.type == Type::kNewSession && question.data.empty());
    server.answers = question.type != Type::kCertificate;
  };
  pair->Start();
  pair->Run();
  ASSERT_TRUE(server.open());
  const size_t sessions = GetParam() == TLS1_3_VERSION ? 2 : 1;
  for (size_t answered = 0; answered < sessions; ++answered) {
    server.Settle();
    EXPECT_EQ(server.Count(Type::kNewSession), answered + 1);
    EXPECT_TRUE(server.engine().awaiting_answer());
    EXPECT_TRUE(server.engine().output_held());
    EXPECT_FALSE(server.engine().output().empty());
    EXPECT_EQ(pair->client.Count(Type::kSession), 0u);
    server.Answer();
    server.answers = false;
  }
  EXPECT_FALSE(server.engine().output_held());
  server.Settle();
  pair->Run();
  EXPECT_TRUE(pair->client.open());
  EXPECT_EQ(pair->client.Count(Type::kSession), sessions);
}

TEST_P(Questions, OfACertificateSelectAContext) {
  std::unique_ptr<Pair> pair = NewPair();
  ContextPointer second = ServerContext(GetParam(), Certificates().second);
  pair->client.engine().SetServername("other.example");
  pair->server.on_question = [&](const Event& question) {
    if (question.type != Type::kCertificate) return;
    EXPECT_EQ(TextOf(question.id), "other.example");
    EXPECT_TRUE(pair->server.engine().SelectContext(second).ok());
  };
  pair->Handshake();
  EXPECT_EQ(pair->server.engine().context(), second);
  const auto names = SimplePeerNames(pair->client.engine());
  ASSERT_TRUE(names);
  EXPECT_EQ(names->common_name, "other.example");
  EXPECT_EQ(Certificate(pair->server.engine()), PeerCertificates(pair->client.engine(), false)[0]);
  pair->ExpectDataFlows();
}

TEST_P(Questions, OfACertificateUseThatOfAnotherContext) {
  std::unique_ptr<Pair> pair = NewPair();
  ContextPointer second = ServerContext(GetParam(), Certificates().second);
  pair->server.on_question = [&](const Event& question) {
    if (question.type != Type::kCertificate) return;
    EXPECT_FALSE(pair->server.engine().UseCertificateOf(NewContext(0)).ok());
    EXPECT_TRUE(pair->server.engine().UseCertificateOf(second).ok());
  };
  pair->Handshake();
  EXPECT_EQ(SimplePeerNames(pair->client.engine())->common_name, "other.example");
}

TEST_P(Questions, OfACertificateRefuseAContextWithoutOne) {
  for (const bool has_one_before : {true, false}) {
    Pair pair(ClientContext(GetParam()),
              has_one_before ? ServerContext(GetParam()) : NewContext(GetParam()));
    pair.server.engine().EnableCertificateQuestion();
    pair.server.on_question = [&](const Event& question) {
      if (question.type != Type::kCertificate) return;
      Status status = pair.server.engine().SelectContext(NewContext(0));
      ASSERT_EQ(status.ok(), has_one_before);
      if (status.ok()) return;
      EXPECT_EQ(status.error().code, "ERR_SSL_PASSED_A_NULL_PARAMETER");
    };
    pair.Start();
    pair.Run();
    EXPECT_EQ(pair.server.open(), has_one_before);
  }
}

TEST_P(Questions, OfACertificateStapleAnOcspResponse) {
  std::unique_ptr<Pair> pair = NewPair();
  pair->client.engine().RequestOcsp();
  pair->server.on_question = [&](const Event& question) {
    if (question.type != Type::kCertificate) return;
    EXPECT_TRUE(question.flag);
    pair->server.engine().SetOcspResponse(kOcspResponse);
  };
  pair->Handshake();
  ASSERT_EQ(pair->client.Count(Type::kOcspResponse), 1u);
  EXPECT_EQ(pair->client.Last(Type::kOcspResponse)->data, kOcspResponse);
}

TEST_P(Questions, OfACertificateMayHaveNoOcspResponse) {
  std::unique_ptr<Pair> pair = NewPair();
  pair->client.engine().RequestOcsp();
  pair->Handshake();
  ASSERT_EQ(pair->client.Count(Type::kOcspResponse), 1u);
  EXPECT_TRUE(pair->client.Last(Type::kOcspResponse)->data.empty());
}

TEST_P(Questions, SurviveTheEndOfTheEngine) {
  // The engine goes away after each event, question or not, with whatever is queued.
  for (size_t steps = 0; steps < 8; ++steps) {
    SCOPED_TRACE(steps);
    std::vector<uint8_t> stored;
    std::unique_ptr<Pair> pair = NewPairWithSession(&stored);
    pair->server.answers = false;
    pair->Start();
    pair->Run();
    for (size_t i = 0; i < steps && pair->server.engine().awaiting_answer(); ++i) {
      if (pair->server.events.back().type == Type::kSessionLookup) {
        pair->server.engine().ProvideSession(stored);
      }
      pair->server.Answer();
      pair->server.Settle();
      pair->Run();
    }
    pair->server.DestroyEngine();
    pair->client.DestroyEngine();
  }
}

FOR_EACH_VERSION(Questions);

}  // namespace

}  // namespace napi_tls::tls::test
