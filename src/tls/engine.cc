#include "tls/engine.h"

#include <openssl/err.h>

#include <algorithm>
#include <shared_mutex>
#include <utility>

#include "openssl/cleanse.h"
#include "tls/engine_bio.h"
#include "tls/engine_callbacks.h"

namespace napi_tls::tls {

namespace {

// What is taken of the input at once, in reads of OpenSSL: 512 records. A peer that sends them tiny
// makes us work many times as long for a byte as others do.
constexpr int kReadsAtOnce = 1024;

// What a message on an open connection counts for, such as KeyUpdate: it costs as much time as some
// 30 small records.
constexpr int kReadsForMessage = 64;

// The size of the whole records that `input` begins with (RFC 8446, 5.1); no value where there is
// something else, which OpenSSL has to judge.
std::optional<size_t> WholeRecords(Bytes input) {
  constexpr size_t kHeader = 5;
  constexpr size_t kLongest = (1 << 14) + 2048;  // RFC 5246, 6.2.3
  constexpr uint8_t kFirstType = 20;             // change_cipher_spec
  constexpr uint8_t kLastType = 23;              // application_data
  size_t whole = 0;
  while (input.size - whole >= kHeader) {
    const uint8_t* header = input.data + whole;
    const size_t size = static_cast<size_t>(header[3]) << 8 | header[4];
    if (header[0] < kFirstType || header[0] > kLastType || size > kLongest) return std::nullopt;
    if (input.size - whole < kHeader + size) break;
    whole += kHeader + size;
  }
  return whole;
}

}  // namespace

Result<std::unique_ptr<Engine>> Engine::Create(std::shared_ptr<Context> context, Role role,
                                               EngineHost* host) {
  openssl::ClearErrorOnReturn clear;
  std::unique_ptr<Engine> engine(new Engine(std::move(context), role, host));
  engine->ssl_.reset(SSL_new(engine->context_->ssl_ctx()));
  openssl::BIOPointer bio = NewEngineBio(&engine->input_, &engine->reads_left_, &engine->output_);
  if (!engine->ssl_ || !bio || !EngineCallbacks::Attach(engine.get()) ||
      !TicketKeys::Bind(engine->ssl())) {
    return Error::FromConnection("SSL_new");
  }
  SSL* ssl = engine->ssl();
  BIO_up_ref(bio.get());
  SSL_set0_rbio(ssl, bio.get());
  SSL_set0_wbio(ssl, bio.release());
  SSL_set_mode(ssl, SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_RELEASE_BUFFERS);
  // One message for each SSL_read(): they are counted, and getSession() answers with the session of
  // the event.
  SSL_clear_mode(ssl, SSL_MODE_AUTO_RETRY);
  if (role == Role::kClient) {
    SSL_set_connect_state(ssl);
  } else {
    SSL_set_accept_state(ssl);
  }
  return engine;
}

Engine::~Engine() {
  // An SSL that is freed without a close_notify takes its session out of use; core's users resume
  // sessions of connections that ended in any way but a TLS failure.
  if (ssl_ && state_ != State::kFailed) {
    SSL_set_shutdown(ssl(), SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
  }
  // Nobody has fetched these, and among them may be sessions and lines for a key log.
  for (Event& event : events_) openssl::CleanseOnReturn cleanse(&event.data);
}

template <typename Operation>
Engine::Outcome Engine::Run(Operation&& operation) {
  busy_ = true;
  const Outcome outcome = Call(operation);
  busy_ = false;
  return outcome;
}

template <typename Operation>
Engine::Outcome Engine::Call(Operation&& operation) {
  // To clear the queue takes as long as to encrypt a short record, and it is nearly always empty.
  if (ERR_peek_error() != 0) ERR_clear_error();
  const int result = operation();
  if (result > 0) return Outcome::kDone;
  const int reason = SSL_get_error(ssl(), result);
  switch (reason) {
    case SSL_ERROR_WANT_READ:
    case SSL_ERROR_WANT_WRITE:
      return Outcome::kWait;
    case SSL_ERROR_WANT_CLIENT_HELLO_CB:
    case SSL_ERROR_WANT_X509_LOOKUP:
      handshake_paused_ = true;
      return Outcome::kPaused;
    case SSL_ERROR_ZERO_RETURN:
      return Outcome::kClosed;
    default:
      error_ = Error::FromConnection("The TLS connection failed");
      state_ = State::kFailed;
      return Outcome::kFailed;
  }
}

void Engine::Start() {
  if (state_ != State::kIdle) return;
  state_ = State::kHandshake;
  Advance();
}

void Engine::Receive(Bytes ciphertext) {
  if (busy_) {
    early_.insert(early_.end(), ciphertext.data, ciphertext.data + ciphertext.size);
    return;
  }
  if (state_ == State::kFailed || close_notify_seen_) return;
  if (state_ == State::kIdle) state_ = State::kHandshake;
  if (backlog_.empty()) {
    input_ = ciphertext;
  } else {
    backlog_.erase(backlog_.begin(), backlog_.end() - static_cast<std::ptrdiff_t>(input_.size));
    backlog_.insert(backlog_.end(), ciphertext.data, ciphertext.data + ciphertext.size);
    input_ = backlog_;
  }
  if (!spent_) reads_left_ = kReadsAtOnce;
  Advance();
}

void Engine::Continue() {
  if (!can_continue()) return;
  starved_ = false;
  if (spent_) reads_left_ = kReadsAtOnce;
  Advance();
}

void Engine::Advance() {
  if (busy_) return;
  spent_ = false;
  if (!handshake_paused_ && state_ == State::kHandshake) {
    if (stepwise_) PrepareStep();
    if (stepwise_) return;
    if (Run([this] { return SSL_do_handshake(ssl()); }) == Outcome::kDone) state_ = State::kOpen;
  }
  while (!handshake_paused_ && state_ == State::kOpen && !close_notify_seen_) {
    // A renegotiation goes on without input when a question was answered.
    if (input_.empty() && SSL_has_pending(ssl()) == 0 && SSL_in_init(ssl()) == 0) break;
    size_t room = 0;
    uint8_t* const plaintext = events_.empty() ? host_->ReservePlaintext(&room) : nullptr;
    starved_ = plaintext == nullptr;
    if (starved_) break;
    size_t size = 0;
    const Outcome outcome = Run([&] { return SSL_read_ex(ssl(), plaintext, room, &size); });
    if (outcome == Outcome::kDone) {
      host_->CommitPlaintext(size);
    } else if (outcome == Outcome::kClosed) {
      close_notify_seen_ = true;
    } else if (outcome == Outcome::kWait && reads_left_ > 0 &&
               !(input_.empty() && events_.empty())) {
      // Not for want of input: a message has been dealt with.
      reads_left_ -= kReadsForMessage;
    } else {
      break;
    }
  }
  spent_ = reads_left_ <= 0 && !input_.empty() && !handshake_paused_;
  KeepInput();
}

// A step is given whole records, so that what comes behind them begins with the header of another.
void Engine::PrepareStep() {
  spent_ = reads_left_ <= 0 && !input_.empty();
  KeepInput();
  const std::optional<size_t> whole = WholeRecords(input_);
  stepwise_ = whole.has_value();
  step_input_ = whole.value_or(0);
  step_due_ = stepwise_ && !spent_ && (step_outcome_ != Outcome::kWait || step_input_ > 0);
}

bool Engine::step_is_light() const {
  // Where a server of TLS 1.3 waits for the client's second flight.
  return SSL_get_state(ssl()) == TLS_ST_EARLY_DATA &&
         (SSL_get_verify_mode(ssl()) & SSL_VERIFY_PEER) == 0;
}

void Engine::BeginStep() {
  step_due_ = false;
  busy_ = true;
  input_.size = step_input_;
  reads_left_ = kReadsAtOnce;
}

void Engine::RunStep() {
  const std::shared_lock<std::shared_mutex> lock(context_->mutex());
  std::shared_lock<std::shared_mutex> first_lock(first_context_->mutex(), std::defer_lock);
  if (first_context_ != context_) first_lock.lock();
  std::shared_lock<std::shared_mutex> trusted_lock;
  if (trusted_context_ && trusted_context_ != context_ && trusted_context_ != first_context_) {
    trusted_lock = std::shared_lock<std::shared_mutex>(trusted_context_->mutex());
  }
  step_outcome_ = Call([this] { return SSL_do_handshake(ssl()); });
}

void Engine::EndStep() {
  busy_ = false;
  input_.size += backlog_.size() - step_input_;
  if (step_outcome_ == Outcome::kDone) state_ = State::kOpen;
  Advance();
}

void Engine::KeepInput() {
  if (state_ == State::kFailed || close_notify_seen_) {
    input_ = {};
    early_ = {};
    spent_ = false;
  }
  if (spent_) starved_ = true;
  std::vector<uint8_t> kept = input_.Copy();
  if (!early_.empty()) {
    kept.insert(kept.end(), early_.begin(), early_.end());
    early_ = {};
    starved_ = true;  // there is something to go on with
  }
  backlog_ = std::move(kept);
  input_ = backlog_;
}

size_t Engine::Write(Bytes plaintext) {
  if (state_ != State::kOpen || busy_ || handshake_paused_ || plaintext.empty()) return 0;
  if (handshakes_untold_ > 0) return 0;
  // Only SSL_read() can carry on a handshake that the peer's plaintext comes in between.
  const bool renegotiates = SSL_renegotiate_pending(ssl()) != 0 && SSL_pending(ssl()) > 0;
  if (renegotiates || SSL_in_init(ssl()) != 0) return 0;
  size_t written = 0;
  Run([&] { return SSL_write_ex(ssl(), plaintext.data, plaintext.size, &written); });
  return written;
}

void Engine::Close() {
  // Not during a renegotiation: OpenSSL would take it for a failure.
  if (state_ != State::kOpen || busy_ || SSL_in_init(ssl()) != 0) return;
  // 0 says that the peer's close_notify has not come yet, which is not a failure.
  Run([this] { return SSL_shutdown(ssl()) < 0 ? -1 : 1; });
}

Status Engine::Renegotiate() {
  openssl::ClearErrorOnReturn clear;
  if (state_ == State::kOpen && (busy_ || SSL_in_init(ssl()) != 0)) return openssl::Ok();
  if (state_ != State::kOpen || SSL_renegotiate(ssl()) != 1) {
    return Error::FromQueue("Renegotiation failed");
  }
  // The next SSL_read() begins where plaintext waits to be taken, which SSL_do_handshake() refuses.
  if (SSL_pending(ssl()) > 0) return openssl::Ok();
  const Bytes unread = std::exchange(input_, {});
  Run([this] { return SSL_do_handshake(ssl()); });
  input_ = unread;
  return openssl::Ok();
}

void Engine::Ask(Event question) {
  if (question.type == Event::Type::kNewSession) ++new_sessions_unanswered_;
  events_.push_back(std::move(question));
}

std::optional<Event> Engine::NextEvent() {
  if (!HasEvent()) return std::nullopt;
  Event event = std::move(events_.front());
  events_.pop_front();
  if (event.IsQuestion()) question_ = event.type;
  if (event.type == Event::Type::kHandshakeDone) --handshakes_untold_;
  return event;
}

std::optional<Error> Engine::TakeError() {
  std::optional<Error> error = std::move(error_);
  error_.reset();
  return error;
}

void Engine::Resume() {
  if (!question_) return;
  const Event::Type answered = *std::exchange(question_, std::nullopt);
  if (answered == Event::Type::kNewSession) {
    --new_sessions_unanswered_;
  } else {
    handshake_paused_ = false;
    Advance();
  }
}

}  // namespace napi_tls::tls
