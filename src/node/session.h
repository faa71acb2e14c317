#ifndef SRC_NODE_SESSION_H_
#define SRC_NODE_SESSION_H_

#include <napi.h>

#include <vector>

#include "openssl/bytes.h"
#include "openssl/owned.h"

namespace napi_tls::node {

// An SSL_SESSION for JavaScript to keep beside the bytes that a user has got: to read those again
// takes as long as to read a certificate. It is the session of exactly these bytes, and no
// connection has it as its own.
class Session : public Napi::ObjectWrap<Session> {
 public:
  static Napi::Function Define(Napi::Env env);
  // `der` is what i2d_SSL_SESSION() writes.
  static Napi::Value New(Napi::Env env, openssl::SSLSessionPointer session,
                         std::vector<uint8_t> der);
  // Null when `value` is not one.
  static Session* From(Napi::Value value);

  explicit Session(const Napi::CallbackInfo& info);
  ~Session() override;

  // Null for bytes that are not those of this session.
  SSL_SESSION* Get(openssl::Bytes der) const;

 private:
  openssl::SSLSessionPointer session_;
  std::vector<uint8_t> der_;
};

}  // namespace napi_tls::node

#endif  // SRC_NODE_SESSION_H_
