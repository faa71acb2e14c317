'use strict';

/** The encoding of TLS messages (RFC 8446, 3), for a peer that misbehaves on purpose. */

const number = (size) => (value) => {
  const bytes = Buffer.alloc(size);
  bytes.writeUIntBE(value, 0, size);
  return bytes;
};
const u8 = number(1);
const u16 = number(2);
const u24 = number(3);

const vector =
  (length) =>
  (...parts) => {
    const body = Buffer.concat(parts);
    return Buffer.concat([length(body.length), body]);
  };
/** Bytes behind their length, in one octet, two, or three. */
const vector8 = vector(u8);
const vector16 = vector(u16);
const vector24 = vector(u24);

/** A reader of what the functions above write. */
class Reader {
  #rest;

  constructor(bytes) {
    this.#rest = bytes;
  }

  get empty() {
    return this.#rest.length === 0;
  }

  bytes(size) {
    const taken = this.#rest.subarray(0, size);
    this.#rest = this.#rest.subarray(size);
    return taken;
  }

  number(size) {
    return this.bytes(size).readUIntBE(0, size);
  }

  vector(size) {
    return this.bytes(this.number(size));
  }
}

const ContentType = { changeCipherSpec: 20, alert: 21, handshake: 22, applicationData: 23 };

const HandshakeType = {
  helloRequest: 0,
  clientHello: 1,
  serverHello: 2,
  encryptedExtensions: 8,
  certificate: 11,
  serverKeyExchange: 12,
  certificateRequest: 13,
  serverHelloDone: 14,
  certificateVerify: 15,
  clientKeyExchange: 16,
  finished: 20,
  keyUpdate: 24,
  messageHash: 254,
};

const Extension = {
  serverName: 0,
  supportedGroups: 10,
  ecPointFormats: 11,
  signatureAlgorithms: 13,
  alpn: 16,
  preSharedKey: 41,
  earlyData: 42,
  supportedVersions: 43,
  cookie: 44,
  pskKeyExchangeModes: 45,
  keyShare: 51,
  renegotiationInfo: 0xff01,
  /** Nobody knows it. */
  unknown: 0xfafa,
};

const Cipher = {
  aes128GcmSha256: 0x1301,
  /** Off by default. */
  aes128Ccm8Sha256: 0x1305,
  ecdheEcdsaAes128GcmSha256: 0xc02b,
  ecdheEcdsaNullSha: 0xc006,
  emptyRenegotiationInfo: 0x00ff,
  fallback: 0x5600,
};

const Signature = {
  ecdsaSecp256r1Sha256: 0x0403,
  rsaPkcs1Sha1: 0x0201,
  rsaPkcs1Sha256: 0x0401,
  rsaPssSha256: 0x0804,
};

const Group = { secp256r1: 0x0017, secp384r1: 0x0018, x25519: 0x001d };

/** RFC 8446, 6. */
const alerts = {
  0: 'close_notify',
  10: 'unexpected_message',
  20: 'bad_record_mac',
  22: 'record_overflow',
  40: 'handshake_failure',
  42: 'bad_certificate',
  47: 'illegal_parameter',
  50: 'decode_error',
  51: 'decrypt_error',
  70: 'protocol_version',
  86: 'inappropriate_fallback',
  100: 'no_renegotiation',
  109: 'missing_extension',
  110: 'unsupported_extension',
  112: 'unrecognized_name',
  116: 'certificate_required',
  120: 'no_application_protocol',
};

/** @returns {Buffer} a list of extensions; `entries` are pairs of type and content */
const extensions = (entries) =>
  vector16(...entries.map(([type, content]) => Buffer.concat([u16(type), vector16(content)])));

/** @returns {Map<number, Buffer>} */
function readExtensions(reader) {
  const found = new Map();
  if (reader.empty) return found;
  const list = new Reader(reader.vector(2));
  while (!list.empty) found.set(list.number(2), list.vector(2));
  return found;
}

module.exports = {
  Cipher,
  ContentType,
  Extension,
  Group,
  HandshakeType,
  Reader,
  Signature,
  alerts,
  extensions,
  readExtensions,
  u8,
  u16,
  u24,
  vector8,
  vector16,
  vector24,
};
