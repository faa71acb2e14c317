#include "harness.h"

namespace napi_tls::tls::test {

namespace {

using Verify = Engine::Verify;

class Verification : public ForEachVersion {
 protected:
  static std::string ResultFor(const Identity& identity, ContextPointer client) {
    Pair pair(client, ServerContext(GetParam(), identity));
    // Verification never ends a handshake: its result is read by the owner.
    pair.client.engine().SetVerify(Verify::kRequire);
    pair.Handshake();
    pair.ExpectDataFlows();
    const std::optional<VerifyError> error = VerifyPeer(pair.client.engine());
    if (!error) return "";
    EXPECT_FALSE(error->message.empty());
    return error->code;
  }

  static std::string ResultFor(const Identity& identity) {
    return ResultFor(identity, ClientContext(GetParam()));
  }

  // A server that asks for certificates and trusts the authority.
  static ContextPointer AskingServer() {
    ContextPointer context = ServerContext(GetParam());
    EXPECT_TRUE(
        context->AddCACertificates(BytesOf(Certificates().authority.CertificatePem())).ok());
    return context;
  }

  static ContextPointer ClientWith(const Identity& identity) {
    ContextPointer context = ClientContext(GetParam());
    UseIdentity(context.get(), identity);
    return context;
  }
};

TEST_P(Verification, TrustsWhatAKnownAuthorityHasIssued) {
  EXPECT_EQ(ResultFor(Certificates().server), "");
}

TEST_P(Verification, NamesWhatIsWrong) {
  EXPECT_EQ(ResultFor(Certificates().self_signed), "DEPTH_ZERO_SELF_SIGNED_CERT");
  EXPECT_EQ(ResultFor(Certificates().expired), "CERT_HAS_EXPIRED");
  EXPECT_EQ(ResultFor(Certificates().early), "CERT_NOT_YET_VALID");
  EXPECT_EQ(ResultFor(Certificates().stranger), "UNABLE_TO_VERIFY_LEAF_SIGNATURE");
  EXPECT_EQ(ResultFor(Certificates().server, NewContext(GetParam())),
            "UNABLE_TO_VERIFY_LEAF_SIGNATURE");
}

TEST_P(Verification, ReadsRevocationLists) {
  const Identities& all = Certificates();
  ContextPointer client = ClientContext(GetParam());
  ASSERT_TRUE(client->AddCRLs(BytesOf(MakeCrl(all.authority, all.second))).ok());
  EXPECT_EQ(ResultFor(all.second, client), "CERT_REVOKED");
  EXPECT_EQ(ResultFor(all.server, client), "");
}

TEST_P(Verification, TrustsALeafOnlyWhenAPartialChainIsAllowed) {
  ContextPointer client = NewContext(GetParam());
  const std::string leaf = Certificates().server.CertificatePem();
  ASSERT_TRUE(client->AddCACertificates(BytesOf(leaf)).ok());
  EXPECT_EQ(ResultFor(Certificates().server, client), "UNABLE_TO_VERIFY_LEAF_SIGNATURE");
  ASSERT_TRUE(client->AllowPartialTrustChain().ok());
  EXPECT_EQ(ResultFor(Certificates().server, client), "");
}

TEST_P(Verification, ShowsTheChain) {
  const Identities& all = Certificates();
  const std::string chain = all.server.CertificatePem() + all.authority.CertificatePem();
  ContextPointer server = NewContext(GetParam());
  ASSERT_TRUE(server->SetCertificateChain(BytesOf(chain)).ok());
  ASSERT_TRUE(server->SetPrivateKey(BytesOf(all.server.KeyPem()), std::nullopt).ok());
  EXPECT_NE(server->issuer(), nullptr);
  Pair pair(ClientContext(GetParam()), server);
  pair.Handshake();
  EXPECT_EQ(PeerChain(pair.client.engine()).size(), 2u);
  EXPECT_EQ(PeerCertificates(pair.client.engine(), false).size(), 1u);
  EXPECT_EQ(PeerCertificates(pair.client.engine(), true).size(), 2u);
  EXPECT_EQ(PeerChain(pair.client.engine()), PeerCertificates(pair.client.engine(), true));
  EXPECT_TRUE(PeerCertificates(pair.server.engine(), true).empty());
}

TEST_P(Verification, FindsAnIssuerThatWasNotSent) {
  Pair pair(GetParam());
  pair.Handshake();
  EXPECT_EQ(PeerChain(pair.client.engine()).size(), 1u);
  EXPECT_EQ(PeerCertificates(pair.client.engine(), true).size(), 2u);
}

TEST_P(Verification, OfAClientThatWasNotAsked) {
  Pair pair(ClientWith(Certificates().client), AskingServer());
  pair.Handshake();
  EXPECT_TRUE(PeerCertificates(pair.server.engine(), true).empty());
  EXPECT_TRUE(VerifyPeer(pair.server.engine()));
}

TEST_P(Verification, OfAClientThatWasAsked) {
  for (const Verify verify : {Verify::kRequest, Verify::kRequire}) {
    Pair pair(ClientWith(Certificates().client), AskingServer());
    pair.server.engine().SetVerify(verify);
    pair.Handshake();
    EXPECT_FALSE(VerifyPeer(pair.server.engine()));
    EXPECT_EQ(SimplePeerNames(pair.server.engine())->common_name, "client");
    // The client knows the authority, and sends its certificate too.
    EXPECT_EQ(PeerChain(pair.server.engine()).size(), 2u);
    EXPECT_EQ(Certificate(pair.client.engine()), PeerChain(pair.server.engine())[0]);
  }
}

TEST_P(Verification, OfAClientThatIsNotTrusted) {
  Pair pair(ClientWith(Certificates().stranger), AskingServer());
  pair.server.engine().SetVerify(Verify::kRequire);
  pair.Handshake();
  ASSERT_TRUE(VerifyPeer(pair.server.engine()));
  EXPECT_EQ(VerifyPeer(pair.server.engine())->code, "UNABLE_TO_VERIFY_LEAF_SIGNATURE");
}

TEST_P(Verification, OfAClientThatMayHaveNone) {
  Pair pair(ClientContext(GetParam()), AskingServer());
  pair.server.engine().SetVerify(Verify::kRequest);
  pair.Handshake();
  EXPECT_TRUE(VerifyPeer(pair.server.engine()));
  pair.ExpectDataFlows();
}

TEST_P(Verification, EndsAHandshakeOnlyWithoutARequiredCertificate) {
  Pair pair(ClientContext(GetParam()), AskingServer());
  pair.server.engine().SetVerify(Verify::kRequire);
  pair.Start();
  pair.Run();
  ASSERT_TRUE(pair.server.failed());
  ASSERT_TRUE(pair.client.failed());
  EXPECT_EQ(pair.server.error->code, "ERR_SSL_PEER_DID_NOT_RETURN_A_CERTIFICATE");
  EXPECT_EQ(pair.client.error->code, GetParam() == TLS1_3_VERSION
                                         ? "ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED"
                                         : "ERR_SSL_SSLV3_ALERT_HANDSHAKE_FAILURE");
}

TEST_P(Verification, IsRememberedByASession) {
  ContextPointer client = ClientContext(GetParam());
  ContextPointer server = ServerContext(GetParam(), Certificates().stranger);
  Pair first(client, server);
  first.client.engine().SetVerify(Verify::kRequire);
  const std::vector<uint8_t> session = SessionOf(&first);
  Pair pair(client, server);
  pair.client.engine().SetSession(session);
  pair.Handshake();
  ASSERT_TRUE(SessionReused(pair.client.engine()));
  ASSERT_TRUE(VerifyPeer(pair.client.engine()));
  EXPECT_EQ(VerifyPeer(pair.client.engine())->code, "UNABLE_TO_VERIFY_LEAF_SIGNATURE");
}

FOR_EACH_VERSION(Verification);

// The names of a certificate with these names, as a client sees them.
std::optional<PeerNames> NamesOf(CertificateOptions options) {
  const Identity identity = MakeIdentity(options);
  Pair pair(ClientContext(0), ServerContext(0, identity));
  pair.Handshake();
  return SimplePeerNames(pair.client.engine());
}

std::string AltNamesOf(const std::vector<AltName>& alt_names) {
  CertificateOptions options;
  options.alt_names = alt_names;
  const std::optional<PeerNames> names = NamesOf(options);
  return names ? names->subject_alt_name : "(not simple)";
}

TEST(SimplePeerNames, AreThoseOfTheCertificate) {
  EXPECT_EQ(AltNamesOf({}), "");
  EXPECT_EQ(AltNamesOf({{GEN_DNS, "a.example"}}), "DNS:a.example");
  EXPECT_EQ(AltNamesOf({{GEN_DNS, "*.A-b_9.example"}}), "DNS:*.A-b_9.example");
  EXPECT_EQ(AltNamesOf({{GEN_DNS, "a"}, {GEN_IPADD, "\x7f\x01\x02\xff"}, {GEN_DNS, "b"}}),
            "DNS:a, IP Address:127.1.2.255, DNS:b");
}

TEST(SimplePeerNames, AreNoneThatCouldBeMistaken) {
  for (const std::string& name :
       {std::string("a.example\0.evil.example", 23), std::string("a, DNS:b"), std::string("\"a\""),
        std::string("a b"), std::string("a\n"), std::string("caf\xc3\xa9"), std::string("a:b")}) {
    EXPECT_EQ(AltNamesOf({{GEN_DNS, name}}), "(not simple)");
    EXPECT_EQ(AltNamesOf({{GEN_DNS, "a"}, {GEN_DNS, name}}), "(not simple)");
  }
  EXPECT_EQ(AltNamesOf({{GEN_IPADD, std::string(16, '\1')}}), "(not simple)");
  EXPECT_EQ(AltNamesOf({{GEN_IPADD, "abc"}}), "(not simple)");
  EXPECT_EQ(AltNamesOf({{GEN_URI, "https://a.example"}}), "(not simple)");
  EXPECT_EQ(AltNamesOf({{GEN_EMAIL, "a@a.example"}}), "(not simple)");
}

TEST(SimplePeerNames, AreNoneOfAnExtensionThatDoesNotParse) {
  CertificateOptions options;
  options.alt_names_der = "\x30\x05\x82\x7f";
  EXPECT_EQ(NamesOf(options), std::nullopt);
}

TEST(SimplePeerNames, HaveOneCommonNameAtMost) {
  CertificateOptions options;
  options.common_names = {"a.example"};
  EXPECT_EQ(NamesOf(options)->common_name, "a.example");
  options.common_names = {"a.example", "b.example"};
  EXPECT_EQ(NamesOf(options), std::nullopt);
  options.common_names = {};
  EXPECT_EQ(NamesOf(options)->common_name, "");
}

TEST(SimplePeerNames, HaveACommonNameThatIsSimpleOrDoesNotCount) {
  CertificateOptions options;
  for (const std::string& name : {std::string("A name"), std::string("a\0b", 3)}) {
    options.common_names = {name};
    options.alt_names = {};
    EXPECT_EQ(NamesOf(options), std::nullopt);
    options.alt_names = {{GEN_DNS, "a.example"}};
    ASSERT_TRUE(NamesOf(options));
    EXPECT_EQ(NamesOf(options)->common_name, "");
  }
  options.common_names = {std::string("\0a", 2)};
  options.common_name_type = V_ASN1_BMPSTRING;
  options.alt_names = {};
  EXPECT_EQ(NamesOf(options), std::nullopt);
}

}  // namespace

}  // namespace napi_tls::tls::test
