#include "node/tls_wrap.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "node/convert.h"
#include "node/secure_context.h"
#include "node/session.h"
#include "node/tls_wrap_scopes.h"
#include "openssl/cleanse.h"

namespace napi_tls::node {

namespace {

using tls::Bytes;
using tls::Engine;

constexpr napi_type_tag kTypeTag = {0x8f6d2c41b7e94a53, 0xa1c05be2d7934f68};

// What an SSL and its two contexts of keys hold, roughly: V8 sees only the small object.
constexpr int64_t kExternalMemory = int64_t{24} * 1024;

}  // namespace

Napi::Function TLSWrap::Define(Napi::Env env) {
  std::vector<PropertyDescriptor> properties = {
      InstanceMethod<&TLSWrap::Attach>("attach"),
      InstanceMethod<&TLSWrap::Detach>("detach"),
      InstanceMethod<&TLSWrap::TransportBytesRead>("transportBytesRead"),
      InstanceMethod<&TLSWrap::TransportBytesWritten>("transportBytesWritten"),
      InstanceMethod<&TLSWrap::ReadStart>("readTransport"),
      InstanceMethod<&TLSWrap::ReadStop>("pauseTransport"),
      InstanceMethod<&TLSWrap::Start>("start"),
      InstanceMethod<&TLSWrap::Receive>("receive"),
      InstanceMethod<&TLSWrap::Write>("write"),
      InstanceMethod<&TLSWrap::Turn>("turn"),
      InstanceMethod<&TLSWrap::Flush>("flush"),
      InstanceMethod<&TLSWrap::Resume>("resume"),
      InstanceMethod<&TLSWrap::Proceed>("proceed"),
      InstanceMethod<&TLSWrap::Sent>("sent"),
      InstanceMethod<&TLSWrap::CloseNotify>("closeNotify"),
      InstanceMethod<&TLSWrap::Shutdown>("shutdownTransport"),
      InstanceMethod<&TLSWrap::Renegotiate>("renegotiate"),
      InstanceMethod<&TLSWrap::NextEvent>("nextEvent"),
      InstanceMethod<&TLSWrap::TakeError>("takeError"),
      InstanceMethod<&TLSWrap::TakeOutput>("takeOutput"),
      InstanceMethod<&TLSWrap::DestroySSL>("destroySSL"),
      InstanceAccessor<&TLSWrap::WriteQueueSize>("writeQueueSize"),
  };
  for (auto& group : {Settings(), Info()}) {
    properties.insert(properties.end(), group.begin(), group.end());
  }
  return DefineClass(env, "TLSWrap", properties);
}

// new TLSWrap(context: SecureContext, isServer: boolean)
TLSWrap::TLSWrap(const Napi::CallbackInfo& info)
    : ObjectWrap(info),
      environment_(Environment::Of(info.Env())),
      async_context_(std::in_place, info.Env(), "NAPITLSWRAP", info.This().As<Napi::Object>()) {
  info.This().As<Napi::Object>().TypeTag(&kTypeTag);
  SecureContext* context = SecureContext::From(info[0]);
  if (context == nullptr || context->context() == nullptr) {
    Napi::TypeError::New(info.Env(), "A SecureContext is required").ThrowAsJavaScriptException();
    return;
  }
  const bool is_server = IsTrue(info[1]);
  auto engine = Engine::Create(context->context(),
                               is_server ? Engine::Role::kServer : Engine::Role::kClient, this);
  if (!engine.ok()) {
    ToJsError(info.Env(), engine.error()).ThrowAsJavaScriptException();
    return;
  }
  engine_ = std::move(engine.value());
  Napi::MemoryManagement::AdjustExternalMemory(info.Env(), kExternalMemory);
}

TLSWrap::~TLSWrap() {
  if (transport_) transport_->Detach();
  if (engine_) Napi::MemoryManagement::AdjustExternalMemory(Env(), -kExternalMemory);
  DropEngine();
}

// attach(fd: number): boolean. Takes over the stream with this descriptor, if the loop has one.
Napi::Value TLSWrap::Attach(const Napi::CallbackInfo& info) {
  if (!alive() || transport_ || !info[0].IsNumber()) return Napi::Boolean::New(info.Env(), false);
  transport_ = io::UvTransport::Attach(environment_->loop, info[0].As<Napi::Number>(), this);
  if (transport_) Ref();
  return Napi::Boolean::New(info.Env(), transport_ != nullptr);
}

// detach(). The stream is Node's again; nothing is read from it.
Napi::Value TLSWrap::Detach(const Napi::CallbackInfo& info) {
  if (transport_) {
    transport_->Detach();
    transport_.reset();
    silent_ = silence_reported_ = true;
    Unref();
  }
  return info.Env().Undefined();
}

// transportBytesRead(): number. Ciphertext that went past Node's counter for the stream.
Napi::Value TLSWrap::TransportBytesRead(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(),
                           transport_ ? static_cast<double>(transport_->bytes_read()) : 0);
}

