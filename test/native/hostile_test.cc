#include <random>

#include "harness.h"

namespace napi_tls::tls::test {

namespace {

using State = Engine::State;

// A handshake has two flights each way; one more way back are the tickets of TLS 1.3.
constexpr int kFlights = 4;

// Runs a handshake of which `change` sees each flight before it is delivered, and then has both
// ends write. The number of the flight is even for the client's.
template <typename Change>
void RunChanged(Pair* pair, Change&& change) {
  pair->Start();
  for (int flight = 0; flight < kFlights; ++flight) {
    Peer* from = flight % 2 == 0 ? &pair->client : &pair->server;
    Peer* to = flight % 2 == 0 ? &pair->server : &pair->client;
    std::vector<uint8_t> sent = from->TakeOutput();
    change(flight, &sent);
    if (!sent.empty()) to->Receive(sent);
  }
  pair->client.Write("from the client");
  pair->server.Write("from the server");
  pair->Run();
}

// The offsets of the bytes of a record header that say the version, which a receiver ignores
// (RFC 8446, 5.1).
bool IsRecordVersion(const std::vector<uint8_t>& sent, size_t position) {
  for (size_t at = 0; at + 5 <= sent.size(); at += 5 + (sent[at + 3] << 8 | sent[at + 4])) {
    if (position == at + 1 || position == at + 2) return true;
  }
  return false;
}

// The oldest entry of the queue counts, which in TLS 1.3 is that of the cipher.
bool IsBadRecord(const Error& error) {
  return error.code == "ERR_SSL_DECRYPTION_FAILED_OR_BAD_RECORD_MAC" ||
         error.code == "ERR_SSL_CIPHER_OPERATION_FAILED";
}

class Hostile : public ForEachVersion {};

TEST_P(Hostile, FlightsWithOneChangedByteOpenNoConnection) {
  for (int changed = 0; changed < kFlights; ++changed) {
    size_t position = 0;
    for (bool within = true; within; ++position) {
      SCOPED_TRACE(testing::Message() << "flight " << changed << ", byte " << position);
      Pair pair(GetParam());
      bool ignored = false;
      RunChanged(&pair, [&](int flight, std::vector<uint8_t>* sent) {
        if (flight != changed) return;
        within = position < sent->size();
        if (!within) return;
        ignored = IsRecordVersion(*sent, position);
        (*sent)[position] ^= static_cast<uint8_t>(1 + position % 255);
      });
      if (!within || ignored) continue;
      ExpectSane(pair.client);
      ExpectSane(pair.server);
      EXPECT_FALSE(TextOf(pair.client.plaintext) == "from the server" &&
                   TextOf(pair.server.plaintext) == "from the client");
      if (HasFailure()) return;
    }
    EXPECT_GT(position, 50u) << "flight " << changed;
  }
}

TEST_P(Hostile, FlightsThatEndEarlyAreWaitedFor) {
  for (int cut = 0; cut < kFlights; ++cut) {
    bool within = true;
    // A prime, so that all parts of a record are cut somewhere.
    for (size_t size = 0; within; size += 3) {
      SCOPED_TRACE(testing::Message() << "flight " << cut << ", " << size << " bytes");
      Pair pair(GetParam());
      pair.Start();
      for (int flight = 0; flight <= cut; ++flight) {
        std::vector<uint8_t> sent = (flight % 2 == 0 ? pair.client : pair.server).TakeOutput();
        if (flight == cut) {
          within = size < sent.size();
          sent.resize(std::min(size, sent.size()));
        }
        (flight % 2 == 0 ? pair.server : pair.client).Receive(sent);
      }
      EXPECT_FALSE(pair.client.failed());
      EXPECT_FALSE(pair.server.failed());
      if (within && cut < 2) {
        EXPECT_FALSE((cut == 0 ? pair.server : pair.client).open());
      }
      if (HasFailure()) return;
    }
  }
}

TEST_P(Hostile, RecordsWithOneChangedByteAreRefusedWithAnAlert) {
  Pair whole(GetParam());
  whole.Handshake();
  whole.client.Write("secret");
  const size_t size = whole.client.engine().output().size();
  for (size_t position = 5; position < size; ++position) {
    Pair pair(GetParam());
    pair.Handshake();
    pair.client.Write("secret");
    std::vector<uint8_t> sent = pair.client.TakeOutput();
    sent[position] ^= 0x20;
    pair.server.Receive(sent);
    ASSERT_TRUE(pair.server.failed());
    EXPECT_TRUE(IsBadRecord(*pair.server.error)) << pair.server.error->code;
    EXPECT_TRUE(pair.server.plaintext.empty());
    pair.Run();
    ASSERT_TRUE(pair.client.failed());
    EXPECT_EQ(pair.client.error->code, "ERR_SSL_SSLV3_ALERT_BAD_RECORD_MAC");
  }
}

TEST_P(Hostile, RepeatedRecordsAreRefused) {
  Pair pair(GetParam());
  pair.Handshake();
  pair.client.Write("once");
  const std::vector<uint8_t> sent = pair.client.TakeOutput();
  pair.server.Receive(sent);
  pair.server.Receive(sent);
  EXPECT_EQ(TextOf(pair.server.plaintext), "once");
  ASSERT_TRUE(pair.server.failed());
  EXPECT_TRUE(IsBadRecord(*pair.server.error)) << pair.server.error->code;
}

TEST_P(Hostile, GarbageAsFirstBytesNeverOpensAConnection) {
  std::mt19937 random(1);  // NOLINT(runtime/int): the same bytes each time
  for (const auto role : {Engine::Role::kClient, Engine::Role::kServer}) {
    for (int round = 0; round < 500; ++round) {
      std::vector<uint8_t> garbage(1 + random() % 600);
      for (uint8_t& byte : garbage) byte = static_cast<uint8_t>(random());
      // Half of them pass for records at first sight.
      if (round % 2 == 0) garbage.insert(garbage.begin(), {0x16, 0x03, 0x01, 0x01, 0x00});
      Peer peer(
          role == Engine::Role::kClient ? ClientContext(GetParam()) : ServerContext(GetParam()),
          role);
      peer.engine().Start();
      peer.Receive(garbage);
      ASSERT_TRUE(peer.failed() || peer.engine().state() == State::kHandshake);
      ExpectSane(peer);
    }
  }
}

TEST_P(Hostile, FailuresAreFinal) {
  Pair pair(GetParam());
  pair.Handshake();
  pair.server.Receive(BytesOf("this is not a record of TLS"));
  ASSERT_TRUE(pair.server.failed());
  Engine& engine = pair.server.engine();
  EXPECT_FALSE(engine.has_error()) << "it has been taken";
  EXPECT_FALSE(engine.TakeError());
  EXPECT_FALSE(engine.output().empty()) << "the alert";
  engine.output().Clear();

  EXPECT_EQ(engine.Write(BytesOf("data")), 0u);
  engine.Close();
  engine.Start();
  engine.Resume();
  engine.Continue();
  pair.client.Write("late");
  pair.Run();
  EXPECT_FALSE(engine.Renegotiate().ok());
  EXPECT_TRUE(engine.output().empty());
  EXPECT_TRUE(pair.server.plaintext.empty());
  EXPECT_EQ(engine.state(), State::kFailed);
}

FOR_EACH_VERSION(Hostile);

TEST(HostileFirstBytes, HaveTheirOwnErrors) {
  const auto code = [](const std::string& first) {
    Peer server(ServerContext(0), Engine::Role::kServer);
    server.engine().Start();
    server.Receive(BytesOf(first));
    EXPECT_TRUE(server.failed());
    return server.error ? server.error->code : "";
  };
  EXPECT_EQ(code("GET / HTTP/1.1\r\n\r\n"), "ERR_SSL_HTTP_REQUEST");
  EXPECT_EQ(code("CONNECT a:443 HTTP/1.1\r\n\r\n"), "ERR_SSL_HTTPS_PROXY_REQUEST");
  EXPECT_EQ(code("SSH-2.0-OpenSSH_9.2p1\r\n"), "ERR_SSL_WRONG_VERSION_NUMBER");
  EXPECT_EQ(code(std::string(64, '\0')), "ERR_SSL_WRONG_VERSION_NUMBER");

  Peer client(ClientContext(0), Engine::Role::kClient);
  client.engine().Start();
  client.Receive(BytesOf("HTTP/1.1 400 Bad Request\r\n\r\n"));
  ASSERT_TRUE(client.failed());
  EXPECT_EQ(client.error->code, "ERR_SSL_WRONG_VERSION_NUMBER");
  EXPECT_EQ(client.error->reason, "wrong version number");
}

}  // namespace

}  // namespace napi_tls::tls::test
