// An OpenSSL ENGINE for test/conformance/engines.test.js, loaded by Node's own OpenSSL.
//
// It has a private key for the path of a PEM file, and the client certificate of the tests for
// servers that accept its issuer. A key of an elliptic curve signs only while the engine is in use,
// as a key in a hardware module does.
//
// Found by the id "napi-tls-bare" it has neither, and what begins with "napi-tls-broken" cannot be
// initialised.

#define OPENSSL_SUPPRESS_DEPRECATED

#include <openssl/ec.h>
#include <openssl/engine.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>

#include <cstdio>
#include <cstring>

namespace {

constexpr char kKeys[] = "napi-tls-keys";
constexpr char kBare[] = "napi-tls-bare";
constexpr char kBroken[] = "napi-tls-broken";

bool in_use = false;

int Init(ENGINE*) {
  in_use = true;
  return 1;
}

int Finish(ENGINE*) {
  in_use = false;
  return 1;
}

int Refuse(ENGINE*) { return 0; }

using Sign = int (*)(int type, const unsigned char* digest, int size, unsigned char* signature,
                     unsigned int* signature_size, const BIGNUM* k_inverse, const BIGNUM* r,
                     EC_KEY* key);
Sign default_sign;

int SignWhileInUse(int type, const unsigned char* digest, int size, unsigned char* signature,
                   unsigned int* signature_size, const BIGNUM* k_inverse, const BIGNUM* r,
                   EC_KEY* key) {
  if (!in_use) return 0;
  return default_sign(type, digest, size, signature, signature_size, k_inverse, r, key);
}

// The default one, except for the signature.
const EC_KEY_METHOD* Method() {
  static EC_KEY_METHOD* const method = [] {
    EC_KEY_METHOD* own = EC_KEY_METHOD_new(EC_KEY_OpenSSL());
    ECDSA_SIG* (*sign_sig)(const unsigned char*, int, const BIGNUM*, const BIGNUM*, EC_KEY*);
    int (*setup)(EC_KEY*, BN_CTX*, BIGNUM**, BIGNUM**);
    EC_KEY_METHOD_get_sign(own, &default_sign, &setup, &sign_sig);
    EC_KEY_METHOD_set_sign(own, SignWhileInUse, setup, sign_sig);
    return own;
  }();
  return method;
}

template <typename Type, typename Read>
Type* ReadFile(const char* path, Read read) {
  FILE* file = std::fopen(path, "r");
  if (file == nullptr) return nullptr;
  Type* result = read(file, nullptr, nullptr, nullptr);
  std::fclose(file);
  return result;
}

EVP_PKEY* LoadKey(ENGINE*, const char* path, UI_METHOD*, void*) {
  EVP_PKEY* key = ReadFile<EVP_PKEY>(path, PEM_read_PrivateKey);
  if (key == nullptr || EVP_PKEY_get_base_id(key) != EVP_PKEY_EC) return key;
  EC_KEY* ec = EVP_PKEY_get1_EC_KEY(key);
  EVP_PKEY_free(key);
  EC_KEY_set_method(ec, Method());
  key = EVP_PKEY_new();
  EVP_PKEY_assign_EC_KEY(key, ec);
  return key;
}

bool IsAccepted(const X509* certificate, const STACK_OF(X509_NAME) * issuers) {
  for (int i = 0; i < sk_X509_NAME_num(issuers); i++) {
    const X509_NAME* issuer = sk_X509_NAME_value(issuers, i);
    if (X509_NAME_cmp(issuer, X509_get_issuer_name(certificate)) == 0) return true;
  }
  return false;
}

// Asked for by name while a server's CertificateRequest is answered.
int LoadClientCertificate(ENGINE* engine, SSL*, STACK_OF(X509_NAME) * issuers, X509** certificate,
                          EVP_PKEY** key, STACK_OF(X509) **, UI_METHOD*, void*) {
  *certificate = ReadFile<X509>(CERTS "/client-cert.pem", PEM_read_X509);
  if (*certificate == nullptr || !IsAccepted(*certificate, issuers)) {
    X509_free(*certificate);
    *certificate = nullptr;
    return 0;
  }
  *key = LoadKey(engine, CERTS "/client-key.pem", nullptr, nullptr);
  return *key != nullptr;
}

// `id` is null where somebody has named the file instead. It lives as long as the engine.
int Bind(ENGINE* engine, const char* id) {
  if (id == nullptr) id = kKeys;
  if (ENGINE_set_id(engine, id) != 1 || ENGINE_set_name(engine, id) != 1) return 0;
  if (std::strcmp(id, kBare) == 0) return 1;
  const bool broken = std::strncmp(id, kBroken, std::strlen(kBroken)) == 0;
  if (!broken && std::strcmp(id, kKeys) != 0) return 0;
  return ENGINE_set_init_function(engine, broken ? Refuse : Init) &&
         ENGINE_set_finish_function(engine, Finish) &&
         ENGINE_set_load_privkey_function(engine, LoadKey) &&
         ENGINE_set_load_ssl_client_cert_function(engine, LoadClientCertificate);
}

}  // namespace

extern "C" {
IMPLEMENT_DYNAMIC_CHECK_FN()
IMPLEMENT_DYNAMIC_BIND_FN(Bind)
}
