#include <utility>

#include "node/tls_wrap.h"
#include "node/tls_wrap_scopes.h"

// What comes from the event loop: the callbacks of the native transport, and how JavaScript is told
// of what they have brought.
namespace napi_tls::node {

using tls::Bytes;
using tls::Engine;

namespace {

// Of a connection whose handshake is on another thread, in bytes: a record.
constexpr size_t kEarlyLimit = size_t{16} * 1024;

}  // namespace

// Calls JavaScript from the event loop. False where it runs no more, because the environment is
// being terminated: nobody takes the events.
bool TLSWrap::Notify(uint32_t flags) {
  napi_env env = Env();
  Napi::HandleScope scope(env);
  const Napi::Object self = Value();
  const auto settle = [env](napi_status status) {
    if (status != napi_pending_exception) return status == napi_ok;
    napi_value error;
    return napi_get_and_clear_last_exception(env, &error) == napi_ok &&
           napi_fatal_exception(env, error) == napi_ok;
  };
  napi_value result;
  if (native_reader_ && (flags & (kPlaintext | kEvent)) == kPlaintext) {
    // HTTP/2 comes back to JavaScript for each frame, and Node runs the ticks in between only where
    // no other callback is open.
    const napi_status status =
        napi_call_function(env, self, environment_->on_consume.Value(), 0, nullptr, &result);
    bool consumed = true;
    if (status == napi_ok) napi_get_value_bool(env, result, &consumed);
    if (!settle(status)) return false;
    flags &= ~kPlaintext;
    if (!consumed) flags |= kUnread;
    if (!alive()) flags = 0;
    if (flags == 0) {
      napi_callback_scope ticks;
      if (napi_open_callback_scope(env, self, *async_context_, &ticks) != napi_ok) return false;
      return settle(napi_close_callback_scope(env, ticks));
    }
    environment_->state[Environment::kStatus] = static_cast<uint32_t>(status_);
  }
  napi_value argument;
  napi_create_uint32(env, flags, &argument);
  return settle(napi_make_callback(env, *async_context_, self, environment_->on_activity.Value(), 1,
                                   &argument, &result));
}

// Whether JavaScript is about to be told of something that it may answer.
bool TLSWrap::HasNews() const {
  return alive() && !away() && (plaintext_size_ > 0 || engine_->HasEvent());
}

// Tells JavaScript what has happened, until nothing is left to tell. Plaintext goes up before
// ciphertext goes out: an answer then leaves together with what the engine had to say.
void TLSWrap::Deliver() {
  if (away()) return;
  // A connection that has failed is torn down by JavaScript: its alert goes out before.
  if (engine_->state() == Engine::State::kFailed) Pump();
  uint32_t flags = CollectFlags();
  for (;;) {
    if (flags != 0 && (!Notify(flags) || !alive() || away())) return;
    {
      TickScope ticks(this);
      if (!engine_->spent()) engine_->Continue();
      AdvanceHandshake();
      // Tickets that left alone would have the answer to what came with the handshake wait for
      // their acknowledgement (RFC 896, RFC 1122 4.2.3.2).
      if (!HasNews()) Pump();
    }
    flags = CollectFlags();
    if (flags == 0) return;
  }
}

void TLSWrap::OnCiphertext(Bytes bytes) {
  if (away()) {
    // A peer that sends more than the end of its handshake waits for that.
    engine_->Receive(bytes);
    if (engine_->early_size() > kEarlyLimit) transport_->ReadStop();
    return;
  }
  napi_env env = Env();
  napi_handle_scope scope;
  if (napi_open_handle_scope(env, &scope) != napi_ok) return;
  // Alive to the end of the call, whatever JavaScript does.
  [[maybe_unused]] const Napi::Object self = Value();
  {
    EngineScope engine_scope(this);
    {
      TickScope ticks(this);
      engine_->Receive(bytes);
      AdvanceHandshake();
    }
    if (alive()) Deliver();
  }
  napi_close_handle_scope(env, scope);
}

void TLSWrap::OnReadEnd(int status) {
  Napi::HandleScope scope(Env());
  [[maybe_unused]] const Napi::Object self = Value();
  EngineScope engine_scope(this);
  if (send_error_waits()) {
    // The kernel has told of a reset already, and tells of an end now.
    Raise(kTransportError, std::exchange(send_error_, 0));
  } else {
    read_ended_ = status == UV_EOF;
    read_end_turn_ = CurrentTurn();
    Raise(kReadEnd, status);
  }
  Deliver();
}

void TLSWrap::OnSent(int status) {
  Napi::HandleScope scope(Env());
  [[maybe_unused]] const Napi::Object self = Value();
  EngineScope engine_scope(this);
  if (status != 0) {
    OnSendError(status);
  } else {
    Pump();
  }
  Deliver();
}

void TLSWrap::OnShutdown(int status) {
  Napi::HandleScope scope(Env());
  [[maybe_unused]] const Napi::Object self = Value();
  EngineScope engine_scope(this);
  status_ = 0;
  Raise(kShutdownDone, status);
  Deliver();
}

}  // namespace napi_tls::node
