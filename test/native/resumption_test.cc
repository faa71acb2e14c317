#include <map>

#include "harness.h"

namespace napi_tls::tls::test {

namespace {

using Type = Event::Type;

class Resumption : public ForEachVersionInContexts {
 protected:
  // Offers `session` to the server, which must be open in any case.
  void ExpectReused(const std::vector<uint8_t>& session, bool reused) {
    Pair pair(client_, server_);
    ASSERT_TRUE(pair.client.engine().SetSession(session));
    pair.Handshake();
    EXPECT_EQ(SessionReused(pair.client.engine()), reused);
    EXPECT_EQ(SessionReused(pair.server.engine()), reused);
    pair.ExpectDataFlows();
  }

  std::vector<uint8_t> NewSession() {
    Pair pair(client_, server_);
    return SessionOf(&pair);
  }
};

TEST_P(Resumption, TakesATicket) {
  const std::vector<uint8_t> session = NewSession();
  ExpectReused(session, true);
  ExpectReused(session, true);
}

TEST_P(Resumption, TakesASessionThatIsAlive) {
  Pair first(client_, server_);
  SessionOf(&first);
  SSL_SESSION* session = first.client.Last(Type::kSession)->session.get();
  ASSERT_NE(session, nullptr);
  // Neither the failure of the connection that it comes from takes it away, nor that of another.
  Pair second(client_, server_);
  Pair third(client_, server_);
  Pair* failing = &first;
  for (Pair* next : {&second, &third}) {
    failing->client.Receive(BytesOf("junk that is no record"));
    EXPECT_TRUE(failing->client.failed());
    ASSERT_TRUE(next->client.engine().SetLiveSession(session));
    next->Handshake();
    EXPECT_TRUE(SessionReused(next->client.engine()));
    next->ExpectDataFlows();
    failing = next;
  }
}

TEST_P(Resumption, IsOfferedBeforeTheHandshakeAndByAClientOnly) {
  const std::vector<uint8_t> session = NewSession();
  Pair pair(client_, server_);
  const auto refused_by_both = [&] {
    return !pair.client.engine().SetSession(session) && !pair.server.engine().SetSession(session);
  };
  EXPECT_FALSE(pair.server.engine().SetSession(session));
  pair.client.engine().Start();
  EXPECT_TRUE(refused_by_both());
  pair.Handshake();
  EXPECT_TRUE(refused_by_both());
  EXPECT_FALSE(SessionReused(pair.client.engine()));
  pair.ExpectDataFlows();
}

TEST_P(Resumption, TakesATicketInPieces) {
  const std::vector<uint8_t> session = NewSession();
  for (const size_t fragment : {1, 2, 7, 1000}) {
    Pair pair(client_, server_);
    pair.fragment = fragment;
    pair.client.engine().EnableSessionEvents();
    pair.client.engine().SetSession(session);
    pair.Handshake();
    EXPECT_TRUE(SessionReused(pair.server.engine()));
    pair.ExpectDataFlows();
  }
}

TEST_P(Resumption, TakesATicketOfTheKeysItIsGiven) {
  const std::vector<uint8_t> session = NewSession();
  const TicketKeys::Block keys = server_->ticket_keys().Get();
  server_ = ServerContext(GetParam());
  ExpectReused(session, false);
  server_->ticket_keys().Set({keys.data(), keys.size()});
  EXPECT_EQ(server_->ticket_keys().Get(), keys);
  ExpectReused(session, true);
}

TEST_P(Resumption, KeepsTheTicketKeysOfTheFirstContext) {
  // The ticket comes before the server name selects a context, so the keys are those of the first.
  ContextPointer second = ServerContext(GetParam(), Certificates().second);
  const auto connect = [&](const std::vector<uint8_t>* session) {
    auto pair = std::make_unique<Pair>(client_, server_);
    pair->server.SelectContext(second);
    if (session != nullptr) pair->client.engine().SetSession(*session);
    return pair;
  };
  const std::vector<uint8_t> session = SessionOf(connect(nullptr).get());
  auto pair = connect(&session);
  pair->Handshake();
  EXPECT_TRUE(SessionReused(pair->server.engine()));
}

TEST_P(Resumption, IgnoresASessionOfAnotherContext) {
  const std::vector<uint8_t> session = NewSession();
  EXPECT_TRUE(server_->SetSessionIdContext(BytesOf("another")).ok());
  ExpectReused(session, false);
}

TEST_P(Resumption, IgnoresASessionOfAnotherVersion) {
  const std::vector<uint8_t> session = NewSession();
  const int other = GetParam() == TLS1_2_VERSION ? TLS1_3_VERSION : TLS1_2_VERSION;
  client_ = ClientContext(other);
  server_ = ServerContext(other);
  ExpectReused(session, false);
}

TEST_P(Resumption, IgnoresASessionThatIsOver) {
  server_->SetSessionTimeout(1);
  const std::vector<uint8_t> session = NewSession();
  const uint8_t* der = session.data();
  openssl::SSLSessionPointer old(
      d2i_SSL_SESSION(nullptr, &der, static_cast<long>(session.size())));  // NOLINT(runtime/int)
  SSL_SESSION_set_time(old.get(), SSL_SESSION_get_time(old.get()) - 100000);
  std::vector<uint8_t> encoded(i2d_SSL_SESSION(old.get(), nullptr));
  uint8_t* out = encoded.data();
  i2d_SSL_SESSION(old.get(), &out);
  Pair pair(client_, server_);
  pair.client.engine().SetSession(encoded);
  pair.Handshake();
  // In TLS 1.2 it is the ticket that has an age of its own, at the server.
  if (GetParam() == TLS1_3_VERSION) {
    EXPECT_FALSE(SessionReused(pair.client.engine()));
  }
}

TEST_P(Resumption, RefusesABufferThatIsNoSession) {
  Pair pair(client_, server_);
  EXPECT_FALSE(pair.client.engine().SetSession({}));
  EXPECT_FALSE(pair.client.engine().SetSession(BytesOf("junk")));
  std::vector<uint8_t> cut = NewSession();
  cut.pop_back();
  EXPECT_FALSE(pair.client.engine().SetSession(cut));
  pair.Handshake();
  EXPECT_FALSE(SessionReused(pair.client.engine()));
}

TEST_P(Resumption, ShowsTheSessionAndItsTicket) {
  Pair pair(client_, server_);
  EXPECT_TRUE(Ticket(pair.client.engine()).empty());
  const std::vector<uint8_t> session = SessionOf(&pair);
  EXPECT_EQ(Session(pair.client.engine()), session);
  EXPECT_FALSE(Ticket(pair.client.engine()).empty());
}

TEST_P(Resumption, SurvivesAnEngineThatEndsWithoutClosing) {
  std::vector<uint8_t> session;
  {
    Pair pair(client_, server_);
    session = SessionOf(&pair);
  }
  ExpectReused(session, true);
}

TEST_P(Resumption, NamesEachNewSessionOnce) {
  Pair pair(client_, server_);
  SessionOf(&pair);
  EXPECT_EQ(pair.client.Count(Type::kSession), GetParam() == TLS1_3_VERSION ? 2u : 1u);
}

FOR_EACH_VERSION(Resumption);

// Sessions that the server has stored, found again by their id.
class StoredSessions : public ForEachVersion {
 protected:
  StoredSessions() : client_(ClientContext(GetParam())), server_(ServerContext(GetParam())) {
    server_->SetOptions(SSL_OP_NO_TICKET);
  }