Napi::Value TLSWrap::TransportBytesWritten(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(),
                           transport_ ? static_cast<double>(transport_->bytes_written()) : 0);
}

// readTransport(): 0, or a libuv error. Without a native transport there is nothing to do.
Napi::Value TLSWrap::ReadStart(const Napi::CallbackInfo& info) {
  reading_ = true;
  return Napi::Number::New(info.Env(), transport_ ? transport_->ReadStart() : 0);
}

Napi::Value TLSWrap::ReadStop(const Napi::CallbackInfo& info) {
  reading_ = false;
  if (transport_) transport_->ReadStop();
  return Napi::Number::New(info.Env(), 0);
}

Napi::Value TLSWrap::Start(const Napi::CallbackInfo& info) {
  EngineScope scope(this);
  if (ready()) engine_->Start();
  return Settle(info.Env());
}

// receive(ciphertext: Uint8Array): flags. What a stream transport has read.
Napi::Value TLSWrap::Receive(const Napi::CallbackInfo& info) {
  EngineScope scope(this);
  const std::optional<Bytes> ciphertext = ViewOf(info[0]);
  if (ready() && ciphertext) {
    // Whoever is asked for an answer meanwhile may give the memory to somebody else.
    std::vector<uint8_t> copy;
    if (synchronous_callbacks_) copy = ciphertext->Copy();
    engine_->Receive(synchronous_callbacks_ ? Bytes(copy.data(), copy.size()) : *ciphertext);
  }
  return Settle(info.Env());
}

// write(plaintext: Uint8Array, size: number, moreFollows: boolean): flags. As many bytes as `size`
// says, from the start. One write at a time: until kWritten, the bytes must stay. Where more
// follows in this tick, flush() is called at the end of it.
Napi::Value TLSWrap::Write(const Napi::CallbackInfo& info) {
  EngineScope scope(this);
  const std::optional<Bytes> plaintext = ViewOf(info[0]);
  int64_t size = 0;
  bool more_follows = false;
  if (!alive() || write_.active || !plaintext ||
      napi_get_value_int64(info.Env(), info[1], &size) != napi_ok || size < 0 ||
      napi_get_value_bool(info.Env(), info[2], &more_follows) != napi_ok) {
    return Napi::Number::New(info.Env(), 0);
  }
  // Not while the end is on its way to the user.
  if (peer_closed() && CurrentTurn() != read_end_turn_) wrote_after_end_ = true;
  write_.active = true;
  write_.rest = {plaintext->data, std::min(static_cast<size_t>(size), plaintext->size)};
  write_.size = write_.rest.size;
  if (!Gather(more_follows)) Pump();
  if (write_.active && !write_.rest.empty()) {
    write_.buffer = Napi::Persistent(info[0].As<Napi::Uint8Array>());
  }
  return Napi::Number::New(info.Env(), CollectQuietFlags());
}

// turn(): flags. A new turn of the event loop, with new budgets.
Napi::Value TLSWrap::Turn(const Napi::CallbackInfo& info) {
  EngineScope scope(this);
  BeginTurn();
  halted_ = false;
  SettleSendError();
  if (ready() && engine_->spent()) engine_->Continue();
  return Settle(info.Env());
}

