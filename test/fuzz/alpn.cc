// Lists of application protocols in their wire format, as users of both ends give them.
#include <algorithm>

#include "endpoint.h"

namespace napi_tls::tls::test::fuzz {

namespace {

std::vector<Input> Seeds() {
  std::vector<Input> seeds;
  for (const std::string& ours : {std::string("\x02h2\x08http/1.1"), std::string("\x01"),
                                  std::string("\x00\x02h2", 4), std::string("\xff")}) {
    for (const std::string& theirs :
         {std::string("\x02h2"), std::string("\x08http/1.1\x02h2"), std::string()}) {
      Input seed = BytesOf(ours + theirs).Copy();
      seed.push_back(static_cast<uint8_t>(ours.size()));
      seeds.push_back(seed);
    }
  }
  return seeds;
}

bool HasProtocol(Bytes list, const std::string& protocol) {
  for (size_t at = 0; at < list.size; at += 1 + list.data[at]) {
    const size_t size = std::min<size_t>(list.data[at], list.size - at - 1);
    if (TextOf({list.data + at + 1, list.data + at + 1 + size}) == protocol) return true;
  }
  return false;
}

FUZZ_TARGET(alpn, Seeds) {
  Reader reader(input);
  const size_t size = reader.Byte();
  const Input of_server = reader.Take(size).Copy();
  const Input of_client = reader.TakeRest().Copy();
  const uint16_t settings = kTls13;
  Endpoint client(Engine::Role::kClient, settings);
  Endpoint server(Engine::Role::kServer, settings);
  EXPECT_TRUE(server.engine().SetAlpnProtocols(of_server));
  const bool offered = client.engine().SetAlpnProtocols(of_client);
  server.Start();
  client.Start();
  server.Receive(client.TakeOutput());
  const std::optional<std::string> chosen = AlpnProtocol(server.engine());
  if (chosen) {
    EXPECT_TRUE(offered);
    EXPECT_TRUE(HasProtocol(of_server, *chosen));
    EXPECT_TRUE(HasProtocol(of_client, *chosen));
  }
  server.ExpectSane();
}

}  // namespace

}  // namespace napi_tls::tls::test::fuzz
