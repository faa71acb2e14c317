#include <openssl/crypto.h>
#include <openssl/err.h>

#include <algorithm>
#include <cstdlib>
#include <memory>
#include <utility>

#include "harness.h"
#include "tls/root_store.h"

// OpenSSL runs out of memory: at each of its allocations in turn, once or from there on, while a
// context is made, connections are shaken hands on, used and closed, and what they have negotiated
// is looked at. Nothing crashes, nothing leaks (the sanitizers see), and whatever is not said to
// have failed has been done.
namespace napi_tls::tls::test {

namespace {

enum class Failing { kOnce, kFromThereOn };

// Of this thread; others are not concerned.
struct Allocations {
  uint64_t count = 0;
  uint64_t failing = 0;  // 1: the next one; 0: none
  Failing mode = Failing::kOnce;
};
thread_local Allocations allocations;

// What has thousands of allocations is done for some of them: prime numbers, so that not all of
// them are in the same place of a loop. Most of a context is reading PEM, over and over.
constexpr uint64_t kStep = 11;
constexpr uint64_t kContextStep = 149;

bool Fails() {
  Allocations& now = allocations;
  ++now.count;
  if (now.failing == 0 || now.count < now.failing) return false;
  return now.mode == Failing::kFromThereOn || now.count == now.failing;
}

void* Allocate(size_t size, const char*, int) { return Fails() ? nullptr : std::malloc(size); }
void* Reallocate(void* block, size_t size, const char*, int) {
  return Fails() ? nullptr : std::realloc(block, size);
}
void Release(void* block, const char*, int) { std::free(block); }

// OpenSSL takes them only before its first allocation, which is before main().
const bool installed = CRYPTO_set_mem_functions(Allocate, Reallocate, Release) == 1;

// Runs `work` with all the memory that it wants.
template <typename Work>
auto Pausing(Work&& work) {
  const Allocations before = std::exchange(allocations, {});
  auto result = work();
  allocations = before;
  return result;
}

class FailingMemory : public testing::TestWithParam<std::tuple<int, Failing>> {
 protected:
  void SetUp() override {
    ASSERT_TRUE(installed);
    // What is made once for the process is no concern here; see FailingMemoryAtFirst.
    Certificates();
  }

  int version() const { return std::get<0>(GetParam()); }

  // Runs `scenario` once for each allocation that it makes, which fails then.
  template <typename Scenario>
  void ForEachAllocation(Scenario&& scenario) {
    ForSomeAllocations(1, scenario);
  }

