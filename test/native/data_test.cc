#include <tuple>

#include "harness.h"

namespace napi_tls::tls::test {

namespace {

constexpr size_t kAll = std::numeric_limits<size_t>::max();
constexpr size_t kRecord = 16384;  // RFC 8446, 5.1
constexpr size_t kMegabyte = 1024 * 1024;

// TLS version, size of the pieces in which ciphertext arrives.
class Data : public testing::TestWithParam<std::tuple<int, size_t>> {
 protected:
  Data() : pair_(std::get<0>(GetParam())) { pair_.fragment = std::get<1>(GetParam()); }
  Pair pair_;
};

TEST_P(Data, ArrivesAsItWasWritten) {
  pair_.Handshake();
  for (const size_t size : {size_t{0}, size_t{1}, kRecord - 1, kRecord, kRecord + 1, kMegabyte}) {
    SCOPED_TRACE(size);
    // In small pieces it would take too long under sanitizers.
    if (size == kMegabyte && pair_.fragment < 1000) continue;
    const std::vector<uint8_t> data = Pattern(size);
    pair_.client.plaintext.clear();
    pair_.server.plaintext.clear();
    pair_.client.Write(data);
    pair_.Run();
    EXPECT_EQ(pair_.server.plaintext, data);
    pair_.server.Write(data);
    pair_.Run();
    EXPECT_EQ(pair_.client.plaintext, data);
  }
  EXPECT_TRUE(pair_.client.open());
  EXPECT_TRUE(pair_.server.open());
}

TEST_P(Data, FlowsBothWaysAtOnce) {
  pair_.Handshake();
  const std::vector<uint8_t> data = Pattern(3 * kRecord + 1);
  std::vector<uint8_t> expected;
  for (int i = 0; i < 4; ++i) {
    expected.insert(expected.end(), data.begin(), data.end());
    pair_.client.Write(data);
    pair_.server.Write(data);
    if (i % 2 == 0) pair_.ToServer();
  }
  pair_.Run();
  EXPECT_EQ(pair_.client.plaintext, expected);
  EXPECT_EQ(pair_.server.plaintext, expected);
}

// Whoever hears of the end of the handshake may refuse the peer.
TEST_P(Data, LeavesAfterTheEndOfTheHandshakeHasBeenTold) {
  Engine& client = pair_.client.engine();
  client.EnableKeylog();
  pair_.Start();
  const std::string secret = "secret";
  bool told = false;
  for (int flight = 0; flight < 4 && !told; ++flight) {
    pair_.ToServer();
    client.Receive(pair_.server.TakeOutput());
    EXPECT_EQ(client.Write(BytesOf(secret)), 0u);
    while (std::optional<Event> event = client.NextEvent()) {
      told = event->type == Event::Type::kHandshakeDone;
      if (told) break;
      EXPECT_EQ(client.Write(BytesOf(secret)), 0u);
    }
  }
  EXPECT_TRUE(told);
  EXPECT_EQ(client.Write(BytesOf(secret)), secret.size());
  pair_.Run();
  EXPECT_EQ(TextOf(pair_.server.plaintext), secret);
}

TEST_P(Data, WaitsForRoom) {
  pair_.Handshake();
  pair_.Run();
  Peer& server = pair_.server;
  server.room = 0;
  const std::vector<uint8_t> data = Pattern(kRecord + 100);
  pair_.client.Write(data);
  pair_.Run();
  EXPECT_TRUE(server.engine().can_continue());
  EXPECT_GT(server.engine().backlog_size(), data.size());
  EXPECT_TRUE(server.plaintext.empty());

  // Ten bytes of a record, then none: what OpenSSL has decrypted is kept too.
  server.room = 10;
  server.Settle();
  EXPECT_EQ(server.plaintext.size(), 10u);
  EXPECT_TRUE(server.engine().can_continue());

  pair_.client.Write("more");
  pair_.Run();
  EXPECT_EQ(server.plaintext.size(), 10u);

  server.room = kAll;
  server.Settle();
  std::vector<uint8_t> expected = data;
  for (const char c : std::string("more")) expected.push_back(static_cast<uint8_t>(c));
  EXPECT_EQ(server.plaintext, expected);
  EXPECT_FALSE(server.engine().can_continue());
  EXPECT_EQ(server.engine().backlog_size(), 0u);
}

TEST_P(Data, CanBeTakenByteByByte) {
  pair_.Handshake();
  pair_.Run();
  const std::vector<uint8_t> data = Pattern(300);
  pair_.server.room = 0;
  pair_.client.Write(data);
  pair_.Run();
  for (size_t taken = 1; taken <= data.size(); ++taken) {
    pair_.server.room = 1;
    pair_.server.Settle();
    ASSERT_EQ(pair_.server.plaintext.size(), taken);
  }
  EXPECT_EQ(pair_.server.plaintext, data);
}

std::string DataName(const testing::TestParamInfo<std::tuple<int, size_t>>& info) {
  const auto [version, fragment] = info.param;
  return std::string(version == TLS1_2_VERSION ? "1_2" : "1_3") + "_by_" +
         (fragment == kAll ? "all" : std::to_string(fragment));
}

INSTANTIATE_TEST_SUITE_P(Tls, Data,
                         testing::Combine(testing::Values(TLS1_2_VERSION, TLS1_3_VERSION),
                                          testing::Values(1, 2, 7, 1000, kAll)),
                         DataName);

class DataWay : public ForEachVersion {};

TEST_P(DataWay, TakesALargeWriteInParts) {
  Pair pair(GetParam());
  pair.Handshake();
  const std::vector<uint8_t> data = Pattern(kMegabyte);
  size_t taken = 0;
  for (int i = 0; taken < data.size() && i < 1000; ++i) {
    const size_t part = pair.client.engine().Write({data.data() + taken, data.size() - taken});
    ASSERT_GT(part, 0u);
    taken += part;
    pair.Run();
  }
  EXPECT_EQ(pair.server.plaintext, data);
}

TEST_P(DataWay, MakesRecordsOfTheSizeAskedFor) {
  Pair pair(GetParam());
  EXPECT_FALSE(pair.client.engine().SetMaxSendFragment(511));
  EXPECT_FALSE(pair.client.engine().SetMaxSendFragment(16385));
  EXPECT_TRUE(pair.client.engine().SetMaxSendFragment(512));
  pair.Handshake();
  pair.client.Write(Pattern(5120));
  const std::vector<uint8_t> sent = pair.client.TakeOutput();
  int records = 0;
  for (size_t at = 0; at + 5 <= sent.size(); at += 5 + (sent[at + 3] << 8 | sent[at + 4]))
    ++records;
  EXPECT_EQ(records, 10);
  pair.server.Receive(sent);
  EXPECT_EQ(pair.server.plaintext, Pattern(5120));
}

FOR_EACH_VERSION(DataWay);

TEST(DataWayOfTls13, IsOpenToAClientThatHasSentItsFinished) {
  Pair pair(TLS1_3_VERSION);
  pair.Start();
  pair.ToServer();
  pair.ToClient();
  EXPECT_TRUE(pair.client.open());
  EXPECT_FALSE(pair.server.open());
  pair.client.Write("first words");
  pair.ToServer();
  EXPECT_TRUE(pair.server.open());
  EXPECT_EQ(TextOf(pair.server.plaintext), "first words");
}

TEST(DataWayOfTls13, IsClosedToAServerThatHasOnlySentItsFinished) {
  // RFC 8446, 4.4.4: permitted, but OpenSSL takes plaintext only when its handshake is done.
  Pair pair(TLS1_3_VERSION);
  pair.Start();
  pair.ToServer();
  EXPECT_EQ(pair.server.engine().Write(BytesOf("too early")), 0u);
  pair.Run();
  pair.ExpectDataFlows();
}

}  // namespace

}  // namespace napi_tls::tls::test
