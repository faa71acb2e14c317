#ifndef SRC_OPENSSL_ERROR_H_
#define SRC_OPENSSL_ERROR_H_

#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace napi_tls::openssl {

// One failure, in the terms in which Node reports it: `message`, `code` (ERR_SSL_*, ERR_OSSL_*, or
// a code of ours), `library`, `reason`, and the rest of the error queue as `opensslErrorStack`.
// Empty strings and an empty stack mean that the property is not set on the JavaScript error.
struct Error {
  enum class Type { kError, kTypeError, kRangeError };

  Type type = Type::kError;
  std::string message;
  std::string code;
  std::string library;
  std::string reason;
  std::string function;
  std::vector<std::string> stack;

  // The functions below empty the error queue of this thread.

  // The error queue as Node decorates it for a failed call of SecureContext: the message is that of
  // the oldest entry (ERR_error_string), the others are the stack, newest first. `fallback` is the
  // message when the queue is empty; null stands for that of error number 0.
  static Error FromQueue(const char* fallback);

  // The same without `library`, `reason` and `code`.
  static Error FromQueueBare(const char* fallback);

  // The error queue as Node reports a failed SSL_* call on a connection: the oldest entry, its
  // message as ERR_print_errors writes it, its code always ERR_SSL_*.
  static Error FromConnection(const char* fallback);

  // The reason of the oldest entry, and nothing else.
  static Error Reason(const char* fallback);

  // The oldest entry as ERR_print_errors writes it, and nothing else.
  static Error Printed(const char* fallback);

  // A failure for which Node has one message whatever the queue says (ERR_CRYPTO_OPERATION_FAILED).
  static Error Operation(const char* message);

  // A TypeError with a code of Node's.
  static Error Invalid(std::string code, std::string message);

 private:
  void Describe(unsigned long entry);  // NOLINT(runtime/int)
};

// A value, or why there is none.
template <typename T>
class Result {
 public:
  Result(T value) : state_(std::move(value)) {}      // NOLINT(runtime/explicit)
  Result(Error error) : state_(std::move(error)) {}  // NOLINT(runtime/explicit)

  bool ok() const { return state_.index() == 0; }
  T& value() { return std::get<0>(state_); }
  Error& error() { return std::get<1>(state_); }

 private:
  std::variant<T, Error> state_;
};

// The outcome of a call that yields nothing but may fail.
using Status = Result<std::monostate>;
inline Status Ok() { return std::monostate{}; }

// Leaves the error queue of this thread empty at both ends of a scope.
class ClearErrorOnReturn {
 public:
  ClearErrorOnReturn();
  ~ClearErrorOnReturn();
  ClearErrorOnReturn(const ClearErrorOnReturn&) = delete;
  ClearErrorOnReturn& operator=(const ClearErrorOnReturn&) = delete;
};

}  // namespace napi_tls::openssl

#endif  // SRC_OPENSSL_ERROR_H_
