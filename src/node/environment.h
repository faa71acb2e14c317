#ifndef SRC_NODE_ENVIRONMENT_H_
#define SRC_NODE_ENVIRONMENT_H_

#include <napi.h>
#include <uv.h>

#include <cstdint>

#include "io/handshake_pool.h"

namespace napi_tls::node {

// What this addon keeps for one JavaScript environment (the main thread, or one worker): its
// instance data, reached from every call and freed with the environment.
//
// The slab is a block of JavaScript memory that connections decrypt into, one after the other;
// JavaScript hands it out in slices, moves state[kSlabOffset] forward, and renews it in time. A
// short plaintext is copied into the pool, from state[kPoolOffset]: a slice would keep the whole
// slab alive.
struct Environment {
  enum State : uint32_t { kSlabOffset, kPlaintextSize, kStatus, kPoolOffset, kStateSize };

  // As lib/binding.js has it: at most this is copied, and as much room the pool always has.
  static constexpr size_t kMaxPooled = size_t{8} * 1024;

  static Environment* Of(Napi::Env env) { return env.GetInstanceData<Environment>(); }

  // Made at the first call.
  io::HandshakePool* HandshakePool(napi_env env);

  uv_loop_t* loop = nullptr;
  // Both have the TLSWrap as receiver.
  Napi::FunctionReference on_activity;  // (flags)
  Napi::FunctionReference on_consume;   // (): false where something of the plaintext is left
  Napi::FunctionReference session;      // the class Session
  // Memory of JavaScript that C++ writes to.
  struct Block {
    void Set(Napi::Uint8Array view);
    bool IsTaken() const;

    Napi::Reference<Napi::Uint8Array> owner;
    uint8_t* data = nullptr;
    size_t size = 0;
  };
  Block slab;
  Block pool;
  bool memory_is_watched = false;
  // A user has transferred away the memory of a slice: nothing may be written there any more, and
  // JavaScript has to renew it.
  bool MemoryIsTaken() const { return memory_is_watched && (slab.IsTaken() || pool.IsTaken()); }
  Napi::ObjectReference state_owner;
  uint32_t* state = nullptr;

 private:
  io::HandshakePool* handshake_pool_ = nullptr;
};

}  // namespace napi_tls::node

#endif  // SRC_NODE_ENVIRONMENT_H_
