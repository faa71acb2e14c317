// Sessions in OpenSSL's encoding: the one that a client offers, the one that a server finds for an
// id, and the one in a ticket.
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "der.h"
#include "endpoint.h"

namespace napi_tls::tls::test::fuzz {

namespace {

using Role = Engine::Role;

// What the first of the settings' bits say; the others are those of both ends.
enum Where { kOffered, kLookedUp, kInTicket };

std::vector<Input> Seeds() {
  std::vector<Input> seeds;
  for (const uint16_t version : {int{kTls12}, int{kTls13}}) {
    for (const Role role : {Role::kClient, Role::kServer}) {
      for (const uint16_t where : {kOffered, kLookedUp, kInTicket}) {
        seeds.push_back(
            WithWord(WithWord(SharedSession(role, version), where), version | kWrite | kSession));
      }
    }
  }
  return seeds;
}

// A ticket with this session in it, under the keys of the server (RFC 5077, section 4).
Input MakeTicket(Bytes session, const TicketKeys::Block& keys) {
  const uint8_t* const name = keys.data();
  const uint8_t* const hmac_key = name + 16;
  const uint8_t* const aes_key = name + 32;
  Input ticket(name, name + 16);
  const Input iv(16, 'v');
  ticket.insert(ticket.end(), iv.begin(), iv.end());
  const openssl::Owned<EVP_CIPHER_CTX, EVP_CIPHER_CTX_free> cipher(EVP_CIPHER_CTX_new());
  EVP_EncryptInit_ex(cipher.get(), EVP_aes_128_cbc(), nullptr, aes_key, iv.data());
  Input encrypted(session.size + 16);
  int size = 0;
  int last = 0;
  EVP_EncryptUpdate(cipher.get(), encrypted.data(), &size, session.data,
                    static_cast<int>(session.size));
  EVP_EncryptFinal_ex(cipher.get(), encrypted.data() + size, &last);
  ticket.insert(ticket.end(), encrypted.begin(), encrypted.begin() + size + last);
  uint8_t mac[EVP_MAX_MD_SIZE];
  unsigned int mac_size = 0;
  HMAC(EVP_sha256(), hmac_key, 16, ticket.data(), ticket.size(), mac, &mac_size);
  ticket.insert(ticket.end(), mac, mac + mac_size);
  return ticket;
}

FUZZ_TARGET(session, Seeds) {
  Reader reader(input);
  const uint16_t settings = reader.Word();
  const uint16_t where = reader.Word() % 3;
  const Bytes blob = reader.TakeRest();
  const uint16_t others = settings & ~kSession;
  Endpoint client(Role::kClient, where == kLookedUp ? settings | kSession : others);
  Endpoint server(Role::kServer, where == kLookedUp ? settings | kSession : others);
  if (where == kOffered) {
    client.engine().SetSession(blob);
  } else if (where == kLookedUp) {
    server.peer().on_question = [&](const Event& question) {
      if (question.type == Event::Type::kSessionLookup) server.engine().ProvideSession(blob);
    };
  } else {
    const ContextPointer context = SharedContext(Role::kServer, settings);
    const Input ticket = MakeTicket(blob, context->ticket_keys().Get());
    const int version = (settings & kTls12) != 0 ? TLS1_2_VERSION : TLS1_3_VERSION;
    EXPECT_TRUE(client.engine().SetSession(SessionDer(version, {}, ticket)));
  }
  client.Look();
  server.Start();
  client.Start();
  for (int flight = 0; flight < 4; ++flight) {
    server.Receive(client.TakeOutput());
    client.Receive(server.TakeOutput());
  }
  for (Endpoint* end : {&client, &server}) {
    end->Look();
    end->ExpectSane();
  }
}

}  // namespace

}  // namespace napi_tls::tls::test::fuzz
