// The one file that uses what OpenSSL 3 deprecates.
#undef OPENSSL_NO_DEPRECATED
#define OPENSSL_SUPPRESS_DEPRECATED

#include "openssl/engine_keys.h"

#include <openssl/err.h>
#include <openssl/opensslconf.h>

#include "openssl/owned.h"

// The library of an engine finds the symbols of Node's OpenSSL, and would corrupt the heap of
// another.
#if !defined(OPENSSL_NO_ENGINE) && !defined(NAPI_TLS_PRIVATE_OPENSSL)
#define HAS_ENGINES
#endif

#ifdef HAS_ENGINES
#include <openssl/engine.h>
#include <openssl/ui.h>
#endif

namespace napi_tls::openssl {

#ifndef HAS_ENGINES

namespace {
Error NotSupported() {
  Error error;
  error.message = "Custom engines not supported by this OpenSSL";
  error.code = "ERR_CRYPTO_CUSTOM_ENGINE_NOT_SUPPORTED";
  return error;
}
}  // namespace

EngineUse::~EngineUse() = default;
Result<EngineUse> UseEngineKey(SSL_CTX*, const char*, const char*) { return NotSupported(); }
Status UseClientCertEngine(SSL_CTX*, const char*) { return NotSupported(); }

#else

namespace {

using ENGINEPointer = Owned<ENGINE, ENGINE_free>;
using UIMethodPointer = Owned<UI_METHOD, UI_destroy_method>;

// Built in, or to be found under this path.
ENGINEPointer FindEngine(const char* id) {
  ENGINEPointer engine(ENGINE_by_id(id));
  if (engine) return engine;
  engine.reset(ENGINE_by_id("dynamic"));
  if (engine && (ENGINE_ctrl_cmd_string(engine.get(), "SO_PATH", id, 0) != 1 ||
                 ENGINE_ctrl_cmd_string(engine.get(), "LOAD", nullptr, 0) != 1)) {
    engine.reset();
  }
  return engine;
}

}  // namespace

EngineUse::~EngineUse() {
  if (engine_ != nullptr) ENGINE_finish(engine_);
}

Result<EngineUse> UseEngineKey(SSL_CTX* ctx, const char* key_id, const char* engine_id) {
  ENGINEPointer engine = FindEngine(engine_id);
  if (!engine) return Error::FromQueueBare("Failure to load engine");
  if (ENGINE_init(engine.get()) != 1) return Error::Operation("Failure to initialize engine");
  EngineUse use(engine.get());
  // An engine may ask for a PIN; there is no terminal to ask at.
  UIMethodPointer ui(UI_create_method("none"));
  EVPKeyPointer key(ENGINE_load_private_key(engine.get(), key_id, ui.get(), nullptr));
  if (!key) return Error::FromQueue("ENGINE_load_private_key");
  if (SSL_CTX_use_PrivateKey(ctx, key.get()) != 1)
    return Error::FromQueue("SSL_CTX_use_PrivateKey");
  return use;
}

Status UseClientCertEngine(SSL_CTX* ctx, const char* engine_id) {
  ENGINEPointer engine = FindEngine(engine_id);
  if (!engine) return Error::FromQueueBare("Failure to load engine");
  // Keeps a reference of its own.
  if (SSL_CTX_set_client_cert_engine(ctx, engine.get()) == 1) return Ok();
  return Error::FromQueue("SSL_CTX_set_client_cert_engine");
}

#endif

}  // namespace napi_tls::openssl
