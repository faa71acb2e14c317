'use strict';

/** What the calls are given: right ones and wrong ones. */

const certs = require('../certs');

/** All that a fuzzed user throws. Whatever else comes out is a finding. */
class Thrown extends Error {}

const kGarbage = Buffer.from('\u0016\u0003\u0001\u0000\u0005garbage', 'latin1');

/** Values of the wrong type or range, for any argument. */
const strange = [
  () => undefined,
  () => null,
  () => 0,
  () => -1,
  () => 1.5,
  () => NaN,
  () => 2 ** 31,
  () => '',
  () => 'strange',
  () => 'x'.repeat(70_000),
  () => true,
  () => Symbol('strange'),
  () => 10n,
  () => ({}),
  () => [],
  () => () => {},
  () => new Map(),
  () => Object.create(null),
  () => Buffer.alloc(0),
  () => kGarbage,
  () => new Uint16Array(24),
  () => new DataView(new ArrayBuffer(48)),
  () => new Uint8Array(new SharedArrayBuffer(48)),
  () => detached(Buffer.alloc(48)),
  () => ({ context: {} }),
  () => ({ context: null }),
  () => new Error('strange'),
  () =>
    new Proxy(
      {},
      {
        get() {
          throw new Thrown('a getter');
        },
      },
    ),
];

/** Takes the memory of a buffer away. */
function detached(buffer) {
  structuredClone(buffer.buffer, { transfer: [buffer.buffer] });
  return buffer;
}

/** The stream that every party sends: which byte stands where is known to the receiver. */
const kPeriod = 89;
const kMaxWrite = 300_000;
const pattern = Buffer.alloc(kMaxWrite + kPeriod);
for (let i = 0; i < pattern.length; i++) pattern[i] = 33 + (i % kPeriod);

/** @returns {Buffer} `size` bytes of the stream from `position` on; not to be written to */
const streamAt = (position, size) => {
  const start = position % kPeriod;
  return pattern.subarray(start, start + size);
};

const kSizes = [0, 1, 10, 100, 1000, 4096, 5000, 16_384, 16_385, 65_536, 100_000, kMaxWrite];

/** Contexts for setKeyCert(), setSecureContext() and addContext(), and answers of an SNICallback. */
const identities = [
  certs.identity('p256'),
  certs.identity('ed25519'),
  { ...certs.identity('a'), ca: certs.ca, requestCert: true },
  { key: certs.read('p256-key.pem'), cert: certs.read('a-cert.pem') },
  { ...certs.identity('p256'), ciphers: 'none' },
  { ...certs.identity('p256'), ticketKeys: Buffer.alloc(48, 3) },
  { ca: certs.ca },
  {},
];

module.exports = { Thrown, detached, identities, kGarbage, kSizes, strange, streamAt };
