// One end of a connection, and whatever the other may send to it: bytes, beginning with those of
// recorded connections.
#include "endpoint.h"

namespace napi_tls::tls::test::fuzz {

namespace {

using Role = Engine::Role;

std::vector<Input> RecordedSeeds(Input Recording::*sent) {
  std::vector<Input> seeds;
  for (const uint16_t settings : RecordedSettings()) {
    seeds.push_back(WithWord(Record(settings).*sent, settings));
  }
  return seeds;
}

void Run(Role role, Bytes input) {
  Reader reader(input);
  Endpoint end(role, reader.Word());
  end.Start();
  end.Receive(reader.TakeRest());
  end.Look();
  end.ExpectSane();
}

std::vector<Input> ServerSeeds() { return RecordedSeeds(&Recording::from_client); }
FUZZ_TARGET(server, ServerSeeds) { Run(Role::kServer, input); }

std::vector<Input> ClientSeeds() { return RecordedSeeds(&Recording::from_server); }
FUZZ_TARGET(client, ClientSeeds) { Run(Role::kClient, input); }

}  // namespace

}  // namespace napi_tls::tls::test::fuzz
