#ifndef SRC_NODE_ROOT_STORE_H_
#define SRC_NODE_ROOT_STORE_H_

#include <napi.h>

#include "openssl/owned.h"

namespace napi_tls::node {

// Default roots as JavaScript hands them to SecureContext.useRootStore(). Parsing happens once for
// the process, whatever the number of threads and of these objects.
class RootStore : public Napi::ObjectWrap<RootStore> {
 public:
  static Napi::Function Define(Napi::Env env);
  // Null when `value` is not one.
  static RootStore* From(Napi::Value value);

  // new RootStore(pems: string[], defaultPaths: boolean): see tls::Roots
  explicit RootStore(const Napi::CallbackInfo& info);

  X509_STORE* store() const { return store_.get(); }

 private:
  openssl::X509StorePointer store_;
};

}  // namespace napi_tls::node

#endif  // SRC_NODE_ROOT_STORE_H_