  // The same for every `step`-th; for each where FAILING_MEMORY=all is in the environment.
  template <typename Scenario>
  void ForSomeAllocations(uint64_t step, Scenario&& scenario) {
    const char* wanted = std::getenv("FAILING_MEMORY");
    if (wanted != nullptr && std::string(wanted) == "all") step = 1;
    constexpr uint64_t kMax = 20000;
    scenario();
    for (uint64_t failing = 1; failing < kMax; failing += step) {
      SCOPED_TRACE("allocation " + std::to_string(failing));
      allocations = {0, failing, std::get<1>(GetParam())};
      scenario();
      const bool reached = allocations.count >= failing;
      allocations = {};
      ERR_clear_error();
      if (HasFailure()) return;
      if (!reached) return scenario();  // what has failed works again
    }
    ADD_FAILURE() << "no end of allocations";
  }
};

void ExpectExplained(Status status) {
  if (!status.ok()) {
    EXPECT_FALSE(status.error().message.empty());
  }
}

TEST_P(FailingMemory, OfAContextIsAnError) {
  const std::string certificate = Certificates().server.CertificatePem();
  const std::string chain = certificate + Certificates().authority.CertificatePem();
  const std::string key = Certificates().server.KeyPem();
  const std::string authority = Certificates().authority.CertificatePem();
  const std::string pfx = Certificates().server.Pkcs12("passphrase");
  const std::string crl = MakeCrl(Certificates().authority, Certificates().client);
  ForSomeAllocations(kContextStep, [&] {
    auto made = Context::Create(std::nullopt, version(), version());
    if (!made.ok()) {
      EXPECT_FALSE(made.error().message.empty());
      return;
    }
    Context& context = *made.value();
    ExpectExplained(context.SetCiphers("ECDHE+AESGCM"));
    ExpectExplained(context.SetCipherSuites("TLS_AES_128_GCM_SHA256"));
    ExpectExplained(context.SetSignatureAlgorithms("ECDSA+SHA256"));
    ExpectExplained(context.SetGroups("P-256:X25519"));
    ExpectExplained(context.SetSessionIdContext(BytesOf("tests")));
    ExpectExplained(context.SetCertificateChain(BytesOf(chain)));
    ExpectExplained(context.SetPrivateKey(BytesOf(key), std::nullopt));
    ExpectExplained(context.AddCACertificates(BytesOf(authority)));
    ExpectExplained(context.AddCRLs(BytesOf(crl)));
    ExpectExplained(context.AllowPartialTrustChain());
    ExpectExplained(context.LoadPKCS12(BytesOf(pfx), BytesOf("passphrase")));
  });
}

TEST_P(FailingMemory, OfRootsIsAnError) {
  // Other roots each time, for those that could be read are kept.
  int round = 0;
  const std::string pem = Certificates().authority.CertificatePem();
  const std::string other_pem = Certificates().other_authority.CertificatePem();
  ForSomeAllocations(kStep, [&] {
    const Roots roots{{"# " + std::to_string(++round) + "\n" + pem}, false};
    const ContextPointer context = Pausing([&] { return NewContext(version()); });
    auto store = RootStore(roots);
    if (store.ok()) {
      ExpectExplained(context->UseRoots(store.value().get()));
      ExpectExplained(context->AddCACertificates(BytesOf(other_pem)));
    } else {
      EXPECT_FALSE(store.error().message.empty());
    }
  });
}

TEST_P(FailingMemory, OfAnEngineIsAnError) {
  const ContextPointer context = ServerContext(version());
  Peer host(context, Engine::Role::kServer);
  const std::vector<uint8_t> session = [this] {
    Pair pair(version());
    return SessionOf(&pair);
  }();
  for (const auto role : {Engine::Role::kClient, Engine::Role::kServer}) {
    ForSomeAllocations(kStep, [&] {
      auto made = Engine::Create(context, role, &host);
      if (!made.ok()) {
        EXPECT_FALSE(made.error().message.empty());
        return;
      }
      Engine& engine = *made.value();
      engine.SetVerify(Engine::Verify::kRequest);
      engine.SetServername("localhost");
      engine.SetSession(session);
      engine.SetAlpnProtocols(BytesOf("\x02h2"));
      engine.RequestOcsp();
      engine.EnablePsk();
      engine.EnableKeylog();
      engine.SetPskIdentityHint("hint");
      ExpectExplained(engine.UseCertificateOf(context));
    });
  }
}

// Made once, as much the longest part.
struct Contexts {
  explicit Contexts(int version)
      : client(ClientContext(version)),
        server(ServerContext(version)),
        second(ServerContext(version, Certificates().second)) {}

  ContextPointer client;
  ContextPointer server;
  ContextPointer second;
};

// A server that is asked everything, and gives another certificate than its own.
struct Connection {
  explicit Connection(const Contexts& contexts) : pair(contexts.client, contexts.server) {
    Engine& client = pair.client.engine();
    client.EnableSessionEvents();
    client.SetVerify(Engine::Verify::kRequest);
    EXPECT_TRUE(client.SetServername("other.example"));
    EXPECT_TRUE(client.SetAlpnProtocols(BytesOf("\x02h2")));
    client.RequestOcsp();
    client.EnableKeylog();
    Engine& server = pair.server.engine();
    server.EnableSessionEvents();
    server.EnableSessionLookup();
    server.EnableCertificateQuestion();
    server.EnableKeylog();
    EXPECT_TRUE(server.SetAlpnProtocols(BytesOf("\x02h2")));
    pair.server.on_question = [this, &server, &contexts](const Event& question) {
      if (question.type != Event::Type::kCertificate) return;
      selected = server.SelectContext(contexts.second).ok();
      server.SetOcspResponse(BytesOf("a response"));
    };
  }

