#include "node/convert.h"

#include <openssl/crypto.h>

namespace napi_tls::node {

using openssl::Bytes;

namespace {

void SetIfAny(Napi::Error* error, const char* name, const std::string& value) {
  if (!value.empty()) error->Set(name, Napi::String::New(error->Env(), value));
}

size_t ElementSize(napi_typedarray_type type) {
  // Newer than NAPI_VERSION.
  constexpr int kFloat16Array = 11;
  switch (static_cast<int>(type)) {
    case napi_int8_array:
    case napi_uint8_array:
    case napi_uint8_clamped_array:
      return 1;
    case napi_int16_array:
    case napi_uint16_array:
    case kFloat16Array:
      return 2;
    case napi_int32_array:
    case napi_uint32_array:
    case napi_float32_array:
      return 4;
    case napi_float64_array:
    case napi_bigint64_array:
    case napi_biguint64_array:
      return 8;
    default:
      return 0;
  }
}

}  // namespace

Napi::Error ToJsError(Napi::Env env, const openssl::Error& error) {
  Napi::Error result;
  switch (error.type) {
    case openssl::Error::Type::kTypeError:
      result = Napi::TypeError::New(env, error.message);
      break;
    case openssl::Error::Type::kRangeError:
      result = Napi::RangeError::New(env, error.message);
      break;
    case openssl::Error::Type::kError:
      result = Napi::Error::New(env, error.message);
      break;
  }
  if (!error.stack.empty()) {
    Napi::Array stack = Napi::Array::New(env, error.stack.size());
    uint32_t index = 0;
    for (const std::string& entry : error.stack) stack.Set(index++, entry);
    result.Set("opensslErrorStack", stack);
  }
  SetIfAny(&result, "function", error.function);
  SetIfAny(&result, "library", error.library);
  SetIfAny(&result, "reason", error.reason);
  SetIfAny(&result, "code", error.code);
  return result;
}

Napi::Value Throw(Napi::Env env, const openssl::Error& error) {
  ToJsError(env, error).ThrowAsJavaScriptException();
  return env.Undefined();
}

std::optional<Bytes> ViewOf(Napi::Value value) {
  if (value.IsEmpty()) return std::nullopt;
  napi_env env = value.Env();
  void* data = nullptr;
  size_t size = 0;
  if (value.IsTypedArray()) {
    napi_typedarray_type type;
    napi_value buffer;
    size_t offset;
    if (napi_get_typedarray_info(env, value, &type, &size, &data, &buffer, &offset) != napi_ok) {
      return std::nullopt;
    }
    const size_t element_size = ElementSize(type);
    if (element_size == 0) return std::nullopt;
    size *= element_size;
  } else if (value.IsDataView()) {
    napi_value buffer;
    size_t offset;
    if (napi_get_dataview_info(env, value, &size, &data, &buffer, &offset) != napi_ok) {
      return std::nullopt;
    }
  } else if (value.IsArrayBuffer()) {
    if (napi_get_arraybuffer_info(env, value, &data, &size) != napi_ok) return std::nullopt;
  } else {
    return std::nullopt;
  }
  return Bytes(static_cast<const uint8_t*>(data), data == nullptr ? 0 : size);
}

bool IsTrue(Napi::Value value) {
  napi_value boolean;
  bool result = false;
  return napi_coerce_to_bool(value.Env(), value, &boolean) == napi_ok &&
         napi_get_value_bool(value.Env(), boolean, &result) == napi_ok && result;
}

Napi::Value ToBuffer(Napi::Env env, Bytes bytes) {
  return Napi::Buffer<uint8_t>::Copy(env, bytes.data, bytes.size);
}

BytesArgument::BytesArgument(Napi::Value value) {
  if (value.IsEmpty() || !value.IsString()) {
    if (!value.IsEmpty() && !value.IsArrayBuffer()) view_ = ViewOf(value);
    return;
  }
  // Written once into memory of the right size: a string that grew would leave copies behind.
  size_t size = 0;
  if (napi_get_value_string_utf8(value.Env(), value, nullptr, 0, &size) != napi_ok) return;
  copy_.resize(size + 1);
  if (napi_get_value_string_utf8(value.Env(), value, copy_.data(), copy_.size(), &size) !=
      napi_ok) {
    return;
  }
  view_ = Bytes(reinterpret_cast<const uint8_t*>(copy_.data()), size);
}

BytesArgument::~BytesArgument() { OPENSSL_cleanse(copy_.data(), copy_.size()); }

}  // namespace napi_tls::node
