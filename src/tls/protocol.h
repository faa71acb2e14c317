#ifndef SRC_TLS_PROTOCOL_H_
#define SRC_TLS_PROTOCOL_H_

#include <openssl/ssl.h>

#include <optional>
#include <string_view>

#include "openssl/error.h"

namespace napi_tls::tls {

// What a `secureProtocol` stands for. Version 0 is "no limit" (SSL_CTX_set_min_proto_version); no
// minimum leaves that one to the caller.
struct ProtocolMethod {
  const SSL_METHOD* method;
  std::optional<int> min_version;
  int max_version;
};

// The protocol of a name from OpenSSL's list of SSL_METHODS, e.g. "TLSv1_2_server_method".
openssl::Result<ProtocolMethod> FindProtocol(std::string_view name);

}  // namespace napi_tls::tls

#endif  // SRC_TLS_PROTOCOL_H_
