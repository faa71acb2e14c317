// A certificate of a peer in DER, and all that is read from it. It comes with a session, so that no
// handshake is needed.
#include <openssl/x509v3.h>

#include "der.h"
#include "endpoint.h"

namespace napi_tls::tls::test::fuzz {

namespace {

using openssl::Owned;

std::vector<Input> Seeds() {
  const std::vector<AltName> names = {
      {GEN_DNS, "localhost"},
      {GEN_DNS, "*.example"},
      {GEN_DNS, std::string("a\0b.example", 11)},
      {GEN_DNS, "a\", DNS:b.example"},
      {GEN_DNS, "a, DNS:b"},
      {GEN_DNS, "xn--bcher-kva.example"},
      {GEN_DNS,
       "b\xc3\xbc"
       "cher.example"},
      {GEN_DNS, ""},
      {GEN_IPADD, std::string("\x7f\0\0\1", 4)},
      {GEN_IPADD, std::string(16, '\1')},
      {GEN_IPADD, "abc"},
      {GEN_URI, "https://a.example/\"'"},
      {GEN_EMAIL, "a@b.example"},
  };
  std::vector<CertificateOptions> options;
  for (const AltName& name : names) {
    CertificateOptions one;
    one.alt_names = {name};
    options.push_back(std::move(one));
    CertificateOptions common_name;
    common_name.common_names = {name.value.empty() ? "-" : name.value};
    options.push_back(std::move(common_name));
  }
  CertificateOptions all;
  all.common_names = {"one", "two"};
  all.alt_names = names;
  options.push_back(std::move(all));

  std::vector<Input> seeds;
  for (const CertificateOptions& each : options) {
    const Identity identity = MakeIdentity(each);
    unsigned char* der = nullptr;
    const int size = i2d_X509(identity.certificate.get(), &der);
    seeds.emplace_back(der, der + size);
    OPENSSL_free(der);
  }
  return seeds;
}

// The names as OpenSSL prints them.
std::string PrintedNames(X509* certificate) {
  const Owned<GENERAL_NAMES, GENERAL_NAMES_free> names(static_cast<GENERAL_NAMES*>(
      X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr)));
  const openssl::BIOPointer bio(BIO_new(BIO_s_mem()));
  for (int i = 0; names && i < sk_GENERAL_NAME_num(names.get()); ++i) {
    if (i > 0) BIO_puts(bio.get(), ", ");
    GENERAL_NAME_print(bio.get(), sk_GENERAL_NAME_value(names.get(), i));
  }
  char* text = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &text);  // NOLINT(runtime/int)
  return {text, static_cast<size_t>(size)};
}

void ExpectRightNames(const PeerNames& names, X509* certificate) {
  EXPECT_EQ(names.subject_alt_name, PrintedNames(certificate));
  // Nothing that has a meaning in a list of names.
  EXPECT_EQ(names.subject_alt_name.find_first_of("\"\\'\n"), std::string::npos);
  EXPECT_EQ(names.subject_alt_name.find('\0'), std::string::npos);
  if (names.common_name.empty()) return;
  char text[256] = "";
  const int size = X509_NAME_get_text_by_NID(X509_get_subject_name(certificate), NID_commonName,
                                             text, sizeof(text));
  ASSERT_GE(size, 0);
  EXPECT_EQ(names.common_name.substr(0, sizeof(text) - 1), std::string(text));
}

FUZZ_TARGET(certificate, Seeds) {
  Endpoint client(Engine::Role::kClient, 0);
  if (!client.engine().SetSession(SessionDer(TLS1_3_VERSION, input, {}))) return;
  client.Look();
  X509* certificate = SSL_get0_peer_certificate(client.engine().ssl());
  const auto names = SimplePeerNames(client.engine());
  if (names) ExpectRightNames(*names, certificate);
  // It can be read again from what is handed out.
  for (const Octets& der : PeerCertificates(client.engine(), true)) {
    const unsigned char* data = der.data();
    const X509Pointer again(
        d2i_X509(nullptr, &data, static_cast<long>(der.size())));  // NOLINT(runtime/int)
    EXPECT_NE(again, nullptr);
  }
  client.ExpectSane();
}

}  // namespace

}  // namespace napi_tls::tls::test::fuzz
