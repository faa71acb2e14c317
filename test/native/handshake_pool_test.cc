#include "io/handshake_pool.h"

#include <chrono>
#include <future>
#include <thread>

#include "harness.h"

namespace napi_tls::io::test {

namespace {

using tls::Engine;
using tls::test::Pair;

// Tasks that hold all threads of the pool until they are released.
class Blockade {
 public:
  explicit Blockade(uv_loop_t* loop) : loop_(loop) {
    for (uv_work_t& task : tasks_) {
      task.data = this;
      uv_queue_work(
          loop, &task, [](uv_work_t* task) { static_cast<Blockade*>(task->data)->future_.wait(); },
          [](uv_work_t*, int) {});
    }
  }
  ~Blockade() {
    Release();
    uv_run(loop_, UV_RUN_DEFAULT);
  }
  void Release() {
    if (!std::exchange(is_released_, true)) promise_.set_value();
  }

 private:
  uv_loop_t* const loop_;
  std::promise<void> promise_;
  std::shared_future<void> future_ = promise_.get_future().share();
  uv_work_t tasks_[4];  // the size of libuv's pool, unless UV_THREADPOOL_SIZE says otherwise
  bool is_released_ = false;
};

class Pool : public testing::Test, protected HandshakeStep::Listener {
 protected:
  Pool() {
    EXPECT_EQ(uv_loop_init(&loop_), 0);
    pool_ = std::make_unique<HandshakePool>(&loop_);
    pair_.server.engine().HandshakeInSteps();
    pair_.server.takes_steps = false;
  }

  ~Pool() override {
    if (pool_) Close();
    EXPECT_EQ(uv_loop_close(&loop_), 0) << "something is left on the loop";
  }

  void Close() {
    HandshakePool* const pool = pool_.release();
    pool->Close([this, pool] {
      std::unique_ptr<HandshakePool>(pool).reset();
      is_closed_ = true;
    });
    uv_run(&loop_, UV_RUN_DEFAULT);
    EXPECT_TRUE(is_closed_);
  }

  // The step that the ClientHello has made due.
  HandshakeStep* SubmitFirstStep() {
    pair_.Start();
    pair_.ToServer();
    EXPECT_TRUE(engine().step_due());
    return Submit();
  }

  HandshakeStep* Submit() {
    engine().BeginStep();
    return pool_->Submit(&engine(), this);
  }

  void Run() { uv_run(&loop_, UV_RUN_DEFAULT); }

  Engine& engine() { return pair_.server.engine(); }

  void OnHandshakeStep(bool closing) override {
    ++calls_;
    was_closing_ = closing;
  }

