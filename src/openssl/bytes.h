#ifndef SRC_OPENSSL_BYTES_H_
#define SRC_OPENSSL_BYTES_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace napi_tls::openssl {

// A view of bytes; whoever made it keeps them alive.
struct Bytes {
  const uint8_t* data = nullptr;
  size_t size = 0;

  Bytes() = default;
  Bytes(const uint8_t* data, size_t size) : data(data), size(size) {}
  Bytes(const std::vector<uint8_t>& bytes)  // NOLINT(runtime/explicit)
      : data(bytes.data()), size(bytes.size()) {}

  bool empty() const { return size == 0; }
  std::vector<uint8_t> Copy() const { return {data, data + size}; }
};

}  // namespace napi_tls::openssl

#endif  // SRC_OPENSSL_BYTES_H_
