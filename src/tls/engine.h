#ifndef SRC_TLS_ENGINE_H_
#define SRC_TLS_ENGINE_H_

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "openssl/bytes.h"
#include "openssl/error.h"
#include "openssl/owned.h"
#include "tls/context.h"
#include "tls/output_queue.h"

namespace napi_tls::tls {

using openssl::Bytes;
using openssl::Error;
using openssl::Result;
using openssl::Status;

// What a connection tells its owner, in the order in which it happened. The last three are
// questions: the connection stands still until Engine::Resume().
struct Event {
  enum class Type {
    kHandshakeStart,  // of a renegotiation; that of the first handshake is no news
    kHandshakeDone,
    kKeylog,         // data: one line of the NSS key log format
    kSession,        // client; data, session: a session that can be resumed (DER, and itself)
    kOcspResponse,   // client; data: the stapled response, empty when there is none
    kSessionLookup,  // server; id: the session asked for. Answer: ProvideSession()
    kCertificate,    // server; id: the server name asked for; flag: OCSP is wanted.
                     // Answer: SelectContext(), SetOcspResponse()
    kNewSession,     // server; id, data: a session to be stored (DER)
  };

  Type type;
  std::vector<uint8_t> data;
  std::vector<uint8_t> id;
  bool flag = false;
  openssl::SSLSessionPointer session{};

  // There is nothing to say but the type.
  bool IsPlain() const { return type <= Type::kHandshakeDone; }
  bool IsQuestion() const { return type >= Type::kSessionLookup; }
};

// What an Engine needs while OpenSSL is on the stack. The two selections are synchronous in
// OpenSSL; an implementation must not destroy the Engine from inside any of these.
class EngineHost {
 public:
  enum class AlpnChoice { kSelected, kNone, kFatal };
  struct PskAnswer {
    std::string identity;
    std::vector<uint8_t> psk;
  };

  virtual ~EngineHost() = default;

  // Where the next plaintext goes: at least one byte, or null to stop decrypting for now.
  virtual uint8_t* ReservePlaintext(size_t* size) = 0;
  virtual void CommitPlaintext(size_t size) = 0;

  // `offered` is the client's list as on the wire (RFC 7301, 3.1); `selected` points into it.
  virtual AlpnChoice SelectAlpn(Bytes offered, Bytes* selected) = 0;
  // No value: the negotiation is refused (RFC 4279, 2).
  virtual std::optional<PskAnswer> PskForServer(const char* hint, size_t max_identity,
                                                size_t max_psk) = 0;
  virtual std::optional<std::vector<uint8_t>> PskForClient(const char* identity,
                                                           size_t max_psk) = 0;
};

// One TLS connection without I/O: bytes in, bytes out. It owns the SSL and what has not been sent.
// Invariants: only Run() calls the SSL_* functions that can fail, and only it reads OpenSSL's error
// queue; output() is to be sent whatever the state, alerts included, unless it is held; after
// kFailed nothing but output() and the accessors has an effect. It belongs to one thread at a time:
// between BeginStep() and EndStep() only RunStep() touches it, and Receive(), which keeps what it
// is given.
class Engine {
 public:
  enum class Role { kClient, kServer };
  enum class State { kIdle, kHandshake, kOpen, kFailed };

  // Sets the callbacks of an SSL_CTX that Engines will be made from.
  static void InstallCallbacks(SSL_CTX* ctx);

  static Result<std::unique_ptr<Engine>> Create(std::shared_ptr<Context> context, Role role,
                                                EngineHost* host);
  ~Engine();
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;

  // --- The way of the data.
  // A client speaks first; a server waits. Does nothing the second time.
  void Start();
  // Takes ciphertext; a handshake that has not been started begins with it. What cannot be
  // processed yet is copied and processed later.
  void Receive(Bytes ciphertext);
  // Goes on decrypting where can_continue().
  void Continue();
  // Encrypts; returns how many bytes were taken: none while a handshake is under way, or before its
  // end has been taken with NextEvent(): whoever hears of it may refuse the peer.
  size_t Write(Bytes plaintext);
  // Sends close_notify (RFC 8446, 6.1); nothing before the handshake is done.
  void Close();
  // The current question has been answered.
  void Resume();

  // --- The handshake in steps, so that another thread can take them: what SSL_do_handshake() does
  // with the records that have come. Ends where a selection of EngineHost is enabled.
  void HandshakeInSteps() { stepwise_ = true; }
  bool step_due() const { return step_due_; }
  // The step that is due is the last, and has nothing to do with a key pair: a Finished to check
  // (RFC 8446, 4.4.4), and tickets to write.
  bool step_is_light() const;
  void BeginStep();
  // On any thread.
  void RunStep();
  // Goes on with what the step has made possible; another may be due.
  void EndStep();

  OutputQueue& output() { return output_; }
  // Output must wait for the answer to a kNewSession.
  bool output_held() const { return new_sessions_unanswered_ > 0; }
  // Decryption has stopped, because ReservePlaintext() had no room, because something has
  // happened that is to be known before the plaintext behind it, or because it is spent(); nothing
  // stands in the way any more.
  bool can_continue() const { return starved_ && !question_ && events_.empty(); }
  // So many records have been read that others should have a turn before Continue().
  bool spent() const { return spent_; }
  // Decryption has stopped, whatever stands in the way: the end of the input is not the next thing.
  bool has_more() const { return starved_ && state_ == State::kOpen && !close_notify_seen_; }
  State state() const { return state_; }
  bool awaiting_answer() const { return question_.has_value(); }
  // OpenSSL is on the stack: the Engine must not be destroyed now.
  bool busy() const { return busy_; }
  // The peer has sent close_notify (RFC 8446, 6.1): there is no more plaintext.
  bool peer_closed() const { return close_notify_seen_; }
  size_t backlog_size() const { return backlog_.size(); }
  // What has been received while OpenSSL was on the stack, in bytes.
  size_t early_size() const { return early_.size(); }

