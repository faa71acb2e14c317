#include <openssl/err.h>

#include <thread>

#include "harness.h"
#include "openssl/error.h"
#include "tls/output_queue.h"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
// Of sanitizer/allocator_interface.h, which not every compiler is packed with.
extern "C" size_t __sanitizer_get_current_allocated_bytes();
#elif defined(__GLIBC__)
#include <malloc.h>
#endif

// The parts that an Engine is made of, and what it leaves behind.
namespace napi_tls::tls::test {

namespace {

// Bytes that are allocated now, where that can be known.
std::optional<size_t> AllocatedBytes() {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  return __sanitizer_get_current_allocated_bytes();
#elif defined(__GLIBC__)
  return mallinfo2().uordblks;
#else
  return std::nullopt;
#endif
}

void Raise(int library, int reason) { ERR_raise(library, reason); }

TEST(OutputQueue, GivesWhatWasAppended) {
  OutputQueue queue;
  EXPECT_TRUE(queue.empty());
  EXPECT_EQ(queue.size(), 0u);
  EXPECT_TRUE(queue.Take().empty());
  queue.Append({});
  EXPECT_TRUE(queue.empty());
  queue.Append(BytesOf("one"));
  queue.Append(BytesOf("two"));
  EXPECT_EQ(TextOf(queue.bytes().Copy()), "onetwo");
  queue.Consume(4);
  EXPECT_EQ(TextOf(queue.bytes().Copy()), "wo");
  EXPECT_EQ(queue.size(), 2u);
  queue.Append(BytesOf("three"));
  EXPECT_EQ(TextOf(queue.Take()), "wothree");
  EXPECT_TRUE(queue.empty());
}

TEST(OutputQueue, IsEmptyAfterTheLastByte) {
  OutputQueue queue;
  for (int i = 0; i < 3; ++i) {
    queue.Append(BytesOf("bytes"));
    queue.Consume(2);
    queue.Consume(3);
    EXPECT_TRUE(queue.empty());
    EXPECT_EQ(queue.bytes().size, 0u);
  }
  queue.Append(BytesOf("bytes"));
  queue.Clear();
  EXPECT_TRUE(queue.empty());
}

TEST(OutputQueue, SharesABlockButNoBytes) {
  OutputQueue first;
  OutputQueue second;
  const std::vector<uint8_t> pattern = Pattern(100000);
  for (int i = 0; i < 3; ++i) {
    first.Append(pattern);
    second.Append(BytesOf("second"));
    EXPECT_EQ(first.Take(), pattern);
    first.Append(BytesOf("first"));
    EXPECT_EQ(TextOf(second.Take()), "second");
    EXPECT_EQ(TextOf(first.bytes().Copy()), "first");
    first.Consume(5);
  }
  first.Append(Pattern(2 * 1024 * 1024));
  first.Consume(2 * 1024 * 1024);
  EXPECT_TRUE(first.empty());
}

TEST(ErrorOfTheQueue, HasTheOldestEntryAndTheOthersBehindIt) {
  Raise(ERR_LIB_PEM, 108 /* PEM_R_NO_START_LINE */);
  Raise(ERR_LIB_X509, 116 /* X509_R_KEY_VALUES_MISMATCH */);
  Raise(ERR_LIB_SSL, 185 /* SSL_R_NO_CIPHER_MATCH */);
  const Error error = Error::FromQueue("not used");
  EXPECT_EQ(error.message, "error:0480006C:PEM routines::no start line");
  EXPECT_EQ(error.code, "ERR_OSSL_PEM_NO_START_LINE");
  EXPECT_EQ(error.library, "PEM routines");
  EXPECT_EQ(error.reason, "no start line");
  EXPECT_EQ(error.type, Error::Type::kError);
  ASSERT_EQ(error.stack.size(), 2u);
  EXPECT_EQ(error.stack[0], "error:0A0000B9:SSL routines::no cipher match");
  EXPECT_EQ(error.stack[1], "error:05800074:x509 certificate routines::key values mismatch");
  EXPECT_EQ(ERR_peek_error(), 0u);
}

TEST(ErrorOfTheQueue, HasACodeOfItsLibrary) {
  Raise(ERR_LIB_SSL, 185);
  EXPECT_EQ(Error::FromQueue(nullptr).code, "ERR_SSL_NO_CIPHER_MATCH");
  Raise(ERR_LIB_PROV, 100 /* PROV_R_BAD_DECRYPT */);
  EXPECT_EQ(Error::FromQueue(nullptr).code, "ERR_OSSL_BAD_DECRYPT");
}

TEST(ErrorOfTheQueue, CanBeBare) {
  Raise(ERR_LIB_PEM, 108);
  const Error error = Error::FromQueueBare("not used");
  EXPECT_EQ(error.message, "error:0480006C:PEM routines::no start line");
  EXPECT_EQ(error.code, "");
  EXPECT_EQ(error.library, "");
  EXPECT_EQ(error.reason, "");
}

TEST(ErrorOfTheQueue, FallsBackWhenThereIsNone) {
  ERR_clear_error();
  EXPECT_EQ(Error::FromQueue("fallback").message, "fallback");
  EXPECT_EQ(Error::FromQueue("fallback").code, "");
  EXPECT_EQ(Error::FromQueue(nullptr).message, "error:00000000:lib(0)::reason(0)");
  EXPECT_EQ(Error::FromConnection("fallback").message, "fallback");
  EXPECT_EQ(Error::FromConnection("fallback").code, "");
  EXPECT_EQ(Error::Reason("fallback").message, "fallback");
  EXPECT_EQ(Error::Printed("fallback").message, "fallback");
}

TEST(ErrorOfAConnection, IsPrintedAndAlwaysOfSsl) {
  Raise(ERR_LIB_PEM, 108);
  Raise(ERR_LIB_SSL, 185);
  const Error error = Error::FromConnection("not used");
  EXPECT_EQ(error.code, "ERR_SSL_NO_START_LINE");
  EXPECT_EQ(error.library, "PEM routines");
  EXPECT_EQ(error.reason, "no start line");
  EXPECT_NE(error.message.find(":error:0480006C:PEM routines:"), std::string::npos);
  EXPECT_EQ(error.message.back(), '\n');
  EXPECT_EQ(error.message.find("cipher"), std::string::npos);
  EXPECT_EQ(ERR_peek_error(), 0u);
}

TEST(ErrorOfACall, NeedsNoQueue) {
  Raise(ERR_LIB_PEM, 108);
  EXPECT_EQ(Error::Reason("not used").message, "no start line");
  Raise(ERR_LIB_PEM, 108);
  const Error operation = Error::Operation("It failed");
  EXPECT_EQ(operation.message, "It failed");
  EXPECT_EQ(operation.code, "ERR_CRYPTO_OPERATION_FAILED");
  EXPECT_EQ(ERR_peek_error(), 0u);
  const Error invalid = Error::Invalid("ERR_CODE", "It is invalid");
  EXPECT_EQ(invalid.type, Error::Type::kTypeError);
  EXPECT_EQ(invalid.code, "ERR_CODE");
  Raise(ERR_LIB_PEM, 108);
  { openssl::ClearErrorOnReturn clear; }
  EXPECT_EQ(ERR_peek_error(), 0u);
}

TEST(Memory, IsAllReturnedByConnections) {
  ContextPointer client = ClientContext(0);
  ContextPointer server = ServerContext(0);
  const auto connections = [&](int count) {
    for (int i = 0; i < count; ++i) {
      Pair pair(client, server);
      pair.client.engine().EnableSessionEvents();
      pair.Handshake();
      pair.ExpectDataFlows();
      pair.client.Write(Pattern(20000));  // is never sent
    }
  };
  connections(500);
  const std::optional<size_t> before = AllocatedBytes();
  if (!before) GTEST_SKIP() << "the allocator does not say";
  connections(1000);
  // Less than any object of ours; allocators count what they keep for themselves.
  EXPECT_LT(*AllocatedBytes(), *before + 100 * 1000);
}

TEST(Threads, ShareAServerContextWhoseTicketKeysChange) {
  Certificates();
  ContextPointer server = ServerContext(0);
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&server] {
      ContextPointer client = ClientContext(0);
      for (int round = 0; round < 20; ++round) {
        Pair first(client, server);
        const std::vector<uint8_t> session = SessionOf(&first);
        Pair second(client, server);
        second.client.engine().SetSession(session);
        second.Handshake();
        second.ExpectDataFlows();
      }
    });
  }
  for (int round = 0; round < 200; ++round) {
    server->ticket_keys().Set(Pattern(TicketKeys::kSize));
    std::this_thread::yield();
  }
  for (std::thread& thread : threads) thread.join();
}

}  // namespace

}  // namespace napi_tls::tls::test
