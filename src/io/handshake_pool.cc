#include "io/handshake_pool.h"

#include <algorithm>
#include <utility>

namespace napi_tls::io {

namespace {

// A pool that ends no step for so long is blocked, in milliseconds. The slowest step, a signature
// with RSA-4096, takes a third.
constexpr uint64_t kPatience = 25;

// For how long a blocked pool gets no more steps, in milliseconds.
constexpr uint64_t kBlocked = 1000;

}  // namespace

// --- A step.

void HandshakeStep::Run() {
  engine_->RunStep();
  const std::lock_guard<std::mutex> lock(mutex_);
  is_taken_ = true;
  taken_.notify_all();
}

void HandshakeStep::End() {
  if (std::exchange(ended_, true)) return;
  engine_->EndStep();
}

// libuv lets a request be cancelled twice, but a step is taken once.
bool HandshakeStep::TakeHere() {
  if (is_cancelled_) return true;
  is_cancelled_ = uv_cancel(reinterpret_cast<uv_req_t*>(&request_)) == 0;
  if (is_cancelled_) engine_->RunStep();
  return is_cancelled_;
}

void HandshakeStep::Recall() {
  if (ended_) return;
  if (!TakeHere()) {
    std::unique_lock<std::mutex> lock(mutex_);
    taken_.wait(lock, [this] { return is_taken_; });
  }
  End();
}

void HandshakeStep::Abandon(std::unique_ptr<tls::Engine> engine) {
  listener_ = nullptr;
  if (!ended_) abandoned_ = std::move(engine);
  uv_cancel(reinterpret_cast<uv_req_t*>(&request_));
}

// --- The pool.

HandshakePool::HandshakePool(uv_loop_t* loop) : loop_(loop) {
  uv_timer_init(loop, &timer_);
  uv_unref(reinterpret_cast<uv_handle_t*>(&timer_));
  timer_.data = this;
}

HandshakeStep* HandshakePool::Submit(tls::Engine* engine, HandshakeStep::Listener* listener) {
  const uint64_t now = uv_now(loop_);
  if (closing_ || now < blocked_until_) return nullptr;
  std::unique_ptr<HandshakeStep> step(new HandshakeStep(this, engine, listener));
  step->request_.data = step.get();
  step->queued_at_ = now;
  const int status = uv_queue_work(
      loop_, &step->request_,
      [](uv_work_t* request) { static_cast<HandshakeStep*>(request->data)->Run(); },
      [](uv_work_t* request, int status) {
        std::unique_ptr<HandshakeStep> step(static_cast<HandshakeStep*>(request->data));
        HandshakePool* const pool = step->pool_;
        pool->Remove(step.get());
        if (status == 0) pool->ended_at_ = uv_now(pool->loop_);
        if (step->listener_ != nullptr) {
          if (!pool->closing_) step->End();
          step->listener_->OnHandshakeStep(pool->closing_);
        }
        pool->CloseIfDone();
      });
  if (status != 0) return nullptr;
  if (steps_.empty()) {
    uv_timer_start(
        &timer_, [](uv_timer_t* timer) { static_cast<HandshakePool*>(timer->data)->OnTick(); },
        kPatience, kPatience);
  }
  steps_.push_back(step.release());
  return steps_.back();
}

bool HandshakePool::IsBusy() {
  const uint64_t now = uv_now(loop_);
  return std::exchange(turn_, now) == now || !steps_.empty();
}

// Where no thread gets to the steps, they are taken here, as without a pool.
void HandshakePool::OnTick() {
  const uint64_t now = uv_now(loop_);
  const auto waits_long = [now](uint64_t since) { return now - since >= kPatience; };
  if (!waits_long(ended_at_)) return;
  for (HandshakeStep* step : steps_) {
    if (step->ended_ || step->listener_ == nullptr || !waits_long(step->queued_at_)) continue;
    // Its callback is due then, and does the rest.
    if (step->TakeHere()) blocked_until_ = now + kBlocked;
  }
}

void HandshakePool::Remove(HandshakeStep* step) {
  steps_.erase(std::find(steps_.begin(), steps_.end(), step));
  if (steps_.empty() && !closing_) uv_timer_stop(&timer_);
}

void HandshakePool::Close(std::function<void()> closed) {
  closing_ = true;
  closed_ = std::move(closed);
  for (HandshakeStep* step : steps_) uv_cancel(reinterpret_cast<uv_req_t*>(&step->request_));
  uv_close(reinterpret_cast<uv_handle_t*>(&timer_), [](uv_handle_t* timer) {
    auto* pool = static_cast<HandshakePool*>(timer->data);
    pool->timer_closed_ = true;
    pool->CloseIfDone();
  });
}

void HandshakePool::CloseIfDone() {
  if (!closing_ || !timer_closed_ || !steps_.empty()) return;
  const std::function<void()> closed = std::move(closed_);
  closed();
}

}  // namespace napi_tls::io