  // The next event, unless a question waits for its answer.
  std::optional<Event> NextEvent();
  bool HasEvent() const { return !question_ && !events_.empty(); }
  bool has_error() const { return error_.has_value(); }
  // Why the state is kFailed; once.
  std::optional<Error> TakeError();

  // --- Answers.
  void ProvideSession(Bytes der);
  // The certificate and the authorities of `context`, as far as it has them; fails where there is
  // no certificate yet either.
  Status SelectContext(std::shared_ptr<Context> context);
  void SetOcspResponse(Bytes response);

  // --- Before Start().
  enum class Verify { kNone, kRequest, kRequire };
  void SetVerify(Verify verify);
  bool SetServername(const std::string& name);
  // Of a client. False when the buffer is not a session, and too late: after Start().
  bool SetSession(Bytes der);
  // Takes a copy: what happens to the connection does not concern `session`.
  bool SetLiveSession(SSL_SESSION* session);
  bool SetAlpnProtocols(Bytes wire_format);
  void RequestOcsp();
  void EnableSessionEvents();
  void EnableSessionLookup() { session_lookup_ = true; }
  void EnableCertificateQuestion() { certificate_question_ = true; }
  void EnableAlpnCallback();
  void EnablePsk();
  bool SetPskIdentityHint(const std::string& hint);
  void EnableKeylog();
  void EnableTrace();

  // --- At any time.
  // TLS 1.2. One that is under way is not followed by another.
  Status Renegotiate();
  Status UseCertificateOf(std::shared_ptr<Context> context);
  bool SetMaxSendFragment(int size);
  Role role() const { return role_; }
  SSL* ssl() const { return ssl_.get(); }
  const std::shared_ptr<Context>& context() const { return context_; }

 private:
  friend struct EngineCallbacks;
  enum class Outcome { kDone, kWait, kPaused, kClosed, kFailed };

  Engine(std::shared_ptr<Context> context, Role role, EngineHost* host)
      : context_(std::move(context)), first_context_(context_), role_(role), host_(host) {}

  template <typename Operation>
  Outcome Run(Operation&& operation);
  template <typename Operation>
  Outcome Call(Operation&& operation);
  void Advance();
  void PrepareStep();
  void KeepInput();
  void Ask(Event question);
  void Trust(std::shared_ptr<Context> context);
  bool Offer(const openssl::SSLSessionPointer& session);

  std::shared_ptr<Context> context_;
  const std::shared_ptr<Context> first_context_;  // of its sessions, whatever SelectContext() takes
  std::shared_ptr<Context> trusted_context_;      // whose authorities count, if not the first one's
  std::shared_ptr<Context> certificate_context_;  // UseCertificateOf()
  openssl::BIOPointer trace_;                     // outlives ssl_, which writes to it
  openssl::SSLPointer ssl_;
  openssl::SSLSessionPointer provided_session_;
  const Role role_;
  EngineHost* const host_;
  State state_ = State::kIdle;

  Bytes input_;                   // not yet read by OpenSSL; views the caller's bytes or backlog_
  int reads_left_ = 0;            // that OpenSSL may make of it
  std::vector<uint8_t> backlog_;  // input kept between two calls
  std::vector<uint8_t> early_;    // input that came while OpenSSL was on the stack
  OutputQueue output_;
  std::deque<Event> events_;
  std::optional<Event::Type> question_;  // taken by NextEvent(), and not answered
  std::optional<Error> error_;
  // Of the first ClientHello, and "" for none: it selects the context, so no HelloRetryRequest or
  // renegotiation changes it, and no session of another one is resumed.
  std::string requested_servername_;
  std::vector<uint8_t> alpn_protocols_;
  std::vector<uint8_t> ocsp_response_;

  int new_sessions_unanswered_ = 0;
  int handshakes_untold_ = 0;      // events of kHandshakeDone
  bool handshake_paused_ = false;  // OpenSSL waits for the answer to a question
  bool hello_seen_ = false;
  bool certificate_answered_ = false;
  bool session_answered_ = false;
  bool starved_ = false;
  bool spent_ = false;  // input is left, and no read
  bool busy_ = false;
  bool psk_ = false;                         // a server's
  std::set<std::string> binary_identities_;  // of the ClientHello, where psk_
  bool stepwise_ = false;
  bool step_due_ = false;
  Outcome step_outcome_ = Outcome::kWait;  // of the last step: kWait, before the first
  size_t step_input_ = 0;                  // of backlog_, in whole records
  bool close_notify_seen_ = false;
  bool session_events_ = false;
  bool session_lookup_ = false;
  bool certificate_question_ = false;
  bool alpn_callback_ = false;
  bool ocsp_requested_ = false;
  bool keylog_ = false;
};

}  // namespace napi_tls::tls

#endif  // SRC_TLS_ENGINE_H_
