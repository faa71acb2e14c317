#include <map>

#include "harness.h"

namespace napi_tls::tls::test {

namespace {

using Type = Event::Type;

class ServerName : public ForEachVersionInContexts {
 protected:
  // A connection that asks for `name` (nullptr: none), and offers `session`, if any.
  std::unique_ptr<Pair> Connect(const char* name, const std::vector<uint8_t>* session = nullptr) {
    auto pair = std::make_unique<Pair>(client_, server_);
    if (stores_) {
      pair->server.engine().EnableSessionEvents();
      pair->server.engine().EnableSessionLookup();
      Engine* engine = &pair->server.engine();
      pair->server.on_question = [this, engine](const Event& event) {
        if (event.type == Type::kNewSession) stored_[event.id] = event.data;
        if (event.type == Type::kSessionLookup && stored_.count(event.id) > 0) {
          engine->ProvideSession({stored_[event.id].data(), stored_[event.id].size()});
        }
      };
    }
    if (name != nullptr) EXPECT_TRUE(pair->client.engine().SetServername(name));
    if (session != nullptr) EXPECT_TRUE(pair->client.engine().SetSession(*session));
    return pair;
  }

  void ExpectSessionsAreBound() {
    for (const char* made_for : {"a.example", static_cast<const char*>(nullptr)}) {
      const std::vector<uint8_t> session = SessionOf(Connect(made_for).get());
      for (const char* name : {"a.example", "b.example", "A.example", "a.exampl", "a.example.",
                               static_cast<const char*>(nullptr)}) {
        auto pair = Connect(name, &session);
        pair->Handshake();
        const bool same = std::string(name ? name : "") == (made_for ? made_for : "");
        EXPECT_EQ(SessionReused(pair->server.engine()), same) << (name ? name : "no name");
        const char* seen =
            SSL_get_servername(pair->server.engine().ssl(), TLSEXT_NAMETYPE_host_name);
        EXPECT_STREQ(seen, name);
        pair->ExpectDataFlows();
      }
    }
  }

  static void ExpectIllegalParameter(const Pair& pair) {
    ASSERT_TRUE(pair.server.failed());
    EXPECT_EQ(pair.server.error->code, "ERR_SSL_CALLBACK_FAILED");
    ASSERT_TRUE(pair.client.failed());
    EXPECT_EQ(pair.client.error->code, "ERR_SSL_SSLV3_ALERT_ILLEGAL_PARAMETER");
  }

