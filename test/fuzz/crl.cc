// A CRL in DER, and the verification of a server with it.
#include <openssl/pem.h>

#include "endpoint.h"
#include "openssl/read_pem.h"

namespace napi_tls::tls::test::fuzz {

namespace {

Input FromPem(const std::string& pem) {
  const std::vector<openssl::X509CrlPointer> crls = openssl::ReadCRLs(BytesOf(pem));
  unsigned char* der = nullptr;
  const int size = i2d_X509_CRL(crls.at(0).get(), &der);
  Input made(der, der + size);
  OPENSSL_free(der);
  return made;
}

std::string ToPem(Bytes der) {
  const openssl::BIOPointer bio(BIO_new(BIO_s_mem()));
  PEM_write_bio(bio.get(), PEM_STRING_X509_CRL, "", der.data,
                static_cast<long>(der.size));  // NOLINT(runtime/int)
  char* text = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &text);  // NOLINT(runtime/int)
  return {text, static_cast<size_t>(size)};
}

std::vector<Input> Seeds() {
  const Identities& identities = Certificates();
  return {FromPem(MakeCrl(identities.authority, identities.server)),
          FromPem(MakeCrl(identities.authority, identities.client)),
          FromPem(MakeCrl(identities.other_authority, identities.server))};
}

FUZZ_TARGET(crl, Seeds) {
  const ContextPointer context = ClientContext(0);
  Status status = context->AddCRLs(BytesOf(ToPem(input)));
  if (!status.ok()) {
    EXPECT_FALSE(status.error().message.empty());
    return;
  }
  Pair pair(context, SharedContext(Engine::Role::kServer, 0));
  pair.client.engine().SetVerify(Engine::Verify::kRequest);
  pair.Handshake();
  // Only a CRL with the signature of the authority clears the server, and the seeds have one.
  static const Input clears = Seeds().at(1);
  EXPECT_EQ(!VerifyPeer(pair.client.engine()), input.Copy() == clears);
}

}  // namespace

}  // namespace napi_tls::tls::test::fuzz
