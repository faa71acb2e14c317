#include "harness.h"
#include "tls/root_store.h"

namespace napi_tls::tls::test {

namespace {

const std::string kJunk = "junk";

template <typename T>
std::string CodeOf(openssl::Result<T> result) {
  return result.ok() ? "" : result.error().code;
}

template <typename T>
std::string MessageOf(openssl::Result<T> result) {
  return result.ok() ? "" : result.error().message;
}

class ContextOptions : public testing::Test {
 protected:
  ContextOptions() : context_(NewContext(0)) {}
  const Identity& server_ = Certificates().server;
  ContextPointer context_;
};

TEST_F(ContextOptions, OfProtocols) {
  const auto create = [](const char* name) { return Context::Create(name, 0, 0); };
  EXPECT_EQ(MessageOf(create("SSLv2_method")), "SSLv2 methods disabled");
  EXPECT_EQ(MessageOf(create("SSLv3_server_method")), "SSLv3 methods disabled");
  for (const char* unknown :
       {"", "TLSv1_4_method", "_method", "TLS", "TLS_methods", "tls_method"}) {
    EXPECT_EQ(CodeOf(create(unknown)), "ERR_TLS_INVALID_PROTOCOL_METHOD") << unknown;
  }
  EXPECT_EQ(MessageOf(create("any")), "Unknown method: any");
  auto tls12 = create("TLSv1_2_client_method");
  ASSERT_TRUE(tls12.ok());
  EXPECT_EQ(tls12.value()->min_version(), TLS1_2_VERSION);
  EXPECT_EQ(tls12.value()->max_version(), TLS1_2_VERSION);
  auto tls = create("TLS_method");
  ASSERT_TRUE(tls.ok());
  EXPECT_EQ(tls.value()->min_version(), 0);
  EXPECT_EQ(tls.value()->max_version(), TLS1_3_VERSION);
}

TEST_F(ContextOptions, OfVersions) {
  EXPECT_EQ(context_->min_version(), TLS1_2_VERSION);
  EXPECT_EQ(context_->max_version(), TLS1_3_VERSION);
  EXPECT_EQ(CodeOf(context_->SetMinVersion(1)), "ERR_INVALID_ARG_VALUE");
  EXPECT_EQ(CodeOf(context_->SetMaxVersion(-5)), "ERR_INVALID_ARG_VALUE");
  EXPECT_EQ(CodeOf(Context::Create(std::nullopt, 1, 0)), "ERR_INVALID_ARG_VALUE");
  EXPECT_TRUE(context_->SetMinVersion(TLS1_3_VERSION).ok());
  EXPECT_EQ(context_->min_version(), TLS1_3_VERSION);
}

TEST_F(ContextOptions, OfCiphers) {
  EXPECT_EQ(CodeOf(context_->SetCiphers("NONE-SUCH")), "ERR_SSL_NO_CIPHER_MATCH");
  EXPECT_TRUE(context_->SetCiphers("").ok());
  EXPECT_TRUE(context_->SetCiphers("ECDHE-ECDSA-AES128-GCM-SHA256").ok());
  EXPECT_FALSE(context_->SetCipherSuites("NONE-SUCH").ok());
  EXPECT_TRUE(context_->SetCipherSuites("TLS_AES_128_GCM_SHA256").ok());
  EXPECT_FALSE(context_->SetSignatureAlgorithms("none+such").ok());
  EXPECT_TRUE(context_->SetSignatureAlgorithms("ecdsa_secp256r1_sha256").ok());
  EXPECT_EQ(MessageOf(context_->SetGroups("none-such")), "Failed to set ECDH curve");
  EXPECT_EQ(CodeOf(context_->SetGroups("none-such")), "ERR_CRYPTO_OPERATION_FAILED");
  EXPECT_TRUE(context_->SetGroups("auto").ok());
  EXPECT_TRUE(context_->SetGroups("P-256:X25519").ok());
}

TEST_F(ContextOptions, AreThoseThatAConnectionNegotiates) {
  ContextPointer server = ServerContext(0);
  ASSERT_TRUE(server->SetCipherSuites("TLS_AES_128_GCM_SHA256").ok());
  ASSERT_TRUE(server->SetGroups("P-384").ok());
  Pair pair(ClientContext(0), server);
  pair.Handshake();
  EXPECT_EQ(Cipher(pair.client.engine())->name, "TLS_AES_128_GCM_SHA256");
  EXPECT_EQ(EphemeralKey(pair.client.engine()).name, "secp384r1");
  EXPECT_EQ(EphemeralKey(pair.client.engine()).size, 384);
}

TEST_F(ContextOptions, OfCertificates) {
  EXPECT_EQ(CodeOf(context_->SetCertificateChain(BytesOf(kJunk))), "ERR_OSSL_PEM_NO_START_LINE");
  EXPECT_EQ(CodeOf(context_->SetCertificateChain({})), "ERR_OSSL_PEM_NO_START_LINE");
  const std::string key = server_.KeyPem();
  EXPECT_EQ(CodeOf(context_->SetCertificateChain(BytesOf(key))), "ERR_OSSL_PEM_NO_START_LINE");
  std::string cut = server_.CertificatePem();
  cut.resize(cut.size() / 2);
  EXPECT_FALSE(context_->SetCertificateChain(BytesOf(cut)).ok());
  const std::string second_is_cut = server_.CertificatePem() + cut;
  EXPECT_FALSE(context_->SetCertificateChain(BytesOf(second_is_cut)).ok());
  EXPECT_EQ(context_->certificate(), nullptr);
  const std::string whole = server_.CertificatePem() + kJunk;
  EXPECT_TRUE(context_->SetCertificateChain(BytesOf(whole)).ok());
  EXPECT_EQ(X509_cmp(context_->certificate(), server_.certificate.get()), 0);
  EXPECT_EQ(context_->issuer(), nullptr);
}

TEST_F(ContextOptions, OfKeys) {
  const std::string plain = server_.KeyPem();
  const std::string locked = server_.KeyPem("a passphrase");
  const auto set = [this](const std::string& pem, std::optional<std::string> passphrase) {
    std::optional<Bytes> bytes;
    if (passphrase) bytes = BytesOf(*passphrase);
    return context_->SetPrivateKey(BytesOf(pem), bytes);
  };
  EXPECT_EQ(CodeOf(set(kJunk, std::nullopt)), "ERR_OSSL_UNSUPPORTED");
  EXPECT_EQ(CodeOf(set("", std::nullopt)), "ERR_OSSL_UNSUPPORTED");
  EXPECT_FALSE(set(locked, std::nullopt).ok());
  EXPECT_FALSE(set(locked, "").ok());
  // The salt is random, and in one case of 256 what comes out has a padding that looks right.
  const std::string refused = CodeOf(set(locked, "another"));
  EXPECT_TRUE(refused == "ERR_OSSL_BAD_DECRYPT" || refused == "ERR_OSSL_UNSUPPORTED") << refused;
  EXPECT_FALSE(set(locked, std::string(5000, 'a')).ok());
  EXPECT_TRUE(set(locked, "a passphrase").ok());
  EXPECT_TRUE(set(plain, std::nullopt).ok());
  EXPECT_TRUE(set(plain, "not needed").ok());
}

TEST_F(ContextOptions, OfAKeyThatIsNotTheCertificates) {
  const std::string certificate = server_.CertificatePem();
  const std::string key = Certificates().client.KeyPem();
  ASSERT_TRUE(context_->SetCertificateChain(BytesOf(certificate)).ok());
  Status status = context_->SetPrivateKey(BytesOf(key), std::nullopt);
  ASSERT_FALSE(status.ok());
  EXPECT_EQ(status.error().code, "ERR_OSSL_X509_KEY_VALUES_MISMATCH");
  EXPECT_EQ(status.error().reason, "key values mismatch");
  EXPECT_EQ(status.error().library, "x509 certificate routines");
}

TEST_F(ContextOptions, OfPfxFiles) {
  const std::string pfx = server_.Pkcs12("a passphrase");
  const std::string right = "a passphrase";
  const std::string wrong = "another";
  EXPECT_EQ(MessageOf(context_->LoadPKCS12(BytesOf(kJunk), std::nullopt)), "not enough data");
  EXPECT_FALSE(context_->LoadPKCS12({}, std::nullopt).ok());
  EXPECT_EQ(MessageOf(context_->LoadPKCS12(BytesOf(pfx), std::nullopt)), "mac verify failure");
  EXPECT_EQ(MessageOf(context_->LoadPKCS12(BytesOf(pfx), BytesOf(wrong))), "mac verify failure");
  const std::string cut = pfx.substr(0, pfx.size() / 2);
  EXPECT_FALSE(context_->LoadPKCS12(BytesOf(cut), BytesOf(right)).ok());
  EXPECT_EQ(context_->certificate(), nullptr);
  ASSERT_TRUE(context_->LoadPKCS12(BytesOf(pfx), BytesOf(right)).ok());
  Pair pair(ClientContext(0), context_);
  pair.Handshake();
  EXPECT_FALSE(VerifyPeer(pair.client.engine()));
}

TEST_F(ContextOptions, OfTrust) {
  EXPECT_TRUE(context_->AddCACertificates(BytesOf(kJunk)).ok()) << "junk holds no certificate";
  EXPECT_EQ(MessageOf(context_->AddCRLs(BytesOf(kJunk))), "Failed to parse CRL");
  EXPECT_EQ(CodeOf(context_->AddCRLs(BytesOf(kJunk))), "ERR_CRYPTO_OPERATION_FAILED");
  std::string crl = MakeCrl(Certificates().authority, server_);
  EXPECT_TRUE(context_->AddCRLs(BytesOf(crl)).ok());
  crl += crl.substr(0, crl.size() / 2);
  EXPECT_FALSE(context_->AddCRLs(BytesOf(crl)).ok()) << "one of two cannot be read";
}

TEST_F(ContextOptions, OfDefaultRootsThatAreShared) {
  Roots roots;
  roots.pems = {kJunk};
  EXPECT_FALSE(RootStore(roots).ok());
  roots.pems = {Certificates().authority.CertificatePem()};
  auto store = RootStore(roots);
  ASSERT_TRUE(store.ok());
  auto again = RootStore(roots);
  ASSERT_TRUE(again.ok());
  EXPECT_EQ(store.value().get(), again.value().get());
  const auto count = [&] {
    return sk_X509_OBJECT_num(X509_STORE_get0_objects(store.value().get()));
  };
  ASSERT_EQ(count(), 1);

  // Whichever comes first, the shared store stays as it is.
  const std::string other = Certificates().other_authority.CertificatePem();
  ContextPointer before = NewContext(0);
  ASSERT_TRUE(before->AddCACertificates(BytesOf(other)).ok());
  before->WantRoots();
  EXPECT_TRUE(before->roots_wanted());
  ASSERT_TRUE(before->UseRoots(store.value().get()).ok());
  EXPECT_FALSE(before->roots_wanted());
  ContextPointer after = NewContext(0);
  ASSERT_TRUE(after->UseRoots(store.value().get()).ok());
  ASSERT_TRUE(after->AddCACertificates(BytesOf(other)).ok());
  EXPECT_EQ(count(), 1);
  for (const ContextPointer& client : {before, after}) {
    for (const Identity* identity : {&Certificates().server, &Certificates().stranger}) {
      Pair pair(client, ServerContext(0, *identity));
      pair.Handshake();
      EXPECT_FALSE(VerifyPeer(pair.client.engine()));
    }
  }
}

TEST_F(ContextOptions, OfSessions) {
  EXPECT_TRUE(context_->SetSessionIdContext(BytesOf(std::string(32, 'a'))).ok());
  Status status = context_->SetSessionIdContext(BytesOf(std::string(33, 'a')));
  ASSERT_FALSE(status.ok());
  EXPECT_EQ(status.error().type, Error::Type::kTypeError);
  EXPECT_NE(status.error().message.find("ssl session id context too long"), std::string::npos);
}

TEST_F(ContextOptions, OfDiffieHellman) {
  auto junk = context_->SetDHParams(BytesOf(kJunk));
  ASSERT_TRUE(junk.ok());
  EXPECT_FALSE(junk.value());
  context_->SetDHAuto();
}

TEST_F(ContextOptions, OfCertificateCompression) {
  // RFC 8879, 7.3: there is no algorithm 99.
  Status status = context_->SetCertificateCompression({99});
  EXPECT_EQ(CodeOf(status), "ERR_CRYPTO_OPERATION_FAILED");
}

TEST_F(ContextOptions, OfEngines) {
  EXPECT_FALSE(context_->SetEngineKey("key", "no-such-engine").ok());
  EXPECT_FALSE(context_->SetClientCertEngine("no-such-engine").ok());
}

}  // namespace

}  // namespace napi_tls::tls::test
