#ifndef SRC_NODE_CONVERT_H_
#define SRC_NODE_CONVERT_H_

#include <napi.h>

#include <optional>
#include <string>

#include "openssl/bytes.h"
#include "openssl/error.h"

// Between JavaScript values and those of the layers below.
namespace napi_tls::node {

// The one place where a failure becomes an Error object.
Napi::Error ToJsError(Napi::Env env, const openssl::Error& error);

// Throws it.
Napi::Value Throw(Napi::Env env, const openssl::Error& error);

// The bytes of a Buffer, TypedArray, DataView or ArrayBuffer, valid until JavaScript runs again. No
// value for anything else.
std::optional<openssl::Bytes> ViewOf(Napi::Value value);

// As `if (value)` has it. False in an environment that is being terminated, where
// Value::ToBoolean() answers with a value that ends the process when it is read.
bool IsTrue(Napi::Value value);

// A Buffer with a copy.
Napi::Value ToBuffer(Napi::Env env, openssl::Bytes bytes);

// The bytes of a Buffer, TypedArray, DataView or string (UTF-8), as Node's SecureContext takes
// them. What had to be copied is cleansed when this is destroyed: it may be a key or a passphrase.
class BytesArgument {
 public:
  explicit BytesArgument(Napi::Value value);
  ~BytesArgument();
  BytesArgument(const BytesArgument&) = delete;
  BytesArgument& operator=(const BytesArgument&) = delete;

  bool ok() const { return view_.has_value(); }
  openssl::Bytes bytes() const { return *view_; }

 private:
  std::string copy_;
  std::optional<openssl::Bytes> view_;
};

}  // namespace napi_tls::node

#endif  // SRC_NODE_CONVERT_H_
