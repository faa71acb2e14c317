#include "tls/protocol.h"

#include <string>

namespace napi_tls::tls {

using openssl::Error;

namespace {

struct Family {
  std::string_view name;
  std::optional<int> min_version;
  int max_version;
};

constexpr Family kFamilies[] = {
    {"TLS", 0, TLS1_3_VERSION},
    {"SSLv23", std::nullopt, TLS1_2_VERSION},
    {"TLSv1", TLS1_VERSION, TLS1_VERSION},
    {"TLSv1_1", TLS1_1_VERSION, TLS1_1_VERSION},
    {"TLSv1_2", TLS1_2_VERSION, TLS1_2_VERSION},
};

struct Side {
  std::string_view suffix;
  const SSL_METHOD* (*method)();
};

constexpr Side kSides[] = {
    {"_server_method", TLS_server_method},
    {"_client_method", TLS_client_method},
    {"_method", TLS_method},
};

}  // namespace

openssl::Result<ProtocolMethod> FindProtocol(std::string_view name) {
  constexpr const char* kCode = "ERR_TLS_INVALID_PROTOCOL_METHOD";
  for (const Side& side : kSides) {
    if (name.size() < side.suffix.size()) continue;
    const size_t prefix_size = name.size() - side.suffix.size();
    if (name.substr(prefix_size) != side.suffix) continue;
    const std::string_view prefix = name.substr(0, prefix_size);
    if (prefix == "SSLv2") return Error::Invalid(kCode, "SSLv2 methods disabled");
    if (prefix == "SSLv3") return Error::Invalid(kCode, "SSLv3 methods disabled");
    for (const Family& family : kFamilies) {
      if (prefix == family.name) {
        return ProtocolMethod{side.method(), family.min_version, family.max_version};
      }
    }
    break;
  }
  return Error::Invalid(kCode, "Unknown method: " + std::string(name));
}

}  // namespace napi_tls::tls
