#include "node/environment.h"

#include <memory>

namespace napi_tls::node {

void Environment::Block::Set(Napi::Uint8Array view) {
  owner = Napi::Persistent(view);
  data = view.Data();
  size = view.ByteLength();
}

bool Environment::Block::IsTaken() const {
  if (data == nullptr) return false;
  Napi::HandleScope scope(owner.Env());
  return owner.Value().ByteLength() != size;
}

// It is gone when Node closes the loop, and not before the last step has come back: an asynchronous
// hook has Node run the loop until then.
io::HandshakePool* Environment::HandshakePool(napi_env env) {
  if (handshake_pool_ != nullptr) return handshake_pool_;
  handshake_pool_ = std::make_unique<io::HandshakePool>(loop).release();
  const auto close = [](napi_async_cleanup_hook_handle handle, void* argument) {
    auto* pool = static_cast<io::HandshakePool*>(argument);
    pool->Close([pool, handle] {
      std::unique_ptr<io::HandshakePool>(pool).reset();
      napi_remove_async_cleanup_hook(handle);
    });
  };
  napi_add_async_cleanup_hook(env, close, handshake_pool_, nullptr);
  return handshake_pool_;
}

}  // namespace napi_tls::node
