#include "harness.h"

namespace napi_tls::tls::test {

namespace {

using Choice = EngineHost::AlpnChoice;
using Type = Event::Type;

const std::string kOffered = "\x02h2\x08http/1.1";

class Alpn : public ForEachVersion {
 protected:
  Alpn() : pair_(GetParam()) {
    EXPECT_TRUE(pair_.client.engine().SetAlpnProtocols(BytesOf(kOffered)));
  }

  void ExpectRefused(const char* server_code, const char* client_code) {
    pair_.Start();
    pair_.Run();
    ASSERT_TRUE(pair_.server.failed());
    ASSERT_TRUE(pair_.client.failed());
    EXPECT_EQ(pair_.server.error->code, server_code);
    EXPECT_EQ(pair_.client.error->code, client_code);
  }

  Pair pair_;
};

TEST_P(Alpn, TakesTheFirstThatTheServerHas) {
  ASSERT_TRUE(pair_.server.engine().SetAlpnProtocols(BytesOf("\x08http/1.1\x02h2")));
  pair_.Handshake();
  EXPECT_EQ(AlpnProtocol(pair_.client.engine()), "http/1.1");
  EXPECT_EQ(AlpnProtocol(pair_.server.engine()), "http/1.1");
}

TEST_P(Alpn, IsNoneWithoutAList) {
  pair_.Handshake();
  EXPECT_EQ(AlpnProtocol(pair_.client.engine()), std::nullopt);
}

TEST_P(Alpn, EndsTheHandshakeWithoutAProtocolInCommon) {
  ASSERT_TRUE(
      pair_.server.engine().SetAlpnProtocols(BytesOf("\x03"
                                                     "foo")));
  ExpectRefused("ERR_SSL_NO_APPLICATION_PROTOCOL", "ERR_SSL_TLSV1_ALERT_NO_APPLICATION_PROTOCOL");
}

TEST_P(Alpn, CallbackSelects) {
  pair_.server.engine().EnableAlpnCallback();
  std::string offered;
  pair_.server.on_alpn = [&](Bytes list, Bytes* selected) {
    EXPECT_TRUE(pair_.server.engine().busy());
    offered = TextOf(list.Copy());
    *selected = {list.data + 1, 2};
    return Choice::kSelected;
  };
  pair_.Handshake();
  EXPECT_FALSE(pair_.server.engine().busy());
  EXPECT_EQ(offered, kOffered);
  EXPECT_EQ(AlpnProtocol(pair_.client.engine()), "h2");
  EXPECT_EQ(AlpnProtocol(pair_.server.engine()), "h2");
}

TEST_P(Alpn, CallbackSelectsNone) {
  pair_.server.engine().EnableAlpnCallback();
  // The callback comes before the list.
  pair_.server.engine().SetAlpnProtocols(BytesOf(kOffered));
  pair_.server.on_alpn = [](Bytes, Bytes*) { return Choice::kNone; };
  pair_.Handshake();
  EXPECT_EQ(AlpnProtocol(pair_.client.engine()), std::nullopt);
}

TEST_P(Alpn, CallbackRefuses) {
  pair_.server.engine().EnableAlpnCallback();
  pair_.server.on_alpn = [](Bytes, Bytes*) { return Choice::kFatal; };
  ExpectRefused("ERR_SSL_NO_APPLICATION_PROTOCOL", "ERR_SSL_TLSV1_ALERT_NO_APPLICATION_PROTOCOL");
}

TEST_P(Alpn, CallbackMayCallTheEngine) {
  Peer& server = pair_.server;
  server.engine().EnableAlpnCallback();
  const std::vector<uint8_t> alert{0x15, 0x03, 0x03, 0x00, 0x02, 0x02, 0x28};
  server.on_alpn = [&](Bytes, Bytes*) {
    Engine& engine = server.engine();
    engine.Receive({alert.data(), 3});
    engine.Receive({alert.data() + 3, alert.size() - 3});
    engine.Continue();
    engine.Start();
    engine.Resume();
    engine.Close();
    EXPECT_EQ(engine.Write(BytesOf("early")), 0u);
    EXPECT_FALSE(engine.Renegotiate().ok());
    EXPECT_TRUE(engine.busy());
    return Choice::kNone;
  };
  pair_.Start();
  pair_.ToServer();
  // What came meanwhile was taken after what came before.
  ASSERT_TRUE(server.failed());
  EXPECT_EQ(server.error->code, "ERR_SSL_SSLV3_ALERT_HANDSHAKE_FAILURE");
}

TEST_P(Alpn, RefusesAListThatIsNone) {
  for (const std::string& list : {std::string("\x05h2"), std::string("\0h2", 3)}) {
    EXPECT_FALSE(pair_.client.engine().SetAlpnProtocols(BytesOf(list)));
  }
}

FOR_EACH_VERSION(Alpn);

// A client and a server that share a key and have no certificate.
class Psk : public ForEachVersion {
 protected:
  Psk() : pair_(PskContext(), PskContext()) {
    pair_.client.engine().EnablePsk();
    pair_.server.engine().EnablePsk();
    pair_.client.psk_for_server = [this](const char* hint) {
      hints_.push_back(hint == nullptr ? "(none)" : hint);
      return EngineHost::PskAnswer{"client", key_};
    };
    pair_.server.psk_for_client = [this](const std::string& identity) {
      EXPECT_EQ(identity, "client");
      return key_;
    };
  }

