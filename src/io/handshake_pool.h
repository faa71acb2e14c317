#ifndef SRC_IO_HANDSHAKE_POOL_H_
#define SRC_IO_HANDSHAKE_POOL_H_

#include <uv.h>

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>

#include "tls/engine.h"

namespace napi_tls::io {

class HandshakePool;

// A step of a handshake (tls::Engine) that libuv's thread pool takes. It belongs to the pool, and
// is freed after its listener has been called.
class HandshakeStep {
 public:
  class Listener {
   public:
    virtual ~Listener() = default;
    // From the loop: the step is at its end, and the engine the owner's again. `closing`: so is the
    // loop, and no JavaScript runs any more.
    virtual void OnHandshakeStep(bool closing) = 0;
  };

  // The engine is not the owner's now.
  bool away() const { return !ended_; }
  // Has the engine back at once: takes the step here where no thread has begun it, else waits for
  // the thread. The listener is called all the same.
  void Recall();
  // The owner wants to hear no more. The engine is destroyed when the thread is done with it.
  void Abandon(std::unique_ptr<tls::Engine> engine);

 private:
  friend class HandshakePool;

  HandshakeStep(HandshakePool* pool, tls::Engine* engine, Listener* listener)
      : pool_(pool), engine_(engine), listener_(listener) {}

  void Run();
  // On the loop, unless a thread has begun it.
  bool TakeHere();
  void End();

  uv_work_t request_{};
  HandshakePool* const pool_;
  tls::Engine* const engine_;
  Listener* listener_;
  std::unique_ptr<tls::Engine> abandoned_;
  uint64_t queued_at_ = 0;  // uv_now(), in milliseconds
  bool is_cancelled_ = false;
  bool ended_ = false;

  std::mutex mutex_;
  std::condition_variable taken_;
  bool is_taken_ = false;  // by a thread of the pool
};

// The handshakes of one event loop that are on libuv's thread pool, which they share with all else
// that is there. Where the pool is blocked by something else, the loop takes their steps itself.
// Invariant: it outlives its steps; Close() before the loop is closed.
class HandshakePool {
 public:
  explicit HandshakePool(uv_loop_t* loop);
  HandshakePool(const HandshakePool&) = delete;
  HandshakePool& operator=(const HandshakePool&) = delete;

  // After engine->BeginStep(). Null where the caller should take the step itself: the pool is
  // blocked, or closed.
  HandshakeStep* Submit(tls::Engine* engine, HandshakeStep::Listener* listener);
  // Whether others are here, or another has asked in this millisecond of the loop.
  bool IsBusy();
  // `closed` is called, from the loop, when the pool may be destroyed.
  void Close(std::function<void()> closed);

 private:
  friend class HandshakeStep;

  void OnTick();
  void Remove(HandshakeStep* step);
  void CloseIfDone();

  uv_loop_t* const loop_;
  uv_timer_t timer_{};  // runs while there are steps
  std::deque<HandshakeStep*> steps_;
  uint64_t ended_at_ = 0;       // when a thread last ended a step
  uint64_t blocked_until_ = 0;  // the pool gets no steps
  uint64_t turn_ = 0;
  bool closing_ = false;
  bool timer_closed_ = false;
  std::function<void()> closed_;
};

}  // namespace napi_tls::io

#endif  // SRC_IO_HANDSHAKE_POOL_H_
