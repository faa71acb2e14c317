#include "fuzz.h"

#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>

#include "deterministic.h"
#include "endpoint.h"

// The entry points of libFuzzer. The environment variable FUZZ_TARGET names the target. With
// FUZZ_SEEDS, the inputs to begin with are written to that directory, and nothing is run.
namespace napi_tls::tls::test::fuzz {

namespace {

std::vector<Target>& Targets() {
  static std::vector<Target> targets;
  return targets;
}

const Target* chosen = nullptr;

void Choose() {
  const char* name = std::getenv("FUZZ_TARGET");
  for (const Target& target : Targets()) {
    if (name != nullptr && strcmp(name, target.name) == 0) chosen = &target;
  }
  if (chosen != nullptr) return;
  // For run.sh, which runs them all.
  for (const Target& target : Targets()) std::printf("%s\n", target.name);
  std::exit(name == nullptr ? 0 : 2);
}

void WriteSeeds(const std::string& directory) {
  const std::vector<Input> seeds = chosen->seeds();
  for (size_t i = 0; i < seeds.size(); ++i) {
    std::ofstream file(directory + "/" + std::to_string(i), std::ios::binary);
    file.write(reinterpret_cast<const char*>(seeds[i].data()),
               static_cast<std::streamsize>(seeds[i].size()));
  }
}

}  // namespace

Target::Target(const char* name, Run run, Seeds seeds) : name(name), run(run), seeds(seeds) {
  // One that is being copied into the list is not to be listed again.
  Targets().push_back(*this);
}

extern "C" int LLVMFuzzerInitialize(int*, char***) {
  Choose();
  // A failed expectation ends the process, which libFuzzer takes for a finding.
  GTEST_FLAG_SET(throw_on_failure, true);
  UseDeterministicRandom();
  PrepareEndpoints();
  if (const char* directory = std::getenv("FUZZ_SEEDS")) {
    WriteSeeds(directory);
    std::exit(0);
  }
  return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  RestartRandom();
  chosen->run({data, size});
  return 0;
}

}  // namespace napi_tls::tls::test::fuzz