// flush(): flags. Nothing more will be written in this tick: what was held is sent.
Napi::Value TLSWrap::Flush(const Napi::CallbackInfo& info) {
  EngineScope scope(this);
  return Settle(info.Env());
}

// resume(): flags. The question of the last event is answered.
Napi::Value TLSWrap::Resume(const Napi::CallbackInfo& info) {
  EngineScope scope(this);
  if (ready()) engine_->Resume();
  return Settle(info.Env());
}

// proceed(): flags. The plaintext and the events of the last flags have been taken.
Napi::Value TLSWrap::Proceed(const Napi::CallbackInfo& info) {
  EngineScope scope(this);
  if (ready() && !engine_->spent()) engine_->Continue();
  return Settle(info.Env());
}

// sent(status: number): flags. The stream transport has dealt with what takeOutput() gave.
Napi::Value TLSWrap::Sent(const Napi::CallbackInfo& info) {
  EngineScope scope(this);
  stream_sending_ = false;
  return Settle(info.Env());
}

// closeNotify(drop: boolean): flags. Plaintext cannot be written afterwards. `drop`: what has come
// and not been taken yet is wanted by nobody.
Napi::Value TLSWrap::CloseNotify(const Napi::CallbackInfo& info) {
  EngineScope scope(this);
  wrote_after_end_ = false;
  if (ready()) {
    engine_->Close();
    if (IsTrue(info[0]) && engine_->can_continue()) {
      engine_->Continue();
      plaintext_size_ = 0;
    }
  }
  return Settle(info.Env());
}

// shutdownTransport(): flags. FIN after everything that is queued; kShutdownDone follows.
Napi::Value TLSWrap::Shutdown(const Napi::CallbackInfo& info) {
  EngineScope scope(this);
  shutdown_wanted_ = true;
  return Settle(info.Env());
}

Napi::Value TLSWrap::Renegotiate(const Napi::CallbackInfo& info) {
  EngineScope scope(this);
  if (!ready()) return Napi::Number::New(info.Env(), 0);
  tls::Status status = engine_->Renegotiate();
  if (!status.ok()) {
    ToJsError(info.Env(), status.error()).ThrowAsJavaScriptException();
    return info.Env().Undefined();
  }
  return Settle(info.Env());
}

// nextEvent(): type: number | undefined, or
//     [type: number, data: Buffer, id: Buffer, flag: boolean, session: Session | undefined]
// where there is more to say.
Napi::Value TLSWrap::NextEvent(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  if (!ready()) return env.Undefined();
  std::optional<tls::Event> event = engine_->NextEvent();
  if (!event) return env.Undefined();
  const openssl::CleanseOnReturn cleanse(&event->data);
  if (event->IsPlain()) return Napi::Number::New(env, static_cast<uint32_t>(event->type));
  Napi::Array fields = Napi::Array::New(env, 5);
  fields.Set(0u, static_cast<uint32_t>(event->type));
  fields.Set(1u, ToBuffer(env, event->data));
  fields.Set(2u, ToBuffer(env, event->id));
  fields.Set(3u, event->flag);
  if (event->session) {
    fields.Set(4u, Session::New(env, std::move(event->session), std::move(event->data)));
  }
  return fields;
}

Napi::Value TLSWrap::TakeError(const Napi::CallbackInfo& info) {
  Recall();
  if (!engine_) return info.Env().Undefined();
  std::optional<tls::Error> error = engine_->TakeError();
  return error ? ToJsError(info.Env(), *error).Value() : info.Env().Undefined();
}

// takeOutput(): Buffer | undefined. To be answered with sent().
Napi::Value TLSWrap::TakeOutput(const Napi::CallbackInfo& info) {
  Recall();
  if (!engine_ || transport_ || engine_->output().empty() || engine_->output_held()) {
    return info.Env().Undefined();
  }
  stream_sending_ = true;
  Napi::Value buffer = ToBuffer(info.Env(), engine_->output().bytes());
  engine_->output().Clear();
  return buffer;
}

