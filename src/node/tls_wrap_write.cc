// TLSWrap: what is written is encrypted and sent, as much in a turn of the event loop as is good
// for all.
#include <uv.h>

#include <algorithm>
#include <utility>

#include "node/convert.h"
#include "node/tls_wrap.h"

namespace napi_tls::node {

using tls::Bytes;

namespace {

constexpr size_t kRecordSize = size_t{16} * 1024;

// Plaintext of one connection for one turn of the event loop. More would leave the cache before
// the kernel copies it, and would let one writer starve all others.
constexpr size_t kTurnBudget = size_t{256} * 1024;

// The same where others wait for short answers meanwhile.
constexpr size_t kSharedTurnBudget = size_t{64} * 1024;

// Less ciphertext than this waits for more of the same tick: one send costs the kernel, and the
// peer that it wakes, as much for one record as for four.
constexpr size_t kSendSize = size_t{64} * 1024;

// What answers by itself to a peer that does not read, such as KeyUpdate to KeyUpdate (RFC 8446,
// 4.6.3), until nothing more is read from that peer.
constexpr size_t kMaxAnswers = size_t{16} * 1024;

}  // namespace

// 0: nothing is left; UV_EAGAIN: something is, and will be sent later; else a libuv error.
int TLSWrap::SendOutput() {
  tls::OutputQueue& output = engine_->output();
  if (silent_ || send_error_ != 0) output.Clear();
  if (send_error_waits()) return UV_EAGAIN;
  if (send_error_ != 0) return wrote_after_end_ ? send_error_ : 0;
  if (engine_->output_held() && !output.empty()) return UV_EAGAIN;
  if (transport_) return transport_->Send(&output);
  return output.empty() && !stream_sending_ ? 0 : UV_EAGAIN;
}

size_t TLSWrap::TurnBudget() const {
  return transport_ && transport_->has_company() ? kSharedTurnBudget : kTurnBudget;
}

// The clock of the loop does not tell one turn from another: timers move it on within a turn.
uint64_t TLSWrap::CurrentTurn() const {
  uv_metrics_t metrics;
  uv_metrics_info(environment_->loop, &metrics);
  return metrics.loop_count;
}

bool TLSWrap::TurnIsSpent() {
  const uint64_t turn = CurrentTurn();
  if (std::exchange(turn_, turn) != turn && !turn_wanted_) {
    turn_bytes_ = 0;
    streaming_ = false;
  }
  return turn_bytes_ >= TurnBudget();
}

// turn() has come. A writer that has spent the last turn is in no hurry in this one.
void TLSWrap::BeginTurn() {
  turn_ = CurrentTurn();
  streaming_ = turn_bytes_ >= TurnBudget();
  turn_bytes_ = 0;
  turn_wanted_ = held_over_ = false;
}

void TLSWrap::WantTurn() {
  if (!std::exchange(turn_wanted_, true)) Raise(kTurn, 0);
}

// Encrypts a short write behind what is held. True where the sending is left to flush(), or to
// turn(): a stream of writes leaves in one send a turn.
bool TLSWrap::Gather(bool more_follows) {
  const bool in_order = transport_ && !transport_->sending() && !away() && !engine_->output_held();
  if (!in_order || silent_) return false;
  // Where the peer reads fast enough, nothing else ends the turn of a writer of short pieces.
  if (TurnIsSpent()) return false;
  const size_t send_size = streaming_ ? TurnBudget() : kSendSize;
  if (write_.rest.size >= send_size) return false;
  Encrypt();
  const bool waits = more_follows || streaming_;
  if (!waits || !write_.rest.empty() || engine_->output().size() >= send_size) return false;
  FinishWrite();
  Raise(kWritten, 0);
  if (!streaming_) {
    Raise(kHeld, 0);
  } else if (!std::exchange(held_over_, true)) {
    Raise(kHeldOver, 0);
    WantTurn();
  }
  return true;
}

// Encrypts and sends as much as the budget of this turn and the transport take.
void TLSWrap::Pump() {
  if (!alive() || away()) return;
  // In one piece with the end of a handshake. A peer that refuses it closes the connection, and a
  // second segment that meets a closed socket would have the kernel report that before the peer's
  // alert.
  if (!sending() && !engine_->output().empty() && !TurnIsSpent()) Encrypt();
  for (;;) {
    const int status = SendOutput();
    if (status == UV_EAGAIN) return;
    if (status != 0) {
      engine_->output().Clear();
      return OnSendError(status);
    }
    if (shutdown_wanted_) {
      shutdown_wanted_ = false;
      const int failed = transport_ ? transport_->Shutdown() : UV_ENOTCONN;
      if (failed != 0) Raise(kShutdownDone, failed);
    }
    if (!write_.active) return;
    if (write_.rest.empty()) {
      FinishWrite();
      return Raise(kWritten, 0);
    }
    if (TurnIsSpent()) return WantTurn();
    if (!Encrypt() && !write_.rest.empty()) return;
  }
}

// The peer takes nothing more. What it has said before, such as an early answer to an upload, waits
// to be read, and would be lost with the connection. The engine may be away.
void TLSWrap::OnSendError(int status) {
  const bool told = peer_closed() ? wrote_after_end_ : !reading_;
  if (!transport_ || told) return Raise(kTransportError, status);
  send_error_ = status;
  send_error_turn_ = CurrentTurn();
  send_error_read_ = transport_->bytes_read();
  WantTurn();
}

// In each turn of the loop after OnSendError(): the error is told after a whole one in which
// nothing was read.
void TLSWrap::SettleSendError() {
  if (!alive() || !send_error_waits()) return;
  const uint64_t turn = CurrentTurn();
  const uint64_t read = transport_ ? transport_->bytes_read() : send_error_read_;
  if (std::exchange(send_error_read_, read) != read || turn == send_error_turn_) {
    send_error_turn_ = turn;
    WantTurn();
  } else {
    Raise(kTransportError, std::exchange(send_error_, 0));
  }
}

// False where nothing is to be written, a handshake is under way, or the connection has failed.
bool TLSWrap::Encrypt() {
  if (!write_.buffer.IsEmpty()) {
    // Since the call has returned, the memory may have been transferred away, or have become
    // smaller: then there is less to write.
    Napi::HandleScope scope(Env());
    const Bytes all = ViewOf(write_.buffer.Value()).value_or(Bytes());
    const size_t size = std::min(write_.size, all.size);
    const size_t done = std::min(write_.size - write_.rest.size, size);
    write_.rest = {all.data + done, size - done};
    write_.size = done + write_.rest.size;
  }
  // What is left of the budget, in whole records.
  const size_t budget = TurnBudget();
  const size_t left = budget - std::min(budget, turn_bytes_);
  const size_t most = std::max(left - left % kRecordSize, kRecordSize);
  const size_t taken = engine_->Write({write_.rest.data, std::min(write_.rest.size, most)});
  write_.rest = {write_.rest.data + taken, write_.rest.size - taken};
  turn_bytes_ += taken;
  return taken > 0;
}

// While something is on its way, nothing but such answers is encrypted.
bool TLSWrap::AnswersWait() const { return sending() && engine_->output().size() > kMaxAnswers; }

void TLSWrap::FinishWrite() {
  write_.active = false;
  write_.rest = {};
  if (!write_.buffer.IsEmpty()) write_.buffer.Reset();
}

}  // namespace napi_tls::node
