// PFX files. The first half of the inputs goes in as it is; the MAC of the others is made again, so
// that what it protects is read too.
#include <openssl/pkcs12.h>

#include "endpoint.h"
#include "iterations.h"

namespace napi_tls::tls::test::fuzz {

namespace {

const std::string kPassphrase = "passphrase";

std::vector<Input> Seeds() {
  std::vector<Input> seeds;
  for (const char* passphrase : {"", kPassphrase.c_str()}) {
    const std::string file = Certificates().server.Pkcs12(passphrase);
    for (const uint16_t again : {0, 1}) seeds.push_back(WithWord(BytesOf(file).Copy(), again));
  }
  return seeds;
}

Input WithNewMac(Bytes der) {
  const openssl::ClearErrorOnReturn clear;
  const unsigned char* data = der.data;
  const openssl::PKCS12Pointer file(
      d2i_PKCS12(nullptr, &data, static_cast<long>(der.size)));  // NOLINT(runtime/int)
  if (!file || PKCS12_set_mac(file.get(), kPassphrase.c_str(), -1, nullptr, 0, 1, nullptr) != 1) {
    return der.Copy();
  }
  const int size = i2d_PKCS12(file.get(), nullptr);
  if (size <= 0) return der.Copy();
  Input made(static_cast<size_t>(size));
  uint8_t* out = made.data();
  i2d_PKCS12(file.get(), &out);
  return made;
}

FUZZ_TARGET(pfx, Seeds) {
  Reader reader(input);
  const bool again = reader.Word() % 2 == 1;
  const Bytes given = reader.TakeRest();
  if (HasManyIterations(given)) return;
  const Input file = again ? WithNewMac(given) : given.Copy();
  for (const std::optional<Bytes> passphrase :
       {std::optional<Bytes>(), std::optional<Bytes>(BytesOf(kPassphrase))}) {
    const ContextPointer context = NewContext(0);
    Status status = context->LoadPKCS12(file, passphrase);
    if (!status.ok()) {
      EXPECT_FALSE(status.error().message.empty());
    }
  }
}

}  // namespace

}  // namespace napi_tls::tls::test::fuzz
