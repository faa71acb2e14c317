#include <openssl/pem.h>
#include <openssl/pkcs12.h>
#include <openssl/x509v3.h>

#include <ctime>

#include "harness.h"

namespace napi_tls::tls::test {

namespace {

using openssl::BIOPointer;
using openssl::Owned;

std::string Drain(BIO* bio) {
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio, &data);  // NOLINT(runtime/int)
  return {data, static_cast<size_t>(size)};
}

BIOPointer MemoryBio() { return BIOPointer(BIO_new(BIO_s_mem())); }

void AddExtension(X509* certificate, int nid, const std::string& der, bool critical) {
  Owned<ASN1_OCTET_STRING, ASN1_OCTET_STRING_free> value(ASN1_OCTET_STRING_new());
  ASN1_OCTET_STRING_set(value.get(), reinterpret_cast<const uint8_t*>(der.data()),
                        static_cast<int>(der.size()));
  Owned<X509_EXTENSION, X509_EXTENSION_free> extension(
      X509_EXTENSION_create_by_NID(nullptr, nid, critical ? 1 : 0, value.get()));
  X509_add_ext(certificate, extension.get(), -1);
}

std::string EncodeAltNames(const std::vector<AltName>& alt_names) {
  Owned<GENERAL_NAMES, GENERAL_NAMES_free> names(sk_GENERAL_NAME_new_null());
  for (const AltName& alt_name : alt_names) {
    ASN1_STRING* value =
        ASN1_STRING_type_new(alt_name.type == GEN_IPADD ? V_ASN1_OCTET_STRING : V_ASN1_IA5STRING);
    ASN1_STRING_set(value, alt_name.value.data(), static_cast<int>(alt_name.value.size()));
    GENERAL_NAME* name = GENERAL_NAME_new();
    GENERAL_NAME_set0_value(name, alt_name.type, value);
    sk_GENERAL_NAME_push(names.get(), name);
  }
  uint8_t* der = nullptr;
  const int size = i2d_GENERAL_NAMES(names.get(), &der);
  std::string encoded(reinterpret_cast<char*>(der), static_cast<size_t>(size));
  OPENSSL_free(der);
  return encoded;
}

int64_t NextSerial() {
  static int64_t serial = 0;
  return ++serial;
}

}  // namespace

std::string Identity::CertificatePem() const {
  BIOPointer bio = MemoryBio();
  PEM_write_bio_X509(bio.get(), certificate.get());
  return Drain(bio.get());
}

std::string Identity::KeyPem(const std::string& passphrase) const {
  BIOPointer bio = MemoryBio();
  PEM_write_bio_PKCS8PrivateKey(bio.get(), key.get(),
                                passphrase.empty() ? nullptr : EVP_aes_128_cbc(), passphrase.data(),
                                static_cast<int>(passphrase.size()), nullptr, nullptr);
  return Drain(bio.get());
}

std::string Identity::Pkcs12(const std::string& passphrase) const {
  openssl::PKCS12Pointer file(
      PKCS12_create(passphrase.c_str(), "", key.get(), certificate.get(), nullptr, 0, 0, 1, 1, 0));
  BIOPointer bio = MemoryBio();
  i2d_PKCS12_bio(bio.get(), file.get());
  return Drain(bio.get());
}

Identity MakeIdentity(const CertificateOptions& options) {
  Identity made{EVPKeyPointer(EVP_EC_gen("P-256")), X509Pointer(X509_new())};
  X509* certificate = made.certificate.get();
  X509_set_version(certificate, X509_VERSION_3);
  ASN1_INTEGER_set_int64(X509_get_serialNumber(certificate), NextSerial());
  const time_t now = time(nullptr);
  ASN1_TIME_set(X509_getm_notBefore(certificate), now + options.not_before);
  ASN1_TIME_set(X509_getm_notAfter(certificate), now + options.not_after);
  X509_NAME* subject = X509_get_subject_name(certificate);
  for (const std::string& name : options.common_names) {
    X509_NAME_add_entry_by_NID(subject, NID_commonName, options.common_name_type,
                               reinterpret_cast<const uint8_t*>(name.data()),
                               static_cast<int>(name.size()), -1, 0);
  }
  X509_set_pubkey(certificate, made.key.get());
  if (options.authority) {
    AddExtension(certificate, NID_basic_constraints, std::string("\x30\x03\x01\x01\xff", 5), true);
  }
  if (!options.alt_names_der.empty()) {
    AddExtension(certificate, NID_subject_alt_name, options.alt_names_der, false);
  } else if (!options.alt_names.empty()) {
    AddExtension(certificate, NID_subject_alt_name, EncodeAltNames(options.alt_names), false);
  }
  const Identity& issuer = options.issuer == nullptr ? made : *options.issuer;
  X509_set_issuer_name(certificate, X509_get_subject_name(issuer.certificate.get()));
  EXPECT_GT(X509_sign(certificate, issuer.key.get(), EVP_sha256()), 0);
  return made;
}

std::string MakeCrl(const Identity& issuer, const Identity& revoked) {
  openssl::X509CrlPointer crl(X509_CRL_new());
  X509_CRL_set_version(crl.get(), X509_CRL_VERSION_2);
  X509_CRL_set_issuer_name(crl.get(), X509_get_subject_name(issuer.certificate.get()));
  Owned<ASN1_TIME, ASN1_TIME_free> when(ASN1_TIME_set(nullptr, time(nullptr) - 60));
  X509_CRL_set1_lastUpdate(crl.get(), when.get());
  X509_REVOKED* entry = X509_REVOKED_new();
  X509_REVOKED_set_serialNumber(entry, X509_get_serialNumber(revoked.certificate.get()));
  X509_REVOKED_set_revocationDate(entry, when.get());
  X509_CRL_add0_revoked(crl.get(), entry);
  ASN1_TIME_set(when.get(), time(nullptr) + 3600);
  X509_CRL_set1_nextUpdate(crl.get(), when.get());
  X509_CRL_sign(crl.get(), issuer.key.get(), EVP_sha256());
  BIOPointer bio = MemoryBio();
  PEM_write_bio_X509_CRL(bio.get(), crl.get());
  return Drain(bio.get());
}

const Identities& Certificates() {
  static const Identities identities = [] {
    const auto make = [](const char* name, const Identity* issuer, int64_t not_before = -3600,
                         int64_t not_after = 3600) {
      CertificateOptions options;
      options.common_names = {name};
      options.alt_names = {{GEN_DNS, name}};
      options.issuer = issuer;
      options.not_before = not_before;
      options.not_after = not_after;
      return MakeIdentity(options);
    };
    const auto make_authority = [](const char* name) {
      CertificateOptions options;
      options.common_names = {name};
      options.authority = true;
      return MakeIdentity(options);
    };
    Identities made;
    made.authority = make_authority("Authority");
    made.other_authority = make_authority("Other authority");
    made.server = make("localhost", &made.authority);
    made.client = make("client", &made.authority);
    made.second = make("other.example", &made.authority);
    made.expired = make("localhost", &made.authority, -7200, -3600);
    made.early = make("localhost", &made.authority, 3600, 7200);
    made.stranger = make("localhost", &made.other_authority);
    made.self_signed = make("localhost", nullptr);
    return made;
  }();
  return identities;
}

}  // namespace napi_tls::tls::test
