#include "der.h"

#include <openssl/ssl.h>

#include <ctime>

namespace napi_tls::tls::test::fuzz {

namespace {

constexpr uint8_t kInteger = 0x02;
constexpr uint8_t kOctetString = 0x04;
constexpr uint8_t kSequence = 0x30;
constexpr uint8_t kExplicit = 0xa0;

Input Integer(uint32_t value) {
  Input bytes = {0};  // never negative
  for (int shift = 24; shift >= 0; shift -= 8) {
    const auto byte = static_cast<uint8_t>(value >> shift);
    if (byte != 0 || bytes.size() > 1 || shift == 0) bytes.push_back(byte);
  }
  if (bytes.size() > 1 && bytes[1] < 0x80) bytes.erase(bytes.begin());
  return Der(kInteger, {bytes});
}

Input OctetString(Bytes bytes) { return Der(kOctetString, {bytes.Copy()}); }

}  // namespace

Input Der(uint8_t tag, const std::vector<Input>& parts) {
  size_t size = 0;
  for (const Input& part : parts) size += part.size();
  Input der = {tag};
  if (size < 0x80) {
    der.push_back(static_cast<uint8_t>(size));
  } else {
    der.insert(der.end(), {0x83, static_cast<uint8_t>(size >> 16), static_cast<uint8_t>(size >> 8),
                           static_cast<uint8_t>(size)});
  }
  for (const Input& part : parts) der.insert(der.end(), part.begin(), part.end());
  return der;
}

Input SessionDer(int version, Bytes certificate, Bytes ticket) {
  const bool old = version <= TLS1_2_VERSION;
  const Input cipher = old ? Input{0xc0, 0x2b} : Input{0x13, 0x01};
  std::vector<Input> fields = {
      Integer(1),
      Integer(static_cast<uint32_t>(version)),
      OctetString(cipher),
      OctetString(Input(32, 'i')),             // the id
      OctetString(Input(old ? 48 : 32, 'k')),  // the secret
      Der(kExplicit | 1, {Integer(static_cast<uint32_t>(time(nullptr)))}),
      Der(kExplicit | 2, {Integer(300)}),  // the lifetime
  };
  if (certificate.size > 0) fields.push_back(Der(kExplicit | 3, {certificate.Copy()}));
  if (ticket.size > 0) {
    fields.push_back(Der(kExplicit | 9, {Integer(300)}));
    fields.push_back(Der(kExplicit | 10, {OctetString(ticket)}));
  }
  return Der(kSequence, fields);
}

}  // namespace napi_tls::tls::test::fuzz
