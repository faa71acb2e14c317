// The options of a context that are texts and numbers.
#include "endpoint.h"

namespace napi_tls::tls::test::fuzz {

namespace {

enum Option {
  kCiphers,
  kCipherSuites,
  kSignatureAlgorithms,
  kGroups,
  kSecureProtocol,
  kMinVersion,
  kMaxVersion,
  kSessionIdContext,
  kServername,
  kPskHint,
  kOptionCount,
};

std::vector<Input> Seeds() {
  const std::pair<Option, const char*> values[] = {
      {kCiphers, "ECDHE+AESGCM:!aNULL:@SECLEVEL=1:@STRENGTH"},
      {kCipherSuites, "TLS_AES_128_GCM_SHA256:TLS_CHACHA20_POLY1305_SHA256"},
      {kSignatureAlgorithms, "ECDSA+SHA256:rsa_pss_rsae_sha256:ed25519"},
      {kGroups, "X25519:P-256:prime256v1"},
      {kSecureProtocol, "TLSv1_2_server_method"},
      {kMinVersion, "\x03\x03"},
      {kMaxVersion, "\x03\x04"},
      {kSessionIdContext, "an id"},
      {kServername, "a.example"},
      {kPskHint, "a hint"},
  };
  std::vector<Input> seeds;
  for (const auto& [option, value] : values) {
    seeds.push_back(WithWord(BytesOf(value).Copy(), option));
  }
  return seeds;
}

void ExpectExplained(Status status) {
  if (!status.ok()) {
    EXPECT_FALSE(status.error().message.empty());
  }
}

FUZZ_TARGET(options, Seeds) {
  Reader reader(input);
  const int option = reader.Word() % kOptionCount;
  const Bytes bytes = reader.TakeRest();
  const std::string text = TextOf(bytes.Copy());
  const int number = bytes.size < 2 ? 0 : bytes.data[0] << 8 | bytes.data[1];
  const ContextPointer context = ServerContext(0);
  switch (option) {
    case kCiphers:
      ExpectExplained(context->SetCiphers(text.c_str()));
      break;
    case kCipherSuites:
      ExpectExplained(context->SetCipherSuites(text.c_str()));
      break;
    case kSignatureAlgorithms:
      ExpectExplained(context->SetSignatureAlgorithms(text.c_str()));
      break;
    case kGroups:
      ExpectExplained(context->SetGroups(text.c_str()));
      break;
    case kSecureProtocol: {
      auto made = Context::Create(text, TLS1_2_VERSION, TLS1_3_VERSION);
      if (!made.ok()) {
        EXPECT_FALSE(made.error().message.empty());
      }
      return;
    }
    case kMinVersion:
      ExpectExplained(context->SetMinVersion(number));
      break;
    case kMaxVersion:
      ExpectExplained(context->SetMaxVersion(number));
      break;
    case kSessionIdContext:
      ExpectExplained(context->SetSessionIdContext(bytes));
      break;
    default:
      break;
  }
  // Whatever it is set to, a handshake ends one way or the other.
  Pair pair(SharedContext(Engine::Role::kClient, 0), context);
  if (option == kServername) pair.client.engine().SetServername(text);
  if (option == kPskHint) pair.server.engine().SetPskIdentityHint(text);
  pair.Start();
  pair.Run();
  ExpectSane(pair.client);
  ExpectSane(pair.server);
}

}  // namespace

}  // namespace napi_tls::tls::test::fuzz
