#include "tls/engine.h"

#include <openssl/err.h>

#include <algorithm>
#include <utility>

#include "tls/engine_bio.h"
#include "tls/engine_callbacks.h"

namespace napi_tls::tls {

namespace {

// Plaintext for one SSL_write(): a few records, so that the ciphertext is still in the cache when
// the kernel copies it.
constexpr size_t kWriteChunk = 64 * 1024;

}  // namespace

Result<std::unique_ptr<Engine>> Engine::Create(std::shared_ptr<Context> context, Role role,
                                               EngineHost* host) {
  openssl::ClearErrorOnReturn clear;
  std::unique_ptr<Engine> engine(new Engine(std::move(context), role, host));
  engine->ssl_.reset(SSL_new(engine->context_->ssl_ctx()));
  openssl::BIOPointer bio = NewEngineBio(&engine->input_, &engine->output_);
  if (!engine->ssl_ || !bio || !EngineCallbacks::Attach(engine.get()) ||
      !TicketKeys::Bind(engine->ssl())) {
    return Error::FromConnection("SSL_new");
  }
  SSL* ssl = engine->ssl();
  BIO_up_ref(bio.get());
  SSL_set0_rbio(ssl, bio.get());
  SSL_set0_wbio(ssl, bio.release());
  SSL_set_mode(ssl, SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_RELEASE_BUFFERS);
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
}

template <typename Operation>
Engine::Outcome Engine::Run(Operation&& operation) {
  // To clear the queue takes as long as to encrypt a short record, and it is nearly always empty.
  if (ERR_peek_error() != 0) ERR_clear_error();
  busy_ = true;
  const int result = operation();
  busy_ = false;
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
  if (state_ == State::kFailed || close_notify_seen_) return;
  if (state_ == State::kIdle) state_ = State::kHandshake;
  if (busy_) {
    early_.insert(early_.end(), ciphertext.data, ciphertext.data + ciphertext.size);
    return;
  }
  if (backlog_.empty()) {
    input_ = ciphertext;
  } else {
    const size_t read = backlog_.size() - input_.size;
    backlog_.erase(backlog_.begin(), backlog_.begin() + read);
    backlog_.insert(backlog_.end(), ciphertext.data, ciphertext.data + ciphertext.size);
    input_ = backlog_;
  }
  Advance();
}

void Engine::Continue() {
  if (!can_continue()) return;
  starved_ = false;
  Advance();
}

void Engine::Advance() {
  if (busy_) return;
  if (!handshake_paused_ && state_ == State::kHandshake) {
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
    const size_t unread = input_.size;
    const Outcome outcome = Run([&] { return SSL_read_ex(ssl(), plaintext, room, &size); });
    if (outcome == Outcome::kDone) {
      host_->CommitPlaintext(size);
    } else if (outcome == Outcome::kClosed) {
      close_notify_seen_ = true;
    } else if (outcome != Outcome::kWait || (input_.size == unread && events_.empty())) {
      break;
    }
  }
  KeepInput();
}

void Engine::KeepInput() {
  if (state_ == State::kFailed || close_notify_seen_) {
    input_ = {};
    early_ = {};
  }
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
  // Only SSL_read() can carry on a handshake that the peer's plaintext comes in between.
  const bool renegotiates = SSL_renegotiate_pending(ssl()) != 0 && SSL_pending(ssl()) > 0;
  if (renegotiates || SSL_in_init(ssl()) != 0) return 0;
  const size_t size = std::min(plaintext.size, kWriteChunk);
  size_t written = 0;
  Run([&] { return SSL_write_ex(ssl(), plaintext.data, size, &written); });
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
