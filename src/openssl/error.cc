#include "openssl/error.h"

#include <openssl/err.h>

#include <utility>

namespace napi_tls::openssl {

namespace {

// The part of an `ERR_OSSL_*` code that names the library. Libraries that came with OpenSSL 3
// (providers, decoders, encoders, ...) have none in Node.
const char* CodeInfix(int library) {
  switch (library) {
    case ERR_LIB_SYS:
      return "SYS_";
    case ERR_LIB_BN:
      return "BN_";
    case ERR_LIB_RSA:
      return "RSA_";
    case ERR_LIB_DH:
      return "DH_";
    case ERR_LIB_EVP:
      return "EVP_";
    case ERR_LIB_BUF:
      return "BUF_";
    case ERR_LIB_OBJ:
      return "OBJ_";
    case ERR_LIB_PEM:
      return "PEM_";
    case ERR_LIB_DSA:
      return "DSA_";
    case ERR_LIB_X509:
      return "X509_";
    case ERR_LIB_ASN1:
      return "ASN1_";
    case ERR_LIB_CONF:
      return "CONF_";
    case ERR_LIB_CRYPTO:
      return "CRYPTO_";
    case ERR_LIB_EC:
      return "EC_";
    case ERR_LIB_BIO:
      return "BIO_";
    case ERR_LIB_PKCS7:
      return "PKCS7_";
    case ERR_LIB_X509V3:
      return "X509V3_";
    case ERR_LIB_PKCS12:
      return "PKCS12_";
    case ERR_LIB_RAND:
      return "RAND_";
    case ERR_LIB_DSO:
      return "DSO_";
    case ERR_LIB_ENGINE:
      return "ENGINE_";
    case ERR_LIB_OCSP:
      return "OCSP_";
    case ERR_LIB_UI:
      return "UI_";
    case ERR_LIB_COMP:
      return "COMP_";
    case ERR_LIB_ECDSA:
      return "ECDSA_";
    case ERR_LIB_ECDH:
      return "ECDH_";
    case ERR_LIB_OSSL_STORE:
      return "OSSL_STORE_";
    case ERR_LIB_FIPS:
      return "FIPS_";
    case ERR_LIB_CMS:
      return "CMS_";
    case ERR_LIB_TS:
      return "TS_";
    case ERR_LIB_CT:
      return "CT_";
    case ERR_LIB_ASYNC:
      return "ASYNC_";
    case ERR_LIB_SM2:
      return "SM2_";
    default:
      return "";
  }
}

// "no start line" becomes NO_START_LINE.
std::string Upper(const char* reason) {
  std::string upper;
  for (const char* c = reason; *c != '\0'; c++) {
    if (*c == ' ') {
      upper += '_';
    } else {
      // Not toupper(): it asks the locale.
      upper += *c >= 'a' && *c <= 'z' ? static_cast<char>(*c - 'a' + 'A') : *c;
    }
  }
  return upper;
}

// ERR_SSL_NO_CIPHER_MATCH, ERR_OSSL_PEM_NO_START_LINE, ERR_OSSL_BAD_DECRYPT.
std::string Code(unsigned long entry, const char* reason) {  // NOLINT(runtime/int)
  const int library = ERR_GET_LIB(entry);
  if (library == ERR_LIB_SSL) return "ERR_SSL_" + Upper(reason);
  return std::string("ERR_OSSL_") + CodeInfix(library) + Upper(reason);
}

std::string Text(unsigned long entry) {  // NOLINT(runtime/int)
  char text[256];
  ERR_error_string_n(entry, text, sizeof(text));
  return text;
}

// The oldest entry as ERR_print_errors writes it.
std::string PrintOldest() {
  std::string text;
  ERR_print_errors_cb(
      [](const char* line, size_t length, void* data) {
        static_cast<std::string*>(data)->assign(line, length);
        return 0;  // no more
      },
      &text);
  ERR_clear_error();
  return text;
}

}  // namespace

Error Error::FromQueueBare(const char* fallback) {
  Error error;
  const unsigned long oldest = ERR_get_error();  // NOLINT(runtime/int)
  error.message = oldest == 0 && fallback != nullptr ? fallback : Text(oldest);
  while (const unsigned long entry = ERR_get_error()) {  // NOLINT(runtime/int)
    error.stack.push_back(Text(entry));
  }
  error.stack = {error.stack.rbegin(), error.stack.rend()};
  return error;
}

Error Error::FromQueue(const char* fallback) {
  const unsigned long oldest = ERR_peek_error();  // NOLINT(runtime/int)
  Error error = FromQueueBare(fallback);
  if (oldest != 0) {
    error.Describe(oldest);
    if (!error.reason.empty()) error.code = Code(oldest, error.reason.c_str());
  }
  return error;
}

Error Error::FromConnection(const char* fallback) {
  const unsigned long oldest = ERR_peek_error();  // NOLINT(runtime/int)
  Error error = Printed(fallback);
  if (oldest != 0) {
    error.Describe(oldest);
    // OpenSSL has no word for an alert that no RFC defines.
    if (error.reason.empty()) error.reason = "unknown alert type";
    // Whatever the library.
    error.code = "ERR_SSL_" + Upper(error.reason.c_str());
  }
  return error;
}

void Error::Describe(unsigned long entry) {  // NOLINT(runtime/int)
  if (const char* text = ERR_lib_error_string(entry)) library = text;
  if (const char* text = ERR_reason_error_string(entry)) reason = text;
}

Error Error::Reason(const char* fallback) {
  Error error;
  const unsigned long oldest = ERR_get_error();  // NOLINT(runtime/int)
  const char* reason = oldest == 0 ? nullptr : ERR_reason_error_string(oldest);
  error.message = reason == nullptr ? fallback : reason;
  ERR_clear_error();
  return error;
}

Error Error::Printed(const char* fallback) {
  Error error;
  error.message = PrintOldest();
  if (error.message.empty()) error.message = fallback;
  return error;
}

Error Error::Operation(const char* message) {
  ERR_clear_error();
  Error error;
  error.message = message;
  error.code = "ERR_CRYPTO_OPERATION_FAILED";
  return error;
}

Error Error::Invalid(std::string code, std::string message) {
  ERR_clear_error();
  Error error;
  error.type = Type::kTypeError;
  error.message = std::move(message);
  error.code = std::move(code);
  return error;
}

ClearErrorOnReturn::ClearErrorOnReturn() { ERR_clear_error(); }
ClearErrorOnReturn::~ClearErrorOnReturn() { ERR_clear_error(); }

}  // namespace napi_tls::openssl
