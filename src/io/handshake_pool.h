#ifndef SRC_IO_HANDSHAKE_POOL_H_
#define SRC_IO_HANDSHAKE_POOL_H_

#include <uv.h>

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <vector>

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

  void End();

  HandshakePool* const pool_;
  tls::Engine* const engine_;
  Listener* listener_;
  std::unique_ptr<tls::Engine> abandoned_;
  int ticks_ = 0;  // of the pool, that have seen it wait
  bool ended_ = false;
  bool taken_ = false;  // under the pool's mutex: nobody works on it any more
};

// The handshakes of one event loop that are on libuv's thread pool, which they share with all else
// that is there. To wake a thread costs about what a step does, so a thread takes all that wait,
// and another is asked only where they are more than the threads; the loop keeps its own processor.
// Where the pool is blocked by something else, the loop takes the steps itself.
// Invariant: it outlives its steps; Close() before the loop is closed.
class HandshakePool {
 public:
  explicit HandshakePool(uv_loop_t* loop);
  HandshakePool(const HandshakePool&) = delete;
  HandshakePool& operator=(const HandshakePool&) = delete;

  // After engine->BeginStep(). Null where the caller should take the step itself: the pool is
  // blocked, or closed.
  HandshakeStep* Submit(tls::Engine* engine, HandshakeStep::Listener* listener);
  // Whether the loop has more to do than it has time for: of late it has hardly waited for events.
  bool LoopIsBusy();
  // `closed` is called, from the loop, when the pool may be destroyed.
  void Close(std::function<void()> closed);

 private:
  friend class HandshakeStep;

  // A request to libuv for a thread.
  struct Task {
    HandshakePool* pool;
    uv_work_t request;
    bool is_asked = false;
  };

  void AskForThread();
  void OnThread();
  void OnThreadGone(Task* task);
  void OnTick();
  void Deliver();
  HandshakeStep* NextTaken();
  bool TakeHere(HandshakeStep* step);
  bool Unqueue(HandshakeStep* step);
  void Return(HandshakeStep* step);
  void CloseIfDone();

  uv_loop_t* const loop_;
  uv_timer_t timer_{};  // runs while there are steps
  uv_async_t wake_{};   // Deliver()
  std::vector<Task> tasks_;
  size_t asked_ = 0;            // of tasks_
  size_t steps_ = 0;            // whose listeners have not been called
  uint64_t blocked_until_ = 0;  // the pool gets no steps
  uint64_t watched_since_;      // uv_hrtime()
  uint64_t waited_;             // uv_metrics_idle_time() then
  bool is_loop_busy_ = false;
  bool closing_ = false;
  int handles_ = 2;
  std::function<void()> closed_;

  std::mutex mutex_;  // of what is below
  std::condition_variable any_taken_;
  std::deque<HandshakeStep*> queue_;  // nobody has begun them
  std::deque<HandshakeStep*> taken_;  // for Deliver()
  bool has_progress_ = false;         // a thread has taken a step since the last tick
};

}  // namespace napi_tls::io

#endif  // SRC_IO_HANDSHAKE_POOL_H_
