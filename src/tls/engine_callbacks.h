#ifndef SRC_TLS_ENGINE_CALLBACKS_H_
#define SRC_TLS_ENGINE_CALLBACKS_H_

#include <openssl/ssl.h>

#include "tls/engine.h"

namespace napi_tls::tls {

// What OpenSSL calls while Engine::Run() is on the stack. Nothing here runs JavaScript, except the
// two selections of EngineHost that are synchronous in OpenSSL.
struct EngineCallbacks {
  // Makes the engine known to its SSL.
  static bool Attach(Engine* engine);
  static Engine* EngineOf(const SSL* ssl);

  static void OnInfo(const SSL* ssl, int where, int value);
  static void OnKeylog(const SSL* ssl, const char* line);
  static int OnClientHello(SSL* ssl, int* alert, void*);
  static int OnServername(SSL* ssl, int* alert, void*);
  static SSL_TICKET_RETURN OnTicketOpened(SSL* ssl, SSL_SESSION* session, const unsigned char* name,
                                          size_t name_size, SSL_TICKET_STATUS status, void*);
  static int OnCertificate(SSL* ssl, void*);
  static int OnVerify(int preverified, X509_STORE_CTX* store);
  static int OnOcspStatus(SSL* ssl, void*);
  static int OnAlpnSelect(SSL* ssl, const unsigned char** out, unsigned char* out_size,
                          const unsigned char* offered, unsigned int offered_size, void*);
  static int OnNewSession(SSL* ssl, SSL_SESSION* session);
  static SSL_SESSION* OnGetSession(SSL* ssl, const unsigned char* id, int id_size, int* copy);
  static unsigned int OnPskClient(SSL* ssl, const char* hint, char* identity,
                                  unsigned int max_identity, unsigned char* psk,
                                  unsigned int max_psk);
  static unsigned int OnPskServer(SSL* ssl, const char* identity, unsigned char* psk,
                                  unsigned int max_psk);
};

}  // namespace napi_tls::tls

#endif  // SRC_TLS_ENGINE_CALLBACKS_H_