  Pair pair;
  bool selected = false;
};

// An engine has failed, and says why, or has not.
void ExpectExplained(const Peer& peer) {
  EXPECT_EQ(peer.failed(), peer.error.has_value());
  if (peer.error) {
    EXPECT_FALSE(peer.error->message.empty());
  }
}

// What has come is what was written, as far as it has come.
void ExpectBeginning(const std::vector<uint8_t>& received, const std::vector<uint8_t>& written) {
  ASSERT_LE(received.size(), written.size());
  EXPECT_TRUE(std::equal(received.begin(), received.end(), written.begin()));
}

TEST_P(FailingMemory, OfAConnectionEndsIt) {
  const std::vector<uint8_t> data = Pattern(20000);
  const Contexts contexts(version());
  ForSomeAllocations(kStep, [&] {
    const auto connection = Pausing([&] { return std::make_unique<Connection>(contexts); });
    Pair& pair = connection->pair;
    pair.Start();
    pair.Run();
    const bool was_open = pair.client.open();
    pair.client.Write(data);
    pair.server.Write(data);
    pair.Run();
    if (version() == TLS1_2_VERSION && pair.server.open()) {
      ExpectExplained(pair.server.engine().Renegotiate());
      pair.Run();
    }
    pair.client.engine().Close();
    pair.server.engine().Close();
    pair.Run();
    Pausing([&] {
      for (Peer* peer : {&pair.client, &pair.server}) {
        ExpectExplained(*peer);
        ExpectBeginning(peer->plaintext, data);
      }
      if (!was_open) return 0;
      // The server may not show another certificate than the one that was chosen.
      X509* shown = SSL_get0_peer_certificate(pair.client.engine().ssl());
      if (shown != nullptr && connection->selected) {
        EXPECT_EQ(X509_cmp(shown, Certificates().second.certificate.get()), 0);
      }
      return 0;
    });
  });
}

TEST_P(FailingMemory, OfAnAnswerIsNoOtherContext) {
  const Contexts contexts(version());
  ForEachAllocation([&] {
    const auto pair = Pausing([&] {
      auto made = std::make_unique<Pair>(contexts.client, contexts.server);
      made->server.engine().EnableCertificateQuestion();
      made->server.answers = false;
      made->Start();
      made->ToServer();
      return made;
    });
    Engine& engine = pair->server.engine();
    ASSERT_TRUE(engine.awaiting_answer());
    Status selected = engine.SelectContext(contexts.second);
    const Context& used = selected.ok() ? *contexts.second : *contexts.server;
    EXPECT_EQ(SSL_get_SSL_CTX(engine.ssl()), used.ssl_ctx());
    ExpectExplained(std::move(selected));
  });
}

TEST_P(FailingMemory, OfAVerificationTrustsNobody) {
  const ContextPointer client_context = ClientContext(version());
  const ContextPointer server_context = ServerContext(version(), Certificates().stranger);
  ForSomeAllocations(kStep, [&] {
    const auto pair = Pausing([&] {
      auto made = std::make_unique<Pair>(client_context, server_context);
      made->client.engine().SetVerify(Engine::Verify::kRequest);
      made->Start();
      made->ToServer();
      return made;
    });
    pair->ToClient();
    Pausing([&] {
      pair->Run();
      return 0;
    });
    ExpectExplained(pair->client);
    if (pair->client.open()) {
      EXPECT_TRUE(VerifyPeer(pair->client.engine()));
    }
  });
}

// `get` answers as it did before, or with less.
template <typename Get, typename IsLess>
void ExpectLessOrEqual(Get&& get, IsLess&& is_less) {
  const auto whole = Pausing(get);
  const auto now = get();
  EXPECT_TRUE(is_less(now, whole));
}

TEST_P(FailingMemory, OfAQuestionIsNoAnswer) {
  const Contexts contexts(version());
  Connection connection(contexts);
  connection.pair.Handshake();
  connection.pair.ExpectDataFlows();
  const Engine& client = connection.pair.client.engine();
  const auto empty_or_equal = [](const auto& now, const auto& whole) {
    return now.empty() || now == whole;
  };
  ForEachAllocation([&] {
    ExpectLessOrEqual([&] { return Session(client); }, empty_or_equal);
    ExpectLessOrEqual([&] { return Ticket(client); }, empty_or_equal);
    ExpectLessOrEqual([&] { return Finished(client); }, empty_or_equal);
    ExpectLessOrEqual([&] { return EphemeralKey(client).name; }, empty_or_equal);
    ExpectLessOrEqual([&] { return SharedSigalgs(client); }, empty_or_equal);
    const auto beginning = [](const std::vector<Octets>& now, const std::vector<Octets>& whole) {
      return now.size() <= whole.size() && std::equal(now.begin(), now.end(), whole.begin());
    };
    ExpectLessOrEqual([&] { return PeerCertificates(client, true); }, beginning);
    ExpectLessOrEqual([&] { return PeerChain(client); }, beginning);
    ExpectLessOrEqual(
        [&] {
          const auto names = SimplePeerNames(client);
          return names ? names->subject_alt_name + names->common_name : "";
        },
        empty_or_equal);
    ExpectLessOrEqual(
        [&] {
          auto material = ExportKeyingMaterial(client, 32, "EXPERIMENTAL", nullptr);
          return material.ok() ? material.value() : Octets();
        },
        empty_or_equal);
  });
}

INSTANTIATE_TEST_SUITE_P(Tls, FailingMemory,
                         testing::Combine(testing::Values(TLS1_2_VERSION, TLS1_3_VERSION),
                                          testing::Values(Failing::kOnce, Failing::kFromThereOn)),
                         [](const testing::TestParamInfo<FailingMemory::ParamType>& info) {
                           const bool old = std::get<0>(info.param) == TLS1_2_VERSION;
                           const bool once = std::get<1>(info.param) == Failing::kOnce;
                           return std::string(old ? "1_2" : "1_3") +
                                  (once ? "_once" : "_from_there_on");
                         });

// What is made once for the process is made later, when there was no memory at first.
TEST(FailingMemoryAtFirst, IsForgotten) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");  // a process of its own
  const auto run = [] {
    // OpenSSL itself does not recover from having had no memory at first.
    openssl::SSLCtxPointer ctx(SSL_CTX_new(TLS_method()));
    openssl::SSLPointer ssl(SSL_new(ctx.get()));
    Certificates();
    for (uint64_t failing = 1; allocations.count + 1 >= failing; ++failing) {
      allocations = {0, failing, Failing::kFromThereOn};
      auto context = Context::Create(std::nullopt, TLS1_3_VERSION, TLS1_3_VERSION);
      if (context.ok())
        static_cast<void>(Engine::Create(context.value(), Engine::Role::kClient, nullptr));
      const uint64_t count = allocations.count;
      allocations = {};
      allocations.count = count;
    }
    Pair first(TLS1_3_VERSION);
    const std::vector<uint8_t> session = SessionOf(&first);
    std::exit(session.empty() || testing::Test::HasFailure() ? 1 : 0);
  };
  EXPECT_EXIT(run(), testing::ExitedWithCode(0), "");
}

}  // namespace

}  // namespace napi_tls::tls::test
