// TLSWrap: the handshake of a server, in steps that threads of libuv's pool take.
#include <uv.h>

#include <utility>

#include "node/convert.h"
#include "node/tls_wrap.h"
#include "node/tls_wrap_scopes.h"

namespace napi_tls::node {

// offloadHandshake(where: boolean | 'auto'). Whether other threads take the handshake; 'auto':
// where that pays. Has no effect on a client, nor where JavaScript is to be asked while OpenSSL
// waits.
Napi::Value TLSWrap::OffloadHandshake(const Napi::CallbackInfo& info) {
  if (!ready() || synchronous_callbacks_ || engine_->role() != tls::Engine::Role::kServer) {
    return info.Env().Undefined();
  }
  if (info[0].IsBoolean()) {
    offload_ = IsTrue(info[0]) ? Offload::kAlways : Offload::kNever;
  } else {
    // One processor gains nothing.
    static const bool has_others = uv_available_parallelism() > 1;
    offload_ = has_others ? Offload::kWhereItPays : Offload::kNever;
  }
  if (offload_ != Offload::kNever) engine_->HandshakeInSteps();
  return info.Env().Undefined();
}

// All but a slow signature costs about what it costs to change the thread, and is better done
// elsewhere where the loop has too much to do.
bool TLSWrap::OffloadPays() {
  // Not from the native transport, JavaScript would have to wait for the step.
  if (!transport_ || step_ != nullptr) return false;
  if (offload_ != Offload::kWhereItPays) return offload_ == Offload::kAlways;
  if (environment_->HandshakePool(Env())->LoopIsBusy()) return true;
  return engine_->context()->SignsSlowly() && !engine_->step_is_light();
}

// Takes the steps that are due, or gives one away.
void TLSWrap::AdvanceHandshake() {
  while (alive() && !away() && engine_->step_due()) {
    const bool offload = OffloadPays();
    engine_->BeginStep();
    if (offload) step_ = environment_->HandshakePool(Env())->Submit(engine_.get(), this);
    if (away()) return;
    engine_->RunStep();
    engine_->EndStep();
  }
}

void TLSWrap::OnHandshakeStep(bool closing) {
  step_ = nullptr;
  if (closing || !alive()) return;
  Napi::HandleScope scope(Env());
  [[maybe_unused]] const Napi::Object self = Value();
  EngineScope engine_scope(this);
  if (reading_ && transport_) transport_->ReadStart();
  AdvanceHandshake();
  Deliver();
}

void TLSWrap::Recall() {
  if (step_ != nullptr) step_->Recall();
}

// The engine is alive, and here.
bool TLSWrap::ready() {
  Recall();
  return alive();
}

void TLSWrap::DropEngine() {
  if (step_ != nullptr) std::exchange(step_, nullptr)->Abandon(std::move(engine_));
  engine_.reset();
}

}  // namespace napi_tls::node