Napi::Value TLSWrap::DestroySSL(const Napi::CallbackInfo& info) {
  EngineScope scope(this);
  Detach(info);
  FinishWrite();
  if (alive()) Napi::MemoryManagement::AdjustExternalMemory(info.Env(), -kExternalMemory);
  destroyed_ = true;
  return info.Env().Undefined();
}

// Bytes that have been accepted and are not with the kernel yet.
Napi::Value TLSWrap::WriteQueueSize(const Napi::CallbackInfo& info) {
  size_t size = write_.rest.size;
  Recall();
  if (engine_) size += engine_->output().size();
  if (transport_) size += transport_->in_flight();
  return Napi::Number::New(info.Env(), static_cast<double>(size));
}

void TLSWrap::Raise(uint32_t flag, int status) {
  raised_ |= flag;
  if (status != 0) status_ = status;
}

uint32_t TLSWrap::CollectFlags() {
  if (!alive() || away()) return 0;
  if (synchronous_callbacks_ && plaintext_size_ > 0 && environment_->MemoryIsTaken()) {
    // By a callback that OpenSSL has waited for. What has come is gone with it.
    plaintext_size_ = 0;
    silent_ = true;
  }
  // The end is told apart from the data, and after it: whoever reads in a tick has read by then.
  const bool has_plaintext = plaintext_size_ > 0;
  uint32_t flags = has_plaintext || engine_->has_more() ? raised_ & ~kReadEnd : raised_;
  raised_ &= ~flags;
  if (engine_->HasEvent()) flags |= kEvent;
  const bool failed = engine_->has_error() && !std::exchange(failure_reported_, true);
  if (failed || (silent_ && !std::exchange(silence_reported_, true))) flags |= kFailed;
  if (engine_->can_continue() && !engine_->spent()) flags |= kStarved;
  const bool waits = AnswersWait();
  if ((waits || engine_->spent()) && !std::exchange(halted_, true)) flags |= kHalted;
  if (halted_ && !waits && !std::exchange(turn_wanted_, true)) flags |= kTurn;
  if (engine_->peer_closed() && !peer_closed_reported_ && !has_plaintext) {
    peer_closed_reported_ = true;
    flags |= kPeerClosed;
  }
  if (!transport_ && !silent_ && !stream_sending_ && !engine_->output().empty() &&
      !engine_->output_held()) {
    flags |= kOutput;
  }
  uint32_t* const state = environment_->state;
  if (has_plaintext) {
    flags |= kPlaintext;
    state[Environment::kPlaintextSize] = static_cast<uint32_t>(plaintext_size_);
    if (plaintext_size_ <= Environment::kMaxPooled) {
      memcpy(environment_->pool.data + state[Environment::kPoolOffset],
             environment_->slab.data + state[Environment::kSlabOffset], plaintext_size_);
    }
    plaintext_size_ = 0;
  }
  state[Environment::kStatus] = static_cast<uint32_t>(status_);
  return flags;
}

// A Writable in its _writev() forgets what the user writes meanwhile: he hears of events, failures
// and plaintext when flush() is called.
uint32_t TLSWrap::CollectQuietFlags() {
  if (!alive() || away()) return 0;
  const bool is_quiet = !engine_->HasEvent() && !engine_->has_error() && !engine_->can_continue() &&
                        plaintext_size_ == 0 && silent_ == silence_reported_;
  if (is_quiet) return CollectFlags();
  const uint32_t flags = raised_ & (kWritten | kTurn);
  raised_ &= ~flags;
  return flags | kHeld;
}

Napi::Value TLSWrap::Settle(Napi::Env env) {
  AdvanceHandshake();
  Pump();
  return Napi::Number::New(env, CollectFlags());
}

uint8_t* TLSWrap::ReservePlaintext(size_t* size) {
  const size_t used = environment_->state[Environment::kSlabOffset] + plaintext_size_;
  const Environment::Block& slab = environment_->slab;
  if (used >= slab.size) return nullptr;
  // JavaScript has not run since there is plaintext, but for callbacks (CollectFlags).
  if (plaintext_size_ == 0 && environment_->MemoryIsTaken()) return nullptr;
  *size = slab.size - used;
  return slab.data + used;
}

}  // namespace napi_tls::node
