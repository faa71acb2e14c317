#include <openssl/core_names.h>
#include <openssl/kdf.h>

#include "harness.h"

namespace napi_tls::tls::test {

namespace {

using openssl::Owned;
using Type = Event::Type;
using Octets = std::vector<uint8_t>;

constexpr size_t kTagSize = 16;
constexpr uint8_t kHandshakeRecord = 22;

std::vector<uint8_t> FromHex(const std::string& hex) {
  std::vector<uint8_t> bytes;
  for (size_t i = 0; i + 1 < hex.size(); i += 2) {
    bytes.push_back(static_cast<uint8_t>(std::stoi(hex.substr(i, 2), nullptr, 16)));
  }
  return bytes;
}

// HKDF-Expand-Label of RFC 8446, 7.1, with SHA-384 and no context.
Octets ExpandLabel(Octets secret, std::string label, size_t size) {
  Owned<EVP_KDF, EVP_KDF_free> kdf(EVP_KDF_fetch(nullptr, "TLS13-KDF", nullptr));
  Owned<EVP_KDF_CTX, EVP_KDF_CTX_free> context(EVP_KDF_CTX_new(kdf.get()));
  int mode = EVP_KDF_HKDF_MODE_EXPAND_ONLY;
  std::string digest = "SHA384";
  std::string prefix = "tls13 ";
  const OSSL_PARAM params[] = {
      OSSL_PARAM_construct_int(OSSL_KDF_PARAM_MODE, &mode),
      OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, digest.data(), digest.size()),
      OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_KEY, secret.data(), secret.size()),
      OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_PREFIX, prefix.data(), prefix.size()),
      OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_LABEL, label.data(), label.size()),
      OSSL_PARAM_construct_end(),
  };
  Octets out(size);
  EXPECT_EQ(EVP_KDF_derive(context.get(), out.data(), size, params), 1);
  return out;
}

// The records that a server of TLS_AES_256_GCM_SHA384 sends after its handshake (RFC 8446, 5.2).
class Records {
 public:
  explicit Records(const Octets& secret)
      : key_(ExpandLabel(secret, "key", 32)), iv_(ExpandLabel(secret, "iv", 12)) {}

  // The content of `record`, its type at the end.
  Octets Open(uint64_t sequence, Bytes record) {
    const size_t size = record.size - 5 - kTagSize;
    Octets content(size);
    Octets tag(record.data + 5 + size, record.data + record.size);
    Crypt(sequence, false, {record.data, 5}, {record.data + 5, size}, content.data(), tag.data());
    return content;
  }

  Octets Seal(uint64_t sequence, const Octets& content) {
    const size_t size = content.size() + kTagSize;
    Octets record{23, 3, 3, static_cast<uint8_t>(size >> 8), static_cast<uint8_t>(size)};
    record.resize(5 + size);
    Crypt(sequence, true, {record.data(), 5}, content, record.data() + 5,
          record.data() + 5 + content.size());
    return record;
  }

 private:
  void Crypt(uint64_t sequence, bool encrypt, Bytes header, Bytes in, uint8_t* out, uint8_t* tag) {
    Octets nonce = iv_;
    for (int i = 0; i < 8; ++i) nonce[11 - i] ^= static_cast<uint8_t>(sequence >> (8 * i));
    Owned<EVP_CIPHER_CTX, EVP_CIPHER_CTX_free> context(EVP_CIPHER_CTX_new());
    EVP_CIPHER_CTX* cipher = context.get();
    int size = 0;
    EVP_CipherInit_ex(cipher, EVP_aes_256_gcm(), nullptr, key_.data(), nonce.data(), encrypt);
    if (!encrypt) EVP_CIPHER_CTX_ctrl(cipher, EVP_CTRL_AEAD_SET_TAG, kTagSize, tag);
    EVP_CipherUpdate(cipher, nullptr, &size, header.data, static_cast<int>(header.size));
    EVP_CipherUpdate(cipher, out, &size, in.data, static_cast<int>(in.size));
    EXPECT_EQ(EVP_CipherFinal_ex(cipher, out + size, &size), 1);
    if (encrypt) EVP_CIPHER_CTX_ctrl(cipher, EVP_CTRL_AEAD_GET_TAG, kTagSize, tag);
  }

  Octets key_;
  Octets iv_;
};

// RFC 8446, 5.1 lets a server put several messages into one record, which OpenSSL's does not do.
TEST(PostHandshake, TicketsInOneRecordDoNotHideTheDataBehindThem) {
  for (const bool session_events : {false, true}) {
    SCOPED_TRACE(session_events);
    Pair pair(TLS1_3_VERSION);
    if (session_events) pair.client.engine().EnableSessionEvents();
    pair.server.engine().EnableKeylog();
    pair.Start();
    pair.ToServer();
    pair.ToClient();
    pair.ToServer();
    ASSERT_TRUE(pair.server.open());
    std::string secret;
    for (const Event& event : pair.server.events) {
      const std::string line = TextOf(event.data);
      if (line.rfind("SERVER_TRAFFIC_SECRET_0 ", 0) == 0) secret = line.substr(line.rfind(' ') + 1);
    }
    Records records(FromHex(secret));

    const Octets sent = pair.server.TakeOutput();
    Octets tickets;
    uint64_t sequence = 0;
    for (size_t at = 0; at < sent.size(); ++sequence) {
      const size_t size = 5 + (sent[at + 3] << 8 | sent[at + 4]);
      const Octets content = records.Open(sequence, {sent.data() + at, size});
      ASSERT_EQ(content.back(), kHandshakeRecord);
      tickets.insert(tickets.end(), content.begin(), content.end() - 1);
      at += size;
    }
    ASSERT_EQ(sequence, 2u);
    tickets.push_back(kHandshakeRecord);
    Octets together = records.Seal(0, tickets);
    Octets data{'d', 'a', 't', 'a', 23};
    const Octets behind = records.Seal(1, data);
    together.insert(together.end(), behind.begin(), behind.end());

    pair.client.Receive(together);
    EXPECT_FALSE(pair.client.error);
    EXPECT_EQ(pair.client.Count(Type::kSession), session_events ? 2u : 0u);
    EXPECT_EQ(TextOf(pair.client.plaintext), "data");
  }
}

TEST(PostHandshake, KeysAreUpdatedWhenAnEndWantsIt) {
  for (const int type : {SSL_KEY_UPDATE_NOT_REQUESTED, SSL_KEY_UPDATE_REQUESTED}) {
    Pair pair(TLS1_3_VERSION);
    pair.client.engine().EnableSessionEvents();
    pair.Handshake();
    for (int i = 0; i < 3; ++i) {
      ASSERT_EQ(SSL_key_update(pair.server.engine().ssl(), type), 1);
      pair.ExpectDataFlows();
      ASSERT_EQ(SSL_key_update(pair.client.engine().ssl(), type), 1);
      pair.ExpectDataFlows();
    }
    EXPECT_EQ(pair.client.Count(Type::kHandshakeDone), 1u);
  }
}

}  // namespace

}  // namespace napi_tls::tls::test
