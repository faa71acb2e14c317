#include <napi.h>
#include <uv.h>

#include <algorithm>
#include <cstdlib>
#include <memory>

#include "io/uv_transport.h"
#include "node/convert.h"
#include "node/environment.h"
#include "node/features.h"
#include "node/secure_context.h"
#include "node/session.h"
#include "node/tls_wrap.h"

namespace napi_tls::node {

namespace {

// setCallbacks(onActivity: (this: TLSWrap, flags: number) => void,
//              onConsume: (this: TLSWrap) => boolean)
Napi::Value SetCallbacks(const Napi::CallbackInfo& info) {
  if (info[0].IsFunction() && info[1].IsFunction()) {
    Environment* environment = Environment::Of(info.Env());
    environment->on_activity = Napi::Persistent(info[0].As<Napi::Function>());
    environment->on_consume = Napi::Persistent(info[1].As<Napi::Function>());
  }
  return info.Env().Undefined();
}

// setSlab(slab: Uint8Array), setPool(pool: Uint8Array). state[kOffset] counts from its start.
template <Environment::Block Environment::*kBlock, Environment::State kOffset>
Napi::Value SetBlock(const Napi::CallbackInfo& info) {
  Environment* environment = Environment::Of(info.Env());
  if (!info[0].IsTypedArray()) return info.Env().Undefined();
  const auto view = info[0].As<Napi::Uint8Array>();
  if (view.TypedArrayType() != napi_uint8_array || view.ByteLength() < Environment::kMaxPooled) {
    return info.Env().Undefined();
  }
  (environment->*kBlock).Set(view);
  environment->state[kOffset] = 0;
  return info.Env().Undefined();
}

// watchMemory(). Slab and pool can be transferred away (Environment::MemoryIsTaken).
Napi::Value WatchMemory(const Napi::CallbackInfo& info) {
  Environment::Of(info.Env())->memory_is_watched = true;
  return info.Env().Undefined();
}

// glibc gives the top of its heap back to the kernel when a garbage collection has freed some
// slabs, and each page of it has to be mapped and cleared again. To free a block this large tells
// it that such blocks come and go: from then on it keeps 16 MB (mallopt(3), M_MMAP_THRESHOLD).
void KeepHeap() {
#ifdef __GLIBC__
  constexpr size_t kLarge = size_t{8} * 1024 * 1024;
  [[maybe_unused]] static const bool done = [] {
    // Volatile: a compiler may leave out what nobody uses.
    void* volatile block = std::malloc(kLarge);
    std::free(block);
    return true;
  }();
#endif
}

// moveTogether(chunks: Buffer[], block: Uint8Array). Copies them there, one behind the other, and
// frees the memory of each that is alone in it: by the time that a garbage collection did, it would
// have left the processor's cache. Throws a RangeError where the block is too small.
Napi::Value MoveTogether(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const auto chunks = info[0].As<Napi::Array>();
  auto block = info[1].As<Napi::Uint8Array>();
  uint8_t* end = block.Data();
  size_t room = block.ByteLength();
  for (uint32_t i = 0, count = chunks.Length(); i < count; i++) {
    const Napi::HandleScope scope(env);
    auto chunk = chunks.Get(i).As<Napi::Uint8Array>();
    const size_t size = chunk.ByteLength();
    if (size > room) {
      Napi::RangeError::New(env, "The chunks are larger than the block")
          .ThrowAsJavaScriptException();
      break;
    }
    end = std::copy_n(chunk.Data(), size, end);
    room -= size;
    Napi::ArrayBuffer memory = chunk.ArrayBuffer();
    if (memory.ByteLength() == size) memory.Detach();
  }
  return env.Undefined();
}

// reportException(error: any). It goes to 'uncaughtException', or ends the process.
Napi::Value ReportException(const Napi::CallbackInfo& info) {
  napi_fatal_exception(info.Env(), info[0]);
  return info.Env().Undefined();
}

}  // namespace

Napi::Object Initialize(Napi::Env env, Napi::Object exports) {
  KeepHeap();
  auto environment = std::make_unique<Environment>();
  napi_get_uv_event_loop(env, &environment->loop);
  Napi::Uint32Array state = Napi::Uint32Array::New(env, Environment::kStateSize);
  environment->state = state.Data();
  environment->state_owner = Napi::Persistent(state.As<Napi::Object>());
  environment->session = Napi::Persistent(Session::Define(env));
  // By the time that this runs, Node has closed and freed every stream of the environment. A thread
  // may load the addon several times (from hard links, or after its cache was emptied), and Node
  // aborts when one hook is added twice with one argument.
  napi_add_env_cleanup_hook(
      env, [](void*) { io::UvTransport::AbandonAll(); }, environment.get());
  env.SetInstanceData(environment.release());

  exports.Set("state", Napi::Int32Array::New(env, Environment::kStateSize, state.ArrayBuffer(), 0));
  exports.Set("setCallbacks", Napi::Function::New<SetCallbacks>(env));
  exports.Set("setSlab",
              Napi::Function::New<SetBlock<&Environment::slab, Environment::kSlabOffset>>(env));
  exports.Set("setPool",
              Napi::Function::New<SetBlock<&Environment::pool, Environment::kPoolOffset>>(env));
  exports.Set("watchMemory", Napi::Function::New<WatchMemory>(env));
  exports.Set("moveTogether", Napi::Function::New<MoveTogether>(env));
  exports.Set("reportException", Napi::Function::New<ReportException>(env));
  exports.Set("TLSWrap", TLSWrap::Define(env));
  exports.Set("SecureContext", SecureContext::Define(env));
  DefineFeatures(env, exports);
  return exports;
}

}  // namespace napi_tls::node

static Napi::Object Init(Napi::Env env, Napi::Object exports) {
  return napi_tls::node::Initialize(env, exports);
}

NODE_API_MODULE(NODE_GYP_MODULE_NAME, Init)
