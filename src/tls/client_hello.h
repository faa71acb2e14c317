#ifndef SRC_TLS_CLIENT_HELLO_H_
#define SRC_TLS_CLIENT_HELLO_H_

#include <openssl/ssl.h>

#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "openssl/bytes.h"

namespace napi_tls::tls {

// What a server reads of a ClientHello before OpenSSL does; only within the callback of
// SSL_CTX_set_client_hello_cb, as are the bytes that come back.

// The host name asked for (RFC 6066, 3): at least one byte and none of them NUL. Empty where the
// client names none; no value where the extension is malformed.
std::optional<std::string_view> RequestedServerName(SSL* ssl);

// The id under which a server may have stored the session that the client offers, if any: the
// legacy session id, unless a ticket takes its place (RFC 5077, 3.4), or, in TLS 1.3 with tickets
// off, the first PSK identity (RFC 8446, 4.2.11).
openssl::Bytes OfferedSessionId(SSL* ssl);

// The PSK identities (RFC 8446, 4.2.11) with a NUL in them, up to that. OpenSSL asks for these as
// for texts, but they are tickets, or ids of sessions.
std::set<std::string> BinaryPskIdentities(SSL* ssl);

}  // namespace napi_tls::tls

#endif  // SRC_TLS_CLIENT_HELLO_H_
