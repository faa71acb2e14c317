#include "io/handshake_pool.h"

#include <algorithm>
#include <utility>

namespace napi_tls::io {

namespace {

// In milliseconds. A pool whose threads take no step from one tick to the next, nor a step that has
// waited for both, is blocked: the slowest, a signature with RSA-4096, takes a third. By ticks of
// the loop, not by the clock, which goes on while a process is suspended.
constexpr uint64_t kTick = 25;
constexpr int kPatience = 2;

// For how long a blocked pool gets no more steps, in milliseconds.
constexpr uint64_t kBlocked = 1000;

// For how long a loop is watched, in nanoseconds, and which part of that a busy one waits for
// events at most: a quarter.
constexpr uint64_t kWatch = 10'000'000;
constexpr uint64_t kBusyPart = 4;

// So many steps a thread takes before it serves others.
constexpr int kStepsAtOnce = 16;

}  // namespace

// --- A step.

void HandshakeStep::End() {
  if (std::exchange(ended_, true)) return;
  engine_->EndStep();
}

void HandshakeStep::Recall() {
  if (ended_) return;
  if (!pool_->TakeHere(this)) {
    std::unique_lock<std::mutex> lock(pool_->mutex_);
    pool_->any_taken_.wait(lock, [this] { return taken_; });
  }
  End();
}

void HandshakeStep::Abandon(std::unique_ptr<tls::Engine> engine) {
  listener_ = nullptr;
  if (!ended_) abandoned_ = std::move(engine);
  if (pool_->Unqueue(this)) pool_->Return(this);
}

// --- The pool.

HandshakePool::HandshakePool(uv_loop_t* loop)
    : loop_(loop),
      tasks_(std::max(uv_available_parallelism(), 2u) - 1),
      watched_since_(uv_hrtime()),
      waited_(uv_metrics_idle_time(loop)) {
  for (Task& task : tasks_) {
    task.pool = this;
    task.request.data = &task;
  }
  uv_timer_init(loop, &timer_);
  uv_unref(reinterpret_cast<uv_handle_t*>(&timer_));
  timer_.data = this;
  uv_async_init(loop, &wake_,
                [](uv_async_t* wake) { static_cast<HandshakePool*>(wake->data)->Deliver(); });
  uv_unref(reinterpret_cast<uv_handle_t*>(&wake_));
  wake_.data = this;
}

HandshakeStep* HandshakePool::Submit(tls::Engine* engine, HandshakeStep::Listener* listener) {
  if (closing_ || uv_now(loop_) < blocked_until_) return nullptr;
  std::unique_ptr<HandshakeStep> owned(new HandshakeStep(this, engine, listener));
  HandshakeStep* const step = owned.release();
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    queue_.push_back(step);
  }
  if (steps_++ == 0) {
    uv_timer_start(
        &timer_, [](uv_timer_t* timer) { static_cast<HandshakePool*>(timer->data)->OnTick(); },
        kTick, kTick);
  }
  AskForThread();
  return step;
}

bool HandshakePool::LoopIsBusy() {
  const uint64_t now = uv_hrtime();
  const uint64_t watched = now - watched_since_;
  if (watched >= kWatch) {
    const uint64_t waited = uv_metrics_idle_time(loop_);
    is_loop_busy_ = waited - waited_ < watched / kBusyPart;
    watched_since_ = now;
    waited_ = waited;
  }
  return is_loop_busy_;
}

void HandshakePool::AskForThread() {
  if (closing_ || asked_ == tasks_.size()) return;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (queue_.size() <= asked_) return;
  }
  Task& task =
      *std::find_if(tasks_.begin(), tasks_.end(), [](Task& task) { return !task.is_asked; });
  uv_queue_work(
      loop_, &task.request,
      [](uv_work_t* request) { static_cast<Task*>(request->data)->pool->OnThread(); },
      [](uv_work_t* request, int) {
        auto* task = static_cast<Task*>(request->data);
        task->pool->OnThreadGone(task);
      });
  task.is_asked = true;
  ++asked_;
}

// On a thread of libuv's pool.
void HandshakePool::OnThread() {
  std::unique_lock<std::mutex> lock(mutex_);
  for (int i = 0; i < kStepsAtOnce && !queue_.empty(); ++i) {
    HandshakeStep* const step = queue_.front();
    queue_.pop_front();
    lock.unlock();
    step->engine_->RunStep();
    Return(step);
    lock.lock();
    has_progress_ = true;
  }
}

void HandshakePool::OnThreadGone(Task* task) {
  task->is_asked = false;
  --asked_;
  AskForThread();
  Deliver();
}

// Where no thread gets to the steps, they are taken here, as without a pool.
void HandshakePool::OnTick() {
  std::vector<HandshakeStep*> stuck;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    const bool is_blocked = !std::exchange(has_progress_, false);
    for (HandshakeStep* step : queue_) {
      if (++step->ticks_ >= kPatience && is_blocked) stuck.push_back(step);
    }
  }
  for (HandshakeStep* step : stuck) {
    if (TakeHere(step)) blocked_until_ = uv_now(loop_) + kBlocked;
  }
}

// False where a thread has begun it.
bool HandshakePool::TakeHere(HandshakeStep* step) {
  if (!Unqueue(step)) return false;
  step->engine_->RunStep();
  Return(step);
  return true;
}

// False where somebody has begun it.
bool HandshakePool::Unqueue(HandshakeStep* step) {
  const std::lock_guard<std::mutex> lock(mutex_);
  const auto place = std::find(queue_.begin(), queue_.end(), step);
  if (place == queue_.end()) return false;
  queue_.erase(place);
  return true;
}

// On any thread: the listener is to be called.
void HandshakePool::Return(HandshakeStep* step) {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    step->taken_ = true;
    taken_.push_back(step);
    any_taken_.notify_all();
  }
  uv_async_send(&wake_);
}

HandshakeStep* HandshakePool::NextTaken() {
  const std::lock_guard<std::mutex> lock(mutex_);
  if (taken_.empty()) return nullptr;
  HandshakeStep* const step = taken_.front();
  taken_.pop_front();
  return step;
}

void HandshakePool::Deliver() {
  while (HandshakeStep* const next = NextTaken()) {
    const std::unique_ptr<HandshakeStep> step(next);
    if (--steps_ == 0) uv_timer_stop(&timer_);
    if (step->listener_ == nullptr) continue;
    if (!closing_) step->End();
    step->listener_->OnHandshakeStep(closing_);
  }
  CloseIfDone();
}

void HandshakePool::Close(std::function<void()> closed) {
  closing_ = true;
  closed_ = std::move(closed);
  for (Task& task : tasks_) {
    if (task.is_asked) uv_cancel(reinterpret_cast<uv_req_t*>(&task.request));
  }
  std::deque<HandshakeStep*> queue;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    queue.swap(queue_);
  }
  for (HandshakeStep* step : queue) Return(step);
  Deliver();
}

// No thread sends to wake_ any more.
void HandshakePool::CloseIfDone() {
  if (!closing_ || steps_ > 0 || asked_ > 0) return;
  const auto close = [](uv_handle_t* handle) {
    auto* pool = static_cast<HandshakePool*>(handle->data);
    if (--pool->handles_ > 0) return;
    const std::function<void()> closed = std::move(pool->closed_);
    closed();
  };
  for (auto* handle :
       {reinterpret_cast<uv_handle_t*>(&timer_), reinterpret_cast<uv_handle_t*>(&wake_)}) {
    if (uv_is_closing(handle) == 0) uv_close(handle, close);
  }
}

}  // namespace napi_tls::io
