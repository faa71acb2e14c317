'use strict';

const certs = require('../../certs');
const { only } = require('../../conformance/scene');
const { acceptances, data, meetServer, own } = require('./meet');
const records = require('./records');
const wire = require('./wire');

const { Cipher, ContentType, Extension, HandshakeType } = wire;
const { u8, u16, vector8, vector16 } = wire;

const tls12 = only('TLSv1.2');

acceptances('a server answers', meetServer, [
  [
    'a client without fault',
    {},
    async (peer) => {
      await peer.open13();
      peer.send(...data('hello'));
      peer.close();
    },
    { received: 'hello', error: undefined },
  ],
  [
    'a client without fault, over TLS 1.2',
    tls12,
    async (peer) => {
      await peer.open12();
      peer.send(...data('hello'));
      peer.close();
    },
    { received: 'hello', error: undefined },
  ],
  [
    'a certificate and its CertificateVerify',
    { requestCert: true, rejectUnauthorized: false, ca: certs.ca },
    async (peer) => {
      await peer.begin13();
      peer.certify(own);
      peer.finish13();
      peer.send(...data('hello'));
      peer.close();
    },
    { received: 'hello', error: undefined },
  ],
  [
    'extensions and cipher suites that nobody knows',
    {},
    async (peer) => {
      await peer.open13({
        ciphers: [0x8a8a, Cipher.aes128GcmSha256],
        add: [
          [Extension.unknown, Buffer.alloc(0)],
          [0x1234, Buffer.alloc(300)],
        ],
      });
      peer.close();
    },
    { error: undefined },
  ],
  [
    'a ClientHello in records of one byte',
    {},
    async (peer) => {
      const hello = peer.message(HandshakeType.clientHello, peer.clientHello('TLSv1.3'));
      peer.sendRaw(
        Buffer.concat(Array.from(hello, (byte) => peer.record(ContentType.handshake, u8(byte)))),
      );
      const { cipher } = await peer.serverHello();
      peer.end();
      return cipher;
    },
    { answer: Cipher.aes128GcmSha256 },
  ],
  [
    'a ClientHello that offers compression, without any',
    tls12,
    async (peer) => {
      const { compression } = await peer.open12({ compressions: [1, 0] });
      peer.close();
      return compression;
    },
    { answer: 0 },
  ],
  [
    'TLS_EMPTY_RENEGOTIATION_INFO_SCSV with an empty renegotiation_info',
    tls12,
    async (peer) => {
      const { extensions } = await peer.open12({
        ciphers: [Cipher.ecdheEcdsaAes128GcmSha256, Cipher.emptyRenegotiationInfo],
      });
      peer.close();
      return extensions.get(Extension.renegotiationInfo)?.toString('hex');
    },
    { answer: '00' },
  ],
  [
    'a client of TLS 1.2, with the mark of RFC 8446, 4.1.3, in its random',
    {},
    async (peer) => {
      const { random } = await peer.open12();
      peer.close();
      return random.subarray(24).toString('latin1');
    },
    { answer: 'DOWNGRD\x01' },
  ],
  [
    'a client of TLS 1.1, with the mark of RFC 8446, 4.1.3, in its random',
    { minVersion: 'TLSv1.1', ciphers: 'ALL:@SECLEVEL=0' },
    async (peer) => {
      peer.sendHello('TLSv1.2', { legacy: 0x0302, ciphers: [0xc009] });
      const { random, version } = await peer.serverHello();
      peer.end();
      return [version, random.subarray(24).toString('latin1')];
    },
    { answer: [0x0302, 'DOWNGRD\x00'] },
  ],
  [
    'a server that has no TLS 1.3, without that mark',
    tls12,
    async (peer) => {
      const { random } = await peer.open12();
      peer.close();
      return random.subarray(24, 31).toString('latin1') === 'DOWNGRD';
    },
    { answer: false },
  ],
  [
    'a renegotiation of a client that cannot do it securely',
    tls12,
    async (peer) => {
      await peer.open12();
      peer.sendHello('TLSv1.2');
    },
    { alert: 'no_renegotiation', error: undefined },
  ],
  [
    'TLS_FALLBACK_SCSV where there is nothing higher',
    tls12,
    async (peer) => {
      const ciphers = [Cipher.ecdheEcdsaAes128GcmSha256, Cipher.fallback];
      const { cipher } = await peer.open12({ ciphers });
      peer.close();
      return cipher;
    },
    { answer: Cipher.ecdheEcdsaAes128GcmSha256 },
  ],
  [
    'early data, which it skips',
    {},
    async (peer) => {
      const identity = Buffer.concat([vector16(Buffer.alloc(100, 1)), Buffer.alloc(4)]);
      const binders = vector16(vector8(Buffer.alloc(32, 2)));
      const started = peer.begin13({
        add: [
          [Extension.earlyData, Buffer.alloc(0)],
          [45, vector8(u8(1))],
          [41, Buffer.concat([vector16(identity), binders])],
        ],
      });
      peer.sendRaw(Buffer.concat([u8(23), u16(0x0303), vector16(Buffer.alloc(200, 3))]));
      await started;
      peer.finish13();
      peer.send(...data('late'));
      peer.close();
    },
    { received: 'late', error: undefined },
  ],
  ...records.accepted,
]);