  uv_loop_t loop_;
  std::unique_ptr<HandshakePool> pool_;
  Pair pair_{0};
  int calls_ = 0;
  bool was_closing_ = false;
  bool is_closed_ = false;
};

TEST_F(Pool, TakesTheStepsOfAHandshake) {
  ASSERT_NE(SubmitFirstStep(), nullptr);
  Run();
  EXPECT_EQ(calls_, 1);
  EXPECT_FALSE(was_closing_);
  ASSERT_TRUE(pair_.ToClient());
  ASSERT_TRUE(pair_.ToServer());
  ASSERT_TRUE(engine().step_due());
  ASSERT_NE(Submit(), nullptr);
  Run();
  EXPECT_EQ(calls_, 2);
  EXPECT_TRUE(pair_.server.open());
  pair_.Run();
  pair_.ExpectDataFlows();
}

TEST_F(Pool, GivesAStepBackThatNoThreadHasBegun) {
  Blockade blockade(&loop_);
  HandshakeStep* step = SubmitFirstStep();
  ASSERT_NE(step, nullptr);
  EXPECT_TRUE(step->away());
  step->Recall();
  EXPECT_FALSE(step->away());
  EXPECT_FALSE(engine().busy());
  EXPECT_FALSE(engine().output().empty());
  EXPECT_EQ(calls_, 0);
  blockade.Release();
  Run();
  EXPECT_EQ(calls_, 1);
}

TEST_F(Pool, GivesAStepBackThatIsUnderWay) {
  for (int round = 0; round < 20; ++round) {
    Pair pair(0);
    pair.server.engine().HandshakeInSteps();
    pair.server.takes_steps = false;
    pair.Start();
    pair.ToServer();
    pair.server.engine().BeginStep();
    HandshakeStep* step = pool_->Submit(&pair.server.engine(), this);
    ASSERT_NE(step, nullptr);
    std::this_thread::sleep_for(std::chrono::microseconds(round * 20));
    step->Recall();
    EXPECT_FALSE(pair.server.engine().output().empty());
    Run();
    EXPECT_EQ(calls_, round + 1);
  }
}

TEST_F(Pool, KeepsTheEngineOfAnAbandonedStep) {
  for (const bool begun : {false, true}) {
    std::optional<Blockade> blockade;
    if (!begun) blockade.emplace(&loop_);
    auto context = tls::test::ServerContext(0);
    tls::test::Peer host(context, Engine::Role::kServer);
    auto owned = Engine::Create(context, Engine::Role::kServer, &host);
    ASSERT_TRUE(owned.ok());
    owned.value()->HandshakeInSteps();
    tls::test::Peer client(tls::test::ClientContext(0), Engine::Role::kClient);
    client.engine().Start();
    owned.value()->Receive(client.TakeOutput());
    ASSERT_TRUE(owned.value()->step_due());
    owned.value()->BeginStep();
    HandshakeStep* step = pool_->Submit(owned.value().get(), this);
    ASSERT_NE(step, nullptr);
    step->Abandon(std::move(owned.value()));
    blockade.reset();
    Run();
    EXPECT_EQ(calls_, 0);
  }
}

TEST_F(Pool, LeavesStepsToTheLoopWhereAllThreadsAreBlocked) {
  Blockade blockade(&loop_);
  ASSERT_NE(SubmitFirstStep(), nullptr);
  // Its timer does not keep a loop alive; the tasks of the blockade do.
  for (int turn = 0; turn < 100 && calls_ == 0; ++turn) uv_run(&loop_, UV_RUN_ONCE);
  EXPECT_EQ(calls_, 1);
  EXPECT_FALSE(engine().output().empty());
  ASSERT_TRUE(pair_.ToClient());
  ASSERT_TRUE(pair_.ToServer());
  EXPECT_EQ(Submit(), nullptr) << "no more while the pool is blocked";
  engine().RunStep();
  engine().EndStep();
  EXPECT_TRUE(pair_.server.open());
  blockade.Release();
  Run();
}

TEST_F(Pool, TakesAStepOnceThatIsWantedBackTwice) {
  Blockade blockade(&loop_);
  engine().EnableCertificateQuestion();
  HandshakeStep* step = SubmitFirstStep();
  ASSERT_NE(step, nullptr);
  // Due together with the timer of the pool, and after it.
  uv_timer_t timer;
  uv_timer_init(&loop_, &timer);
  timer.data = step;
  uv_timer_start(
      &timer, [](uv_timer_t* timer) { static_cast<HandshakeStep*>(timer->data)->Recall(); }, 50, 0);
  for (int turn = 0; turn < 100 && calls_ == 0; ++turn) uv_run(&loop_, UV_RUN_ONCE);
  EXPECT_EQ(calls_, 1);
  EXPECT_TRUE(engine().HasEvent()) << "the question";
  EXPECT_TRUE(engine().output().empty()) << "went on without an answer";
  uv_close(reinterpret_cast<uv_handle_t*>(&timer), nullptr);
  blockade.Release();
  Run();
}

// The clock has gone on, but no thread had a chance.
TEST_F(Pool, LeavesStepsToThreadsAfterTheProcessWasSuspended) {
  std::optional<Blockade> blockade(&loop_);
  HandshakeStep* step = SubmitFirstStep();
  ASSERT_NE(step, nullptr);
  std::this_thread::sleep_for(std::chrono::milliseconds(200));
  uv_run(&loop_, UV_RUN_NOWAIT);
  EXPECT_TRUE(step->away());
  blockade.reset();
  EXPECT_EQ(calls_, 1);
  ASSERT_TRUE(pair_.ToClient());
  ASSERT_TRUE(pair_.ToServer());
  EXPECT_NE(Submit(), nullptr) << "it is not blocked";
  Run();
}

TEST_F(Pool, TakesManyStepsAtATime) {
  constexpr int kPairs = 40;
  std::vector<std::unique_ptr<Pair>> pairs;
  for (int i = 0; i < kPairs; ++i) {
    pairs.push_back(std::make_unique<Pair>(0));
    Pair& pair = *pairs.back();
    pair.server.engine().HandshakeInSteps();
    pair.server.takes_steps = false;
    pair.Start();
    pair.ToServer();
    pair.server.engine().BeginStep();
    ASSERT_NE(pool_->Submit(&pair.server.engine(), this), nullptr);
  }
  Run();
  EXPECT_EQ(calls_, kPairs);
  for (const auto& pair : pairs) EXPECT_FALSE(pair->server.engine().output().empty());
}

TEST_F(Pool, KnowsWhetherTheLoopIsBusy) {
  ASSERT_EQ(uv_loop_configure(&loop_, UV_METRICS_IDLE_TIME), 0);
  pool_->LoopIsBusy();
  uv_timer_t timer;
  uv_timer_init(&loop_, &timer);
  uv_timer_start(
      &timer, [](uv_timer_t*) {}, 100, 0);
  Run();
  EXPECT_FALSE(pool_->LoopIsBusy());
  std::this_thread::sleep_for(std::chrono::milliseconds(20));
  EXPECT_TRUE(pool_->LoopIsBusy());
  EXPECT_TRUE(pool_->LoopIsBusy()) << "for some milliseconds";
  uv_close(reinterpret_cast<uv_handle_t*>(&timer), nullptr);
  Run();
}

TEST_F(Pool, ClosesWhenItsStepsAreBack) {
  Blockade blockade(&loop_);
  ASSERT_NE(SubmitFirstStep(), nullptr);
  HandshakePool* const pool = pool_.release();
  pool->Close([this, pool] {
    std::unique_ptr<HandshakePool>(pool).reset();
    is_closed_ = true;
  });
  EXPECT_EQ(pool->Submit(&engine(), this), nullptr);
  EXPECT_EQ(calls_, 1);
  EXPECT_FALSE(is_closed_);
  blockade.Release();
  Run();
  EXPECT_TRUE(is_closed_);
  EXPECT_EQ(calls_, 1);
  EXPECT_TRUE(was_closing_);
}

}  // namespace

}  // namespace napi_tls::io::test
