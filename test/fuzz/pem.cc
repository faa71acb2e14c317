// What users hand over as PEM: certificates, authorities, keys, CRLs, parameters.
#include "endpoint.h"
#include "iterations.h"

namespace napi_tls::tls::test::fuzz {

namespace {

std::vector<Input> Seeds() {
  const Identities& identities = Certificates();
  std::vector<Input> seeds;
  for (const std::string& pem :
       {identities.server.CertificatePem(), identities.server.KeyPem(),
        identities.server.KeyPem("passphrase"),
        identities.server.CertificatePem() + identities.authority.CertificatePem(),
        MakeCrl(identities.authority, identities.server)}) {
    seeds.push_back(BytesOf(pem).Copy());
  }
  return seeds;
}

// Whichever call it is, what cannot be read is an error with a message.
void ExpectExplained(Status status) {
  if (!status.ok()) {
    EXPECT_FALSE(status.error().message.empty());
  }
}

FUZZ_TARGET(pem, Seeds) {
  if (HasManyIterations(input)) return;
  const ContextPointer context = NewContext(0);
  ExpectExplained(context->SetCertificateChain(input));
  ExpectExplained(context->SetPrivateKey(input, std::nullopt));
  ExpectExplained(context->SetPrivateKey(input, BytesOf("passphrase")));
  ExpectExplained(context->AddCACertificates(input));
  ExpectExplained(context->AddCRLs(input));
  auto parameters = context->SetDHParams(input);
  if (!parameters.ok()) {
    EXPECT_FALSE(parameters.error().message.empty());
  }
}

}  // namespace

}  // namespace napi_tls::tls::test::fuzz
