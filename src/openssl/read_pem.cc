#include "openssl/read_pem.h"

#include <openssl/err.h>
#include <openssl/pem.h>

#include <climits>
#include <cstring>
#include <utility>

namespace napi_tls::openssl {

namespace {

// pem_password_cb. Certificates are not encrypted, but OpenSSL's default would ask at a terminal.
int GivePassphrase(char* buffer, int size, int, void* data) {
  const auto* passphrase = static_cast<const Bytes*>(data);
  if (passphrase == nullptr || passphrase->empty()) return 0;
  if (passphrase->size > static_cast<size_t>(size)) return -1;
  memcpy(buffer, passphrase->data, passphrase->size);
  return static_cast<int>(passphrase->size);
}

// The end of the file is reached when there is no further start line.
bool IsEndOfPem() {
  const unsigned long newest = ERR_peek_last_error();
  return ERR_GET_LIB(newest) == ERR_LIB_PEM && ERR_GET_REASON(newest) == PEM_R_NO_START_LINE;
}

}  // namespace

BIOPointer ReadOnlyBIO(Bytes bytes) {
  if (bytes.size > INT_MAX) return nullptr;
  // An empty Buffer may have no address, which OpenSSL takes for an error.
  const void* data = bytes.empty() ? "" : static_cast<const void*>(bytes.data);
  return BIOPointer(BIO_new_mem_buf(data, static_cast<int>(bytes.size)));
}

Result<std::vector<X509Pointer>> ReadCertificateChain(Bytes pem) {
  ClearErrorOnReturn clear;
  constexpr const char* kFallback = "SSL_CTX_use_certificate_chain";
  BIOPointer bio = ReadOnlyBIO(pem);
  if (!bio) return Error::FromQueue("PEM data too long");

  std::vector<X509Pointer> chain;
  X509Pointer leaf(PEM_read_bio_X509_AUX(bio.get(), nullptr, GivePassphrase, nullptr));
  if (!leaf) return Error::FromQueue(kFallback);
  chain.push_back(std::move(leaf));
  while (X509Pointer next{PEM_read_bio_X509(bio.get(), nullptr, GivePassphrase, nullptr)}) {
    chain.push_back(std::move(next));
  }
  if (!IsEndOfPem()) return Error::FromQueue(kFallback);
  return chain;
}

std::vector<X509Pointer> ReadCertificates(Bytes pem) {
  ClearErrorOnReturn clear;
  std::vector<X509Pointer> certificates;
  BIOPointer bio = ReadOnlyBIO(pem);
  if (!bio) return certificates;
  while (X509Pointer next{PEM_read_bio_X509_AUX(bio.get(), nullptr, GivePassphrase, nullptr)}) {
    certificates.push_back(std::move(next));
  }
  return certificates;
}

Result<EVPKeyPointer> ReadPrivateKey(Bytes pem, std::optional<Bytes> passphrase) {
  ClearErrorOnReturn clear;
  BIOPointer bio = ReadOnlyBIO(pem);
  if (!bio) return Error::FromQueue("PEM data too long");
  EVPKeyPointer key(PEM_read_bio_PrivateKey(bio.get(), nullptr, GivePassphrase,
                                            passphrase ? &*passphrase : nullptr));
  if (!key) return Error::FromQueue("PEM_read_bio_PrivateKey");
  return key;
}

std::vector<X509CrlPointer> ReadCRLs(Bytes pem) {
  ClearErrorOnReturn clear;
  std::vector<X509CrlPointer> crls;
  BIOPointer bio = ReadOnlyBIO(pem);
  if (!bio) return crls;
  while (X509CrlPointer next{PEM_read_bio_X509_CRL(bio.get(), nullptr, GivePassphrase, nullptr)}) {
    crls.push_back(std::move(next));
  }
  if (!IsEndOfPem()) crls.clear();
  return crls;
}

DHParamsPointer ReadDHParams(Bytes pem) {
  ClearErrorOnReturn clear;
  BIOPointer bio = ReadOnlyBIO(pem);
  if (!bio) return nullptr;
  DHParamsPointer params(PEM_read_bio_Parameters(bio.get(), nullptr));
  if (!params) return nullptr;
  if (!EVP_PKEY_is_a(params.get(), "DH") && !EVP_PKEY_is_a(params.get(), "DHX")) return nullptr;
  return params;
}

}  // namespace napi_tls::openssl
