#ifndef SRC_NODE_TLS_WRAP_H_
#define SRC_NODE_TLS_WRAP_H_

#include <napi.h>

#include <memory>
#include <optional>
#include <vector>

#include "io/handshake_pool.h"
#include "io/uv_transport.h"
#include "node/environment.h"
#include "tls/engine.h"

namespace napi_tls::node {

// One TLS connection as JavaScript holds it: an Engine, and the native transport where there is
// one. A method that can make something happen answers with Flags, and so does every call of the
// environment's `onActivity` from the event loop; JavaScript then fetches what they announce. The
// loop announces one event at a time, so that promises and ticks run between two of them.
// Invariants: engine_ is null after destroySSL(); the object is kept alive (Ref) while a transport
// is attached; the engine is never destroyed while one of its calls is on the stack, and never
// touched while it is away() on another thread: what JavaScript calls has it back first (ready()),
// or leaves its work to OnHandshakeStep().
class TLSWrap : public Napi::ObjectWrap<TLSWrap>,
                private tls::EngineHost,
                private io::UvTransport::Listener,
                private io::HandshakeStep::Listener {
 public:
  enum Flag : uint32_t {
    kEvent = 1 << 0,           // nextEvent()
    kPlaintext = 1 << 1,       // state[kPlaintextSize] bytes, in the pool or the slab
    kOutput = 1 << 2,          // takeOutput(): ciphertext for a stream transport
    kWritten = 1 << 3,         // the write is done, and there may be another
    kFailed = 1 << 4,          // takeError(): the TLS connection is lost
    kPeerClosed = 1 << 5,      // close_notify has come: no more plaintext
    kReadEnd = 1 << 6,         // the transport has ended; state[kStatus]: UV_EOF or an error
    kTransportError = 1 << 7,  // sending failed; state[kStatus]: a libuv error
    kShutdownDone = 1 << 8,    // state[kStatus]: 0 or a libuv error
    kTurn = 1 << 9,            // a budget of this turn is spent: call turn() in the next
    kStarved = 1 << 10,        // there is more to decrypt: call proceed()
    kUnread = 1 << 11,         // the native reader has left something of the plaintext
    kHeld = 1 << 12,           // what was written waits for more to be sent with: call flush()
    kHalted = 1 << 13,         // nothing more is to be read until turn()
    kHeldOver = 1 << 14,       // what was written waits for turn(), which kTurn asks for
  };

  static Napi::Function Define(Napi::Env env);
  explicit TLSWrap(const Napi::CallbackInfo& info);
  ~TLSWrap() override;

 private:
  // Around what may run JavaScript (tls_wrap_scopes.h).
  class EngineScope;
  class TickScope;

  // --- The way of the data (tls_wrap.cc).
  Napi::Value Attach(const Napi::CallbackInfo& info);
  Napi::Value Detach(const Napi::CallbackInfo& info);
  Napi::Value TransportBytesRead(const Napi::CallbackInfo& info);
  Napi::Value TransportBytesWritten(const Napi::CallbackInfo& info);
  Napi::Value ReadStart(const Napi::CallbackInfo& info);
  Napi::Value ReadStop(const Napi::CallbackInfo& info);
  Napi::Value Start(const Napi::CallbackInfo& info);
  Napi::Value Receive(const Napi::CallbackInfo& info);
  Napi::Value Write(const Napi::CallbackInfo& info);
  Napi::Value Turn(const Napi::CallbackInfo& info);
  Napi::Value Flush(const Napi::CallbackInfo& info);
  Napi::Value Resume(const Napi::CallbackInfo& info);
  Napi::Value Proceed(const Napi::CallbackInfo& info);
  Napi::Value Sent(const Napi::CallbackInfo& info);
  Napi::Value CloseNotify(const Napi::CallbackInfo& info);
  Napi::Value Shutdown(const Napi::CallbackInfo& info);
  Napi::Value Renegotiate(const Napi::CallbackInfo& info);
  Napi::Value NextEvent(const Napi::CallbackInfo& info);
  Napi::Value TakeError(const Napi::CallbackInfo& info);
  Napi::Value TakeOutput(const Napi::CallbackInfo& info);
  Napi::Value DestroySSL(const Napi::CallbackInfo& info);
  Napi::Value WriteQueueSize(const Napi::CallbackInfo& info);

  // --- Settings and answers (tls_wrap_settings.cc).
  static std::vector<PropertyDescriptor> Settings();
  Napi::Value SetVerifyMode(const Napi::CallbackInfo& info);
  Napi::Value SetServername(const Napi::CallbackInfo& info);
  Napi::Value SetSession(const Napi::CallbackInfo& info);
  Napi::Value SetALPNProtocols(const Napi::CallbackInfo& info);
  Napi::Value SetMaxSendFragment(const Napi::CallbackInfo& info);
  Napi::Value SetPskIdentityHint(const Napi::CallbackInfo& info);
  Napi::Value SetKeyCert(const Napi::CallbackInfo& info);
  Napi::Value SetContext(const Napi::CallbackInfo& info);
  Napi::Value SetOCSPResponse(const Napi::CallbackInfo& info);
  Napi::Value LoadSession(const Napi::CallbackInfo& info);
  Napi::Value RequestOCSP(const Napi::CallbackInfo& info);
  Napi::Value EnableSessionCallbacks(const Napi::CallbackInfo& info);
  Napi::Value EnableSessionLookup(const Napi::CallbackInfo& info);
  Napi::Value EnableCertCb(const Napi::CallbackInfo& info);
  Napi::Value EnableALPNCb(const Napi::CallbackInfo& info);
  Napi::Value EnablePskCallback(const Napi::CallbackInfo& info);
  Napi::Value EnableKeylogCallback(const Napi::CallbackInfo& info);
  Napi::Value EnableTrace(const Napi::CallbackInfo& info);
  Napi::Value ExpectNativeReader(const Napi::CallbackInfo& info);
  Napi::Value OffloadHandshake(const Napi::CallbackInfo& info);

  // --- What has been negotiated (tls_wrap_info.cc).
  static std::vector<PropertyDescriptor> Info();
  Napi::Value GetCipher(const Napi::CallbackInfo& info);
  Napi::Value GetProtocol(const Napi::CallbackInfo& info);
  Napi::Value GetSession(const Napi::CallbackInfo& info);
  Napi::Value GetTLSTicket(const Napi::CallbackInfo& info);
  Napi::Value GetFinished(const Napi::CallbackInfo& info);
  Napi::Value GetPeerFinished(const Napi::CallbackInfo& info);
  Napi::Value GetSharedSigalgs(const Napi::CallbackInfo& info);
  Napi::Value GetEphemeralKeyInfo(const Napi::CallbackInfo& info);
  Napi::Value GetALPNNegotiatedProtocol(const Napi::CallbackInfo& info);
  Napi::Value GetServername(const Napi::CallbackInfo& info);
  Napi::Value GetCertificate(const Napi::CallbackInfo& info);
  Napi::Value GetPeerCertificates(const Napi::CallbackInfo& info);
  Napi::Value GetPeerChain(const Napi::CallbackInfo& info);
  Napi::Value GetPeerNames(const Napi::CallbackInfo& info);
  Napi::Value GetOutcome(const Napi::CallbackInfo& info);
  Napi::Value IsSessionReused(const Napi::CallbackInfo& info);
  Napi::Value VerifyError(const Napi::CallbackInfo& info);
  Napi::Value ExportKeyingMaterial(const Napi::CallbackInfo& info);

  // --- tls::EngineHost.
  uint8_t* ReservePlaintext(size_t* size) override;
  void CommitPlaintext(size_t size) override { plaintext_size_ += size; }
  AlpnChoice SelectAlpn(tls::Bytes offered, tls::Bytes* selected) override;
  std::optional<PskAnswer> PskForServer(const char* hint, size_t max_identity,
                                        size_t max_psk) override;
  std::optional<std::vector<uint8_t>> PskForClient(const char* identity, size_t max_psk) override;

  // --- io::UvTransport::Listener (tls_wrap_loop.cc).
  void OnCiphertext(tls::Bytes bytes) override;
  void OnReadEnd(int status) override;
  void OnSent(int status) override;
  void OnShutdown(int status) override;

  // --- Writing (tls_wrap_write.cc).
  bool sending() const {
    return stream_sending_ || (transport_ && transport_->sending()) || send_error_waits();
  }
  bool AnswersWait() const;
  int SendOutput();
  void Pump();
  void OnSendError(int status);
  // A peer that has closed its side may do so with the other: as in core that is a failure only for
  // what is written after it.
  bool peer_closed() const { return read_ended_ || engine_->peer_closed(); }
  bool send_error_waits() const { return send_error_ != 0 && !peer_closed(); }
  void SettleSendError();
  size_t TurnBudget() const;
  uint64_t CurrentTurn() const;
  bool TurnIsSpent();
  void BeginTurn();
  void WantTurn();
  bool Gather(bool more_follows);
  bool Encrypt();
  void FinishWrite();

  // --- Handshakes on other threads (tls_wrap_handshake.cc).
  void OnHandshakeStep(bool closing) override;
  void AdvanceHandshake();
  bool OffloadPays();
  bool away() const { return step_ != nullptr && step_->away(); }
  void Recall();
  bool ready();
  void DropEngine();

  bool alive() const { return engine_ != nullptr && !destroyed_; }
  uint32_t CollectFlags();
  uint32_t CollectQuietFlags();
  Napi::Value Settle(Napi::Env env);
  void Deliver();
  bool HasNews() const;
  bool Notify(uint32_t flags);
  void Raise(uint32_t flag, int status);
  Napi::Value Select(const char* name, std::initializer_list<napi_value> arguments);

  Environment* const environment_;
  // Until destroySSL(): from Node 26 on it keeps this object alive.
  std::optional<Napi::AsyncContext> async_context_;
  std::unique_ptr<tls::Engine> engine_;
  io::HandshakeStep* step_ = nullptr;  // until it has called OnHandshakeStep()
  std::unique_ptr<io::UvTransport> transport_;

  struct PendingWrite {
    Napi::Reference<Napi::Uint8Array> buffer;  // keeps `rest` alive when the call has returned
    tls::Bytes rest;
    size_t size = 0;  // of which `rest` is left
    bool active = false;
  };
  PendingWrite write_;
  std::string selected_protocol_;  // the answer of the ALPN callback, while OpenSSL copies it

  size_t plaintext_size_ = 0;  // in the slab, not announced yet
  uint32_t raised_ = 0;        // flags that CollectFlags() has to report
  int status_ = 0;
  size_t turn_bytes_ = 0;               // plaintext encrypted in this turn of the loop
  uint64_t turn_ = 0;                   // which it is
  int send_error_ = 0;                  // not reported yet: a libuv error
  uint64_t read_end_turn_ = 0;          // when the transport has ended
  uint64_t send_error_turn_ = 0;        // when something was last read after it
  uint64_t send_error_read_ = 0;        // bytes that had been read by then
  bool turn_wanted_ = false;            // kTurn has been reported, turn() has not come
  bool streaming_ = false;              // the last turn was spent, and this one follows it
  bool held_over_ = false;              // kHeldOver has been reported, turn() has not come
  bool halted_ = false;                 // kHalted has been reported, turn() has not come
  int depth_ = 0;                       // of EngineScopes
  bool shutdown_wanted_ = false;        // FIN follows what is queued
  bool stream_sending_ = false;         // a stream transport has taken output and not answered yet
  bool synchronous_callbacks_ = false;  // ALPN or PSK
  enum class Offload { kNever, kWhereItPays, kAlways };
  Offload offload_ = Offload::kNever;
  bool read_ended_ = false;       // by the peer, in whatever way
  bool wrote_after_end_ = false;  // after peer_closed(), and before the end of our side
  bool reading_ = false;          // JavaScript wants what the transport has
  bool native_reader_ = false;    // http or http2 may have taken over the reading
  bool silent_ = false;           // nothing is sent any more: the user's callback has thrown, or
                                  // the transport is gone
  bool silence_reported_ = false;
  bool failure_reported_ = false;  // of the engine
  bool peer_closed_reported_ = false;
  bool destroyed_ = false;
};

}  // namespace napi_tls::node

#endif  // SRC_NODE_TLS_WRAP_H_