  static ContextPointer PskContext() {
    ContextPointer context = NewContext(GetParam());
    EXPECT_TRUE(context->SetCiphers("PSK").ok());
    return context;
  }

  void ExpectRefused() {
    pair_.Start();
    pair_.Run();
    EXPECT_FALSE(pair_.client.open() && pair_.server.open());
    ASSERT_TRUE(pair_.client.failed());
    ASSERT_TRUE(pair_.server.failed() || GetParam() == TLS1_2_VERSION);
  }

  const std::vector<uint8_t> key_ = Pattern(32);
  std::vector<std::string> hints_;
  Pair pair_;
};

TEST_P(Psk, TakesThePlaceOfCertificates) {
  pair_.Handshake();
  pair_.ExpectDataFlows();
  EXPECT_FALSE(VerifyPeer(pair_.client.engine()));
  EXPECT_TRUE(VerifyPeer(pair_.server.engine())) << "where a server asks for a certificate";
  for (const Peer* peer : {&pair_.client, &pair_.server}) {
    EXPECT_TRUE(PeerCertificates(peer->engine(), true).empty());
    EXPECT_TRUE(PeerChain(peer->engine()).empty());
    EXPECT_EQ(SimplePeerNames(peer->engine()), std::nullopt);
    EXPECT_TRUE(Certificate(peer->engine()).empty());
  }
}

TEST_P(Psk, GivesTheClientAHint) {
  ASSERT_TRUE(pair_.server.engine().SetPskIdentityHint("a hint"));
  pair_.Handshake();
  // RFC 8446 has no hints.
  EXPECT_EQ(hints_.back(), GetParam() == TLS1_2_VERSION ? "a hint" : "(none)");
  EXPECT_FALSE(pair_.server.engine().SetPskIdentityHint(std::string(1000, 'a')));
}

TEST_P(Psk, IsNotAskedForByATicket) {
  if (GetParam() != TLS1_3_VERSION) GTEST_SKIP() << "only TLS 1.3 has both in one extension";
  const std::vector<uint8_t> session = SessionOf(&pair_);
  size_t asked = 0;
  Pair second(PskContext(), pair_.server.engine().context());
  second.server.engine().EnablePsk();
  second.server.psk_for_client = [&](const std::string&) {
    ++asked;
    return key_;
  };
  EXPECT_TRUE(second.client.engine().SetSession(session));
  second.Handshake();
  EXPECT_TRUE(SessionReused(second.server.engine()));
  EXPECT_EQ(asked, 0u);
}

TEST_P(Psk, TakesIdentitiesInUtf8) {
  for (const char* identity : {"\xc3\xbc", "\xe2\x82\xac", "\xf0\x9f\x94\x91 key"}) {
    Pair pair(PskContext(), PskContext());
    pair.client.engine().EnablePsk();
    pair.server.engine().EnablePsk();
    pair.client.psk_for_server = [&](const char*) { return EngineHost::PskAnswer{identity, key_}; };
    pair.server.psk_for_client = [&](const std::string& asked) {
      EXPECT_EQ(asked, identity);
      return key_;
    };
    pair.Handshake();
  }
  for (const char* identity : {"\xff", "a\xc3", "\xc0\x80", "\xed\xa0\x80"}) {
    Pair pair(PskContext(), PskContext());
    pair.client.engine().EnablePsk();
    pair.server.engine().EnablePsk();
    pair.client.psk_for_server = [&](const char*) { return EngineHost::PskAnswer{identity, key_}; };
    pair.server.psk_for_client = [&](const std::string&) {
      ADD_FAILURE() << "asked for what is no identity";
      return key_;
    };
    pair.Start();
    pair.Run();
    EXPECT_TRUE(pair.server.failed());
  }
}

TEST_P(Psk, RefusesAnotherKey) {
  pair_.server.psk_for_client = [](const std::string&) { return Pattern(16); };
  ExpectRefused();
}

TEST_P(Psk, RefusesAnUnknownClient) {
  pair_.server.psk_for_client = [](const std::string&) { return std::nullopt; };
  ExpectRefused();
  EXPECT_TRUE(pair_.server.failed());
}

TEST_P(Psk, RefusesAnEmptyKey) {
  pair_.server.psk_for_client = [](const std::string&) { return std::vector<uint8_t>(); };
  ExpectRefused();
}

TEST_P(Psk, RefusesAKeyThatIsTooLong) {
  pair_.server.psk_for_client = [](const std::string&) { return Pattern(100000); };
  ExpectRefused();
}

TEST_P(Psk, EndsWhenTheClientHasNone) {
  pair_.client.psk_for_server = [](const char*) { return std::nullopt; };
  ExpectRefused();
}

TEST_P(Psk, EndsWhenTheClientsKeyIsEmptyOrTooLong) {
  for (const size_t size : {0, 100000}) {
    Pair pair(PskContext(), PskContext());
    pair.client.engine().EnablePsk();
    pair.server.engine().EnablePsk();
    pair.server.psk_for_client = [this](const std::string&) { return key_; };
    pair.client.psk_for_server = [size](const char*) {
      return EngineHost::PskAnswer{"client", Pattern(size)};
    };
    pair.Start();
    pair.Run();
    EXPECT_FALSE(pair.client.open());
  }
}

TEST_P(Psk, TakesAnIdentityUpToItsLimit) {
  std::string seen;
  pair_.client.psk_for_server = [this](const char*) {
    return EngineHost::PskAnswer{std::string(PSK_MAX_IDENTITY_LEN, 'i'), key_};
  };
  pair_.server.psk_for_client = [&](const std::string& identity) {
    seen = identity;
    return key_;
  };
  pair_.Handshake();
  EXPECT_EQ(seen.size(), size_t{PSK_MAX_IDENTITY_LEN});
}

TEST_P(Psk, RefusesAnIdentityBeyondItsLimit) {
  pair_.client.psk_for_server = [this](const char*) {
    return EngineHost::PskAnswer{std::string(PSK_MAX_IDENTITY_LEN + 1, 'i'), key_};
  };
  ExpectRefused();
}

FOR_EACH_VERSION(Psk);

}  // namespace

}  // namespace napi_tls::tls::test
