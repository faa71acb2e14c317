#ifndef SRC_NODE_SECURE_CONTEXT_H_
#define SRC_NODE_SECURE_CONTEXT_H_

#include <napi.h>

#include <memory>
#include <mutex>
#include <shared_mutex>

#include "tls/context.h"

namespace napi_tls::node {

// `secureContext.context`: a tls::Context for JavaScript, with the methods that Node's has. There
// is none before init() and after close(): then every method but these and the getters throws.
// After seal(), which is for contexts that connections share without knowing of each other, what
// would change it throws too.
class SecureContext : public Napi::ObjectWrap<SecureContext> {
 public:
  static Napi::Function Define(Napi::Env env);
  // Null when `value` is not one.
  static SecureContext* From(Napi::Value value);

  explicit SecureContext(const Napi::CallbackInfo& info);
  ~SecureContext() override;

  // Null before init() and after close().
  std::shared_ptr<tls::Context> context() const { return context_; }

 private:
  Napi::Value Init(const Napi::CallbackInfo& info);
  Napi::Value Close(const Napi::CallbackInfo& info);
  Napi::Value Seal(const Napi::CallbackInfo& info);

  // --- Protocol.
  Napi::Value SetMinProto(const Napi::CallbackInfo& info);
  Napi::Value SetMaxProto(const Napi::CallbackInfo& info);
  Napi::Value GetMinProto(const Napi::CallbackInfo& info);
  Napi::Value GetMaxProto(const Napi::CallbackInfo& info);
  Napi::Value SetOptions(const Napi::CallbackInfo& info);
  Napi::Value SetCiphers(const Napi::CallbackInfo& info);
  Napi::Value SetCipherSuites(const Napi::CallbackInfo& info);
  Napi::Value SetSigalgs(const Napi::CallbackInfo& info);
  Napi::Value SetECDHCurve(const Napi::CallbackInfo& info);
  Napi::Value SetDHParam(const Napi::CallbackInfo& info);
  Napi::Value SetCertificateCompression(const Napi::CallbackInfo& info);
  Napi::Value CompressCertificates(const Napi::CallbackInfo& info);

  // --- Sessions.
  Napi::Value SetSessionIdContext(const Napi::CallbackInfo& info);
  Napi::Value SetSessionTimeout(const Napi::CallbackInfo& info);
  Napi::Value GetTicketKeys(const Napi::CallbackInfo& info);
  Napi::Value SetTicketKeys(const Napi::CallbackInfo& info);

  // --- Identity.
  Napi::Value SetCert(const Napi::CallbackInfo& info);
  Napi::Value SetKey(const Napi::CallbackInfo& info);
  Napi::Value LoadPKCS12(const Napi::CallbackInfo& info);
  Napi::Value SetEngineKey(const Napi::CallbackInfo& info);
  Napi::Value SetClientCertEngine(const Napi::CallbackInfo& info);
  Napi::Value GetCertificate(const Napi::CallbackInfo& info);
  Napi::Value GetIssuer(const Napi::CallbackInfo& info);

  // --- Trust.
  Napi::Value AddCACert(const Napi::CallbackInfo& info);
  Napi::Value AddCRL(const Napi::CallbackInfo& info);
  Napi::Value AddRootCerts(const Napi::CallbackInfo& info);
  Napi::Value RootCertsWanted(const Napi::CallbackInfo& info);
  Napi::Value UseRootStore(const Napi::CallbackInfo& info);
  Napi::Value SetAllowPartialTrustChain(const Napi::CallbackInfo& info);

  void Hold(std::shared_ptr<tls::Context> context);
  // These throw: when there is no context, when it is sealed, when either is so.
  bool Ready(Napi::Env env);
  bool Unsealed(Napi::Env env);
  bool Changeable(Napi::Env env);
  // The context for one change, which no handshake on another thread sees half done.
  class Change {
   public:
    explicit Change(tls::Context* context) : lock_(context->mutex()), context_(context) {}
    tls::Context* operator->() const { return context_; }
    tls::Context& operator*() const { return *context_; }

   private:
    const std::unique_lock<std::shared_mutex> lock_;
    tls::Context* const context_;
  };
  Change change() const { return Change(context_.get()); }
  // The bodies of the methods that take one argument.
  using SetText = tls::Context::Status (tls::Context::*)(const char*);
  using SetBytes = tls::Context::Status (tls::Context::*)(openssl::Bytes);
  Napi::Value Set(const Napi::CallbackInfo& info, SetText set);
  Napi::Value Set(const Napi::CallbackInfo& info, SetBytes set);

  std::shared_ptr<tls::Context> context_;
  bool sealed_ = false;
};

}  // namespace napi_tls::node

#endif  // SRC_NODE_SECURE_CONTEXT_H_
