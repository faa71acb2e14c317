#include "harness.h"

namespace napi_tls::tls::test {

namespace {

class Close : public ForEachVersion {
 protected:
  Close() : pair_(GetParam()) {}
  Pair pair_;
};

TEST_P(Close, OfTheClientReachesTheServer) {
  pair_.Handshake();
  pair_.client.engine().Close();
  pair_.Run();
  EXPECT_TRUE(pair_.server.engine().peer_closed());
  EXPECT_FALSE(pair_.client.engine().peer_closed());
  pair_.server.engine().Close();
  pair_.Run();
  EXPECT_TRUE(pair_.client.engine().peer_closed());
  EXPECT_FALSE(pair_.client.failed());
  EXPECT_FALSE(pair_.server.failed());
}

TEST_P(Close, OfTheServerReachesTheClient) {
  pair_.Handshake();
  pair_.server.engine().Close();
  pair_.Run();
  EXPECT_TRUE(pair_.client.engine().peer_closed());
  EXPECT_FALSE(pair_.server.engine().peer_closed());
  pair_.client.engine().Close();
  pair_.Run();
  EXPECT_TRUE(pair_.server.engine().peer_closed());
  EXPECT_FALSE(pair_.client.failed());
  EXPECT_FALSE(pair_.server.failed());
}

TEST_P(Close, OfBothCrosses) {
  pair_.Handshake();
  pair_.client.engine().Close();
  pair_.server.engine().Close();
  pair_.Run();
  for (Peer* peer : {&pair_.client, &pair_.server}) {
    EXPECT_TRUE(peer->engine().peer_closed());
    EXPECT_TRUE(peer->open());
    EXPECT_FALSE(peer->error);
  }
}

TEST_P(Close, SendsNothingBeforeTheHandshakeIsDone) {
  pair_.client.engine().Close();
  EXPECT_TRUE(pair_.client.engine().output().empty());
  pair_.Start();
  const size_t hello = pair_.client.engine().output().size();
  pair_.client.engine().Close();
  pair_.server.engine().Close();
  EXPECT_EQ(pair_.client.engine().output().size(), hello);
  EXPECT_TRUE(pair_.server.engine().output().empty());
  pair_.Run();
  EXPECT_TRUE(pair_.client.open());
  pair_.ExpectDataFlows();
}

TEST_P(Close, FollowsWhatWasWritten) {
  pair_.Handshake();
  const std::vector<uint8_t> data = Pattern(100000);
  pair_.client.Write(data);
  pair_.client.engine().Close();
  pair_.fragment = 999;
  pair_.Run();
  EXPECT_EQ(pair_.server.plaintext, data);
  EXPECT_TRUE(pair_.server.engine().peer_closed());
}

TEST_P(Close, LeavesTheOtherDirectionOpen) {
  pair_.Handshake();
  pair_.Run();
  pair_.client.engine().Close();
  pair_.Run();
  pair_.server.Write("the rest");
  pair_.Run();
  EXPECT_EQ(TextOf(pair_.client.plaintext), "the rest");
  EXPECT_TRUE(pair_.client.open());
}

TEST_P(Close, IsSentOnce) {
  pair_.Handshake();
  pair_.Run();
  pair_.client.engine().Close();
  const size_t size = pair_.client.engine().output().size();
  EXPECT_GT(size, 0u);
  pair_.client.engine().Close();
  EXPECT_EQ(pair_.client.engine().output().size(), size);
  EXPECT_TRUE(pair_.client.open());
}

TEST_P(Close, WaitsBehindPlaintextThatHasNoRoom) {
  pair_.Handshake();
  pair_.Run();
  pair_.server.room = 0;
  pair_.client.Write("unread");
  pair_.client.engine().Close();
  pair_.Run();
  EXPECT_FALSE(pair_.server.engine().peer_closed());
  pair_.server.room = 100;
  pair_.server.Settle();
  EXPECT_EQ(TextOf(pair_.server.plaintext), "unread");
  EXPECT_TRUE(pair_.server.engine().peer_closed());
}

TEST_P(Close, EndsWhatIsTakenIn) {
  pair_.Handshake();
  pair_.Run();
  pair_.client.engine().Close();
  std::vector<uint8_t> sent = pair_.client.TakeOutput();
  sent.insert(sent.end(), {'j', 'u', 'n', 'k'});
  pair_.server.Receive(sent);
  EXPECT_TRUE(pair_.server.engine().peer_closed());
  EXPECT_EQ(pair_.server.engine().backlog_size(), 0u);
  pair_.server.Receive(BytesOf("more junk"));
  EXPECT_EQ(pair_.server.engine().backlog_size(), 0u);
  EXPECT_FALSE(pair_.server.failed());
}

FOR_EACH_VERSION(Close);

}  // namespace

}  // namespace napi_tls::tls::test