  std::unique_ptr<Pair> NewPair() {
    auto pair = std::make_unique<Pair>(client_, server_);
    Peer* server = &pair->server;
    server->engine().EnableSessionLookup();
    server->engine().EnableSessionEvents();
    server->on_question = [this, server](const Event& question) {
      if (question.type == Type::kNewSession) {
        EXPECT_FALSE(question.id.empty());
        stored_[question.id] = question.data;
      } else {
        ++lookups_;
        const auto found = stored_.find(question.id);
        if (found != stored_.end()) server->engine().ProvideSession(found->second);
      }
    };
    return pair;
  }

  void ExpectReused(const std::vector<uint8_t>& session, bool reused) {
    std::unique_ptr<Pair> pair = NewPair();
    ASSERT_TRUE(pair->client.engine().SetSession(session));
    lookups_ = 0;
    pair->Handshake();
    EXPECT_EQ(lookups_, 1);
    EXPECT_EQ(SessionReused(pair->client.engine()), reused);
    EXPECT_EQ(SessionReused(pair->server.engine()), reused);
    pair->ExpectDataFlows();
  }

  ContextPointer client_;
  ContextPointer server_;
  std::map<std::vector<uint8_t>, std::vector<uint8_t>> stored_;
  int lookups_ = 0;
};

TEST_P(StoredSessions, AreResumed) {
  const std::vector<uint8_t> session = SessionOf(NewPair().get());
  EXPECT_EQ(stored_.size(), GetParam() == TLS1_3_VERSION ? 2u : 1u);
  ExpectReused(session, true);
}

TEST_P(StoredSessions, AreNotResumedWhenTheyAreGone) {
  const std::vector<uint8_t> session = SessionOf(NewPair().get());
  stored_.clear();
  ExpectReused(session, false);
}

TEST_P(StoredSessions, AreNotResumedUnderAnotherId) {
  const std::vector<uint8_t> session = SessionOf(NewPair().get());
  const auto first = stored_;
  stored_.clear();
  SessionOf(NewPair().get());
  const std::vector<uint8_t> other = stored_.begin()->second;
  for (const auto& [id, data] : first) stored_[id] = other;
  ExpectReused(session, false);
}

TEST_P(StoredSessions, AreNotResumedFromJunk) {
  const std::vector<uint8_t> session = SessionOf(NewPair().get());
  for (auto& [id, data] : stored_) data = {'j', 'u', 'n', 'k'};
  ExpectReused(session, false);
}

TEST_P(StoredSessions, MayBeProvidedUnasked) {
  const std::vector<uint8_t> session = SessionOf(NewPair().get());
  Pair pair(client_, server_);
  pair.server.engine().ProvideSession(stored_.begin()->second);
  pair.Handshake();
  EXPECT_FALSE(SessionReused(pair.server.engine()));
}

FOR_EACH_VERSION(StoredSessions);

TEST(TlsTicket, TakesThePlaceOfALookup) {
  // RFC 5077, 3.4: with a ticket the session id is only an echo.
  ContextPointer client = ClientContext(TLS1_2_VERSION);
  ContextPointer server = ServerContext(TLS1_2_VERSION);
  Pair first(client, server);
  const std::vector<uint8_t> session = SessionOf(&first);
  Pair pair(client, server);
  pair.server.engine().EnableSessionLookup();
  pair.client.engine().SetSession(session);
  pair.Handshake();
  EXPECT_EQ(pair.server.Count(Type::kSessionLookup), 0u);
  EXPECT_TRUE(SessionReused(pair.server.engine()));
}

}  // namespace

}  // namespace napi_tls::tls::test