  bool stores_ = false;
  std::map<std::vector<uint8_t>, std::vector<uint8_t>> stored_;
};

TEST_P(ServerName, BindsTickets) { ExpectSessionsAreBound(); }

TEST_P(ServerName, BindsSessionsThatAreStored) {
  stores_ = true;
  server_->SetOptions(SSL_OP_NO_TICKET);
  ExpectSessionsAreBound();
  EXPECT_FALSE(stored_.empty());
}

TEST_P(ServerName, BindsWhatASelectedContextMade) {
  const ContextPointer second = ServerContext(GetParam(), Certificates().second);
  auto first = Connect("a.example");
  first->server.SelectContext(second);
  const std::vector<uint8_t> session = SessionOf(first.get());
  for (const char* name : {"a.example", "b.example"}) {
    auto pair = Connect(name, &session);
    pair->server.SelectContext(second);
    pair->Handshake();
    EXPECT_EQ(SessionReused(pair->server.engine()), *name == 'a');
    EXPECT_EQ(pair->server.Count(Type::kCertificate), *name == 'a' ? 0u : 1u);
  }
}

TEST_P(ServerName, BindsWhatAPreSharedKeyMade) {
  const std::vector<uint8_t> key = Pattern(32);
  const auto with_key = [&](Pair* pair) {
    pair->client.engine().EnablePsk();
    pair->server.engine().EnablePsk();
    pair->client.psk_for_server = [&](const char*) { return EngineHost::PskAnswer{"it", key}; };
    pair->server.psk_for_client = [&](const std::string&) { return key; };
  };
  // The only digest that a key without a session has.
  ASSERT_TRUE(client_->SetCipherSuites("TLS_AES_128_GCM_SHA256").ok());
  client_->SetCiphers("PSK");
  server_->SetCiphers("PSK:DEFAULT");
  auto first = Connect("a.example");
  with_key(first.get());
  const std::vector<uint8_t> session = SessionOf(first.get());
  client_ = ClientContext(GetParam());
  ASSERT_TRUE(client_->SetCipherSuites("TLS_AES_128_GCM_SHA256").ok());
  client_->SetCiphers("PSK:DEFAULT");
  for (const char* name : {"a.example", "b.example", static_cast<const char*>(nullptr)}) {
    auto pair = Connect(name, &session);
    if (GetParam() == TLS1_2_VERSION) with_key(pair.get());
    pair->Handshake();
    const bool same = std::string(name ? name : "") == "a.example";
    EXPECT_EQ(SessionReused(pair->server.engine()), same) << (name ? name : "no name");
  }
}

TEST_P(ServerName, DoesNotChangeInARenegotiation) {
  if (GetParam() != TLS1_2_VERSION) GTEST_SKIP() << "TLS 1.3 has none";
  for (const char* name : {"a.example", static_cast<const char*>(nullptr)}) {
    auto same = Connect(name);
    same->Handshake();
    EXPECT_TRUE(same->client.engine().Renegotiate().ok());
    same->Run();
    same->ExpectDataFlows();

    auto other = Connect(name);
    other->Handshake();
    EXPECT_TRUE(other->client.engine().SetServername("b.example"));
    EXPECT_TRUE(other->client.engine().Renegotiate().ok());
    other->Run();
    ExpectIllegalParameter(*other);
  }
}

TEST_P(ServerName, DoesNotChangeAfterAHelloRetryRequest) {
  if (GetParam() != TLS1_3_VERSION) GTEST_SKIP() << "TLS 1.2 has none";
  ASSERT_TRUE(client_->SetGroups("P-384:X25519:P-256").ok());
  ASSERT_TRUE(server_->SetGroups("X25519:P-256").ok());
  auto same = Connect("a.example");
  same->Handshake();
  same->ExpectDataFlows();

  for (const char* name : {"a.example", static_cast<const char*>(nullptr)}) {
    auto other = Connect(name);
    other->server.engine().EnableCertificateQuestion();
    other->Start();
    other->ToServer();
    EXPECT_TRUE(other->client.engine().SetServername("b.example"));
    other->Run();
    EXPECT_EQ(other->server.Count(Type::kCertificate), 1u) << "for the first name";
    ExpectIllegalParameter(*other);
  }
}

// --- Clients that are asked for a certificate.

class ClientCertificate : public ForEachVersionInContexts {
 protected:
  ClientCertificate() {
    UseIdentity(client_.get(), Certificates().client);
    server_->AddCACertificates(BytesOf(Certificates().authority.CertificatePem()));
  }
};

TEST_P(ClientCertificate, IsAskedForAgainWithoutASessionIdContext) {
  for (const bool tickets : {true, false}) {
    if (!tickets) server_->SetOptions(SSL_OP_NO_TICKET);
    for (const bool bound : {false, true}) {
      EXPECT_TRUE(server_->SetSessionIdContext(BytesOf(bound ? "application" : "")).ok());
      Pair first(client_, server_);
      first.server.engine().SetVerify(Engine::Verify::kRequire);
      const std::vector<uint8_t> session = SessionOf(&first);
      Pair second(client_, server_);
      second.server.engine().SetVerify(Engine::Verify::kRequire);
      second.server.engine().EnableSessionLookup();
      second.client.engine().SetSession(session);
      second.Handshake();
      EXPECT_EQ(SessionReused(second.server.engine()), bound && tickets);
      if (!bound) {
        EXPECT_EQ(second.server.Count(Type::kSessionLookup), 0u);
      }
      EXPECT_FALSE(VerifyPeer(second.server.engine()));
    }
  }
}

TEST_P(ClientCertificate, HasNothingInItsPlace) {
  // Sessions of a server that did not ask, and of one that went without.
  server_->SetSessionIdContext(BytesOf("application"));
  client_ = ClientContext(GetParam());
  for (const auto verify : {Engine::Verify::kNone, Engine::Verify::kRequest}) {
    Pair first(client_, server_);
    first.server.engine().SetVerify(verify);
    const std::vector<uint8_t> session = SessionOf(&first);
    Pair second(client_, server_);
    second.server.engine().SetVerify(Engine::Verify::kRequire);
    second.client.engine().SetSession(session);
    second.Handshake();
    EXPECT_TRUE(SessionReused(second.server.engine()));
    EXPECT_TRUE(VerifyPeer(second.server.engine()));
  }
}

TEST_P(ClientCertificate, KeepsTheSessionIdContextOfTheFirstContext) {
  ASSERT_TRUE(client_->SetGroups("P-384:X25519:P-256").ok());
  ASSERT_TRUE(server_->SetGroups("X25519:P-256").ok());
  server_->SetSessionIdContext(BytesOf("application"));
  const ContextPointer second = ServerContext(GetParam(), Certificates().second);
  second->AddCACertificates(BytesOf(Certificates().authority.CertificatePem()));
  std::vector<uint8_t> session;
  for (const bool reused : {false, true, true}) {
    Pair pair(client_, server_);
    Engine* engine = &pair.server.engine();
    engine->SetVerify(Engine::Verify::kRequire);
    pair.server.SelectContext(second);
    if (reused) {
      pair.client.engine().SetSession(session);
      pair.Handshake();
    } else {
      session = SessionOf(&pair);
    }
    EXPECT_EQ(SessionReused(*engine), reused);
    EXPECT_FALSE(VerifyPeer(*engine));
  }
}

TEST_P(ClientCertificate, IsVerifiedByTheAuthoritiesOfAContextWithoutCertificate) {
  const auto verify = [&](const std::string& authorities) {
    ContextPointer selected = NewContext(GetParam());
    if (!authorities.empty()) {
      EXPECT_TRUE(selected->AddCACertificates(BytesOf(authorities)).ok());
    }
    Pair pair(client_, server_);
    Engine* engine = &pair.server.engine();
    engine->SetVerify(Engine::Verify::kRequire);
    pair.server.SelectContext(selected);
    pair.Handshake();
    return !VerifyPeer(*engine);
  };
  EXPECT_TRUE(verify(Certificates().authority.CertificatePem()));
  EXPECT_FALSE(verify(Certificates().other_authority.CertificatePem()));
  EXPECT_FALSE(verify("junk"));
  EXPECT_TRUE(verify("")) << "the first context has them";
}

FOR_EACH_VERSION(ServerName);
FOR_EACH_VERSION(ClientCertificate);

}  // namespace

}  // namespace napi_tls::tls::test
