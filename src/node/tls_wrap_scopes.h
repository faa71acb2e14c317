#ifndef SRC_NODE_TLS_WRAP_SCOPES_H_
#define SRC_NODE_TLS_WRAP_SCOPES_H_

#include "node/tls_wrap.h"

namespace napi_tls::node {

// Keeps the engine alive for a call that may run JavaScript, and destroys it after the last of
// them where JavaScript has asked for that meanwhile.
class TLSWrap::EngineScope {
 public:
  explicit EngineScope(TLSWrap* wrap) : wrap_(wrap) { ++wrap_->depth_; }
  ~EngineScope() {
    if (--wrap_->depth_ > 0 || !wrap_->destroyed_) return;
    wrap_->DropEngine();
    wrap_->async_context_.reset();
  }
  EngineScope(const EngineScope&) = delete;
  EngineScope& operator=(const EngineScope&) = delete;

 private:
  TLSWrap* const wrap_;
};

// An ALPN or PSK callback runs inside the engine: the ticks that it queues wait for the end.
class TLSWrap::TickScope {
 public:
  explicit TickScope(TLSWrap* wrap) : env_(wrap->Env()) {
    if (wrap->synchronous_callbacks_ && wrap->engine_->state() == tls::Engine::State::kHandshake) {
      napi_open_callback_scope(env_, wrap->Value(), *wrap->async_context_, &ticks_);
    }
  }
  ~TickScope() {
    if (ticks_ != nullptr) napi_close_callback_scope(env_, ticks_);
  }
  TickScope(const TickScope&) = delete;
  TickScope& operator=(const TickScope&) = delete;

 private:
  const napi_env env_;
  napi_callback_scope ticks_ = nullptr;
};

}  // namespace napi_tls::node

#endif  // SRC_NODE_TLS_WRAP_SCOPES_H_
