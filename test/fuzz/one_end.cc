// One end of a connection, and whatever the other may send to it: bytes, beginning with those of
// recorded connections.
#include "endpoint.h"

namespace napi_tls::tls::test::fuzz {

namespace {

using Role = Engine::Role;

// Whether the connection is open in the end.
bool Run(Role role, Bytes input) {
  Reader reader(input);
  Endpoint end(role, reader.Word());
  end.Start();
  end.Receive(reader.TakeRest());
  end.Look();
  end.ExpectSane();
  return end.peer().open();
}

std::vector<Input> RecordedSeeds(Role role, Input Recording::*sent) {
  std::vector<Input> seeds;
  for (const uint16_t settings : RecordedSettings()) {
    seeds.push_back(WithWord(Record(settings).*sent, settings));
    RestartRandom();
    EXPECT_TRUE(Run(role, seeds.back())) << "a recording has to replay to its end: " << settings;
  }
  return seeds;
}

std::vector<Input> ServerSeeds() { return RecordedSeeds(Role::kServer, &Recording::from_client); }
FUZZ_TARGET(server, ServerSeeds) { Run(Role::kServer, input); }

std::vector<Input> ClientSeeds() { return RecordedSeeds(Role::kClient, &Recording::from_server); }
FUZZ_TARGET(client, ClientSeeds) { Run(Role::kClient, input); }

}  // namespace

}  // namespace napi_tls::tls::test::fuzz
