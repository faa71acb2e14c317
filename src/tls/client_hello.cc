#include "tls/client_hello.h"

#include <cstring>

namespace napi_tls::tls {

using openssl::Bytes;

namespace {

// A reader over the bytes of one TLS extension; every Read fails when there is not enough left.
class Reader {
 public:
  Reader(const uint8_t* data, size_t size) : rest_(data, size) {}
  explicit Reader(Bytes bytes) : rest_(bytes) {}

  bool ReadByte(uint8_t* out) {
    if (rest_.empty()) return false;
    *out = *rest_.data;
    rest_ = {rest_.data + 1, rest_.size - 1};
    return true;
  }

  // Preceded by its size in two bytes.
  bool ReadVector(Bytes* out) {
    if (rest_.size < 2) return false;
    const size_t size = static_cast<size_t>(rest_.data[0]) << 8 | rest_.data[1];
    if (rest_.size - 2 < size) return false;
    *out = {rest_.data + 2, size};
    rest_ = {rest_.data + 2 + size, rest_.size - 2 - size};
    return true;
  }

  bool Skip(size_t size) {
    if (rest_.size < size) return false;
    rest_ = {rest_.data + size, rest_.size - size};
    return true;
  }

  bool at_end() const { return rest_.empty(); }

 private:
  Bytes rest_;
};

// The list of the pre-shared keys that the client offers (RFC 8446, 4.2.11); empty where there is
// none.
Bytes OfferedPskIdentities(SSL* ssl) {
  const uint8_t* data = nullptr;
  size_t size = 0;
  Bytes identities;
  if (SSL_client_hello_get0_ext(ssl, TLSEXT_TYPE_psk, &data, &size) == 1) {
    Reader(data, size).ReadVector(&identities);
  }
  return identities;
}

}  // namespace

std::optional<std::string_view> RequestedServerName(SSL* ssl) {
  const uint8_t* data = nullptr;
  size_t size = 0;
  if (SSL_client_hello_get0_ext(ssl, TLSEXT_TYPE_server_name, &data, &size) != 1) {
    return std::string_view();
  }
  Reader extension(data, size);
  Bytes names;
  if (!extension.ReadVector(&names) || !extension.at_end()) return std::nullopt;
  Reader list(names);
  uint8_t type = 0;
  Bytes name;
  // More than one name of a type is not allowed, and there is but one type.
  if (!list.ReadByte(&type) || type != TLSEXT_NAMETYPE_host_name || !list.ReadVector(&name) ||
      !list.at_end()) {
    return std::nullopt;
  }
  if (name.empty() || name.size > TLSEXT_MAXLEN_host_name) return std::nullopt;
  if (memchr(name.data, 0, name.size) != nullptr) return std::nullopt;
  return std::string_view(reinterpret_cast<const char*>(name.data), name.size);
}

Bytes OfferedSessionId(SSL* ssl) {
  const uint8_t* data = nullptr;
  size_t size = 0;
  if (SSL_client_hello_get0_ext(ssl, TLSEXT_TYPE_session_ticket, &data, &size) == 1 && size > 0) {
    return {};
  }
  if ((SSL_get_options(ssl) & SSL_OP_NO_TICKET) != 0) {
    Bytes identity;
    if (Reader(OfferedPskIdentities(ssl)).ReadVector(&identity) &&
        identity.size <= SSL_MAX_SSL_SESSION_ID_LENGTH) {
      return identity;
    }
  }
  size = SSL_client_hello_get0_session_id(ssl, &data);
  return {data, size};
}

std::set<std::string> BinaryPskIdentities(SSL* ssl) {
  constexpr size_t kAgeSize = 4;
  std::set<std::string> binary;
  Reader list(OfferedPskIdentities(ssl));
  Bytes identity;
  while (list.ReadVector(&identity) && list.Skip(kAgeSize)) {
    if (identity.empty() || memchr(identity.data, 0, identity.size) == nullptr) continue;
    binary.emplace(reinterpret_cast<const char*>(identity.data));
  }
  return binary;
}

}  // namespace napi_tls::tls
