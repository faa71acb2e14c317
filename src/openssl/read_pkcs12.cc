#include "openssl/read_pkcs12.h"

#include <string>
#include <utility>

#include "openssl/cleanse.h"
#include "openssl/read_pem.h"

namespace napi_tls::openssl {

Result<PKCS12Contents> ReadPKCS12(Bytes der, std::optional<Bytes> passphrase) {
  ClearErrorOnReturn clear;
  constexpr const char* kUnreadable = "Unable to load PFX certificate";
  BIOPointer bio = ReadOnlyBIO(der);
  if (!bio) return Error::Operation(kUnreadable);
  // The end of the data is an error of its own then, and not silence.
  BIO_set_mem_eof_return(bio.get(), -1);
  PKCS12Pointer file(d2i_PKCS12_bio(bio.get(), nullptr));
  if (!file) return Error::Reason(kUnreadable);

  // PKCS12_parse wants a C string; no passphrase is tried both as none and as an empty one.
  std::string password;
  const CleanseOnReturn cleanse(&password);
  if (passphrase && !passphrase->empty()) {
    password.assign(reinterpret_cast<const char*>(passphrase->data), passphrase->size);
  }
  EVP_PKEY* key = nullptr;
  X509* certificate = nullptr;
  STACK_OF(X509)* others = nullptr;
  const int parsed = PKCS12_parse(file.get(), password.c_str(), &key, &certificate, &others);

  PKCS12Contents contents{EVPKeyPointer(key), X509Pointer(certificate), {}};
  while (X509* other = sk_X509_shift(others)) contents.others.emplace_back(other);
  sk_X509_free(others);
  if (parsed != 1) return Error::Reason(kUnreadable);
  if (!contents.key) return Error::Operation("Unable to load private key from PFX data");
  if (!contents.certificate) return Error::Operation("Unable to load certificate from PFX data");
  return contents;
}

}  // namespace napi_tls::openssl
