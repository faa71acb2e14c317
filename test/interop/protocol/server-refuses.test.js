'use strict';

const assert = require('node:assert/strict');
const certs = require('../../certs');
const { only } = require('../../conformance/scene');
const { list16 } = require('./client-peer');
const { data, meetServer, own, refusals } = require('./meet');
const records = require('./records');
const wire = require('./wire');

const { Cipher, ContentType, Extension, Group, HandshakeType, Signature } = wire;
const { u8, vector8, vector16 } = wire;

const serverName = (...names) =>
  vector16(...names.map(([type, name]) => Buffer.concat([u8(type), vector16(Buffer.from(name))])));
const tls12 = only('TLSv1.2');

refusals('a server refuses', meetServer, [
  [
    'a Finished that is wrong',
    {},
    async (peer) => {
      await peer.begin13();
      peer.finish13({ spoil: true });
    },
    'decrypt_error',
  ],
  [
    'a Finished that is wrong, over TLS 1.2',
    tls12,
    async (peer) => {
      await peer.begin12();
      peer.finish12({ spoil: true });
    },
    'decrypt_error',
  ],
  [
    'a CertificateVerify that is wrong',
    { requestCert: true, ca: certs.ca },
    async (peer) => {
      assert.equal(await peer.begin13(), true);
      peer.certify({ ...own, spoil: true });
      peer.finish13();
    },
    'decrypt_error',
  ],
  [
    'a CertificateVerify with an algorithm that TLS 1.3 has not',
    { requestCert: true, ca: certs.ca },
    async (peer) => {
      await peer.begin13();
      peer.certify({ ...own, algorithm: Signature.rsaPkcs1Sha256 });
    },
    'illegal_parameter',
  ],
  [
    'a CertificateVerify with an algorithm that was not offered',
    {
      ...certs.identity('rsa'),
      sigalgs: 'rsa_pss_rsae_sha256',
      requestCert: true,
      ca: certs.ca,
    },
    async (peer) => {
      const replace = { [Extension.signatureAlgorithms]: list16(Signature.rsaPssSha256) };
      await peer.begin13({ replace });
      peer.certify(own);
    },
    'handshake_failure',
  ],
  [
    'a Finished where a certificate is due',
    { requestCert: true, ca: certs.ca },
    async (peer) => {
      await peer.begin13();
      peer.finish13();
    },
    'unexpected_message',
  ],
  [
    'no cipher suite in common',
    {},
    (peer) => peer.sendHello('TLSv1.3', { ciphers: [Cipher.aes128Ccm8Sha256] }),
    'handshake_failure',
  ],
  [
    'only cipher suites without encryption',
    tls12,
    (peer) => peer.sendHello('TLSv1.2', { ciphers: [Cipher.ecdheEcdsaNullSha] }),
    'handshake_failure',
  ],
  [
    'no signature algorithm in common',
    {},
    (peer) =>
      peer.sendHello('TLSv1.3', {
        replace: { [Extension.signatureAlgorithms]: list16(Signature.rsaPkcs1Sha1) },
      }),
    'handshake_failure',
  ],
  [
    'no signature algorithms at all',
    {},
    (peer) =>
      peer.sendHello('TLSv1.3', { replace: { [Extension.signatureAlgorithms]: undefined } }),
    'missing_extension',
  ],
  [
    'TLS_FALLBACK_SCSV below what it supports',
    {},
    (peer) =>
      peer.sendHello('TLSv1.2', {
        ciphers: [Cipher.ecdheEcdsaAes128GcmSha256, Cipher.fallback],
      }),
    'inappropriate_fallback',
  ],
  [
    'a version that is too old',
    {},
    (peer) => peer.sendHello('TLSv1.2', { legacy: 0x0302 }),
    'protocol_version',
  ],
  [
    'compression in TLS 1.3',
    {},
    (peer) => peer.sendHello('TLSv1.3', { compressions: [0, 1] }),
    'illegal_parameter',
  ],
  [
    'nothing but compression',
    tls12,
    (peer) => peer.sendHello('TLSv1.2', { compressions: [1] }),
    ['decode_error', 'illegal_parameter'],
  ],
  [
    'an initial renegotiation_info that is not empty',
    tls12,
    (peer) =>
      peer.sendHello('TLSv1.2', {
        add: [[Extension.renegotiationInfo, vector8(Buffer.alloc(12))]],
      }),
    'handshake_failure',
  ],
  [
    'an extension twice',
    {},
    (peer) =>
      peer.sendHello('TLSv1.3', {
        add: [[Extension.supportedGroups, list16(Group.x25519)]],
      }),
    'illegal_parameter',
  ],
  [
    'an empty list of ALPN protocols',
    { ALPNProtocols: ['a'] },
    (peer) => peer.sendHello('TLSv1.3', { add: [[Extension.alpn, vector16()]] }),
    'decode_error',
  ],
  [
    'an empty ALPN protocol',
    { ALPNProtocols: ['a'] },
    (peer) =>
      peer.sendHello('TLSv1.3', { add: [[Extension.alpn, vector16(vector8(), vector8(u8(97)))]] }),
    'decode_error',
  ],
  [
    'no ALPN protocol in common',
    { ALPNProtocols: ['a'] },
    (peer) => peer.sendHello('TLSv1.3', { add: [[Extension.alpn, vector16(vector8(u8(98)))]] }),
    'no_application_protocol',
  ],
  ...[
    ['no server name in the list', serverName(), 'decode_error'],
    ['a server name with a NUL', serverName([0, 'a\0b']), ['unrecognized_name', 'decode_error']],
    [
      'a server name of 256 letters',
      serverName([0, 'a'.repeat(256)]),
      ['unrecognized_name', 'decode_error'],
    ],
    ['two server names', serverName([0, 'a'], [0, 'b']), 'decode_error'],
    ['a server name of another type', serverName([1, 'a']), 'decode_error'],
    ['a server name that is cut', Buffer.from([0, 9, 0, 0, 6, 97]), 'decode_error'],
  ].map(([title, content, alert]) => [
    title,
    {},
    (peer) => peer.sendHello('TLSv1.3', { add: [[Extension.serverName, content]] }),
    alert,
  ]),
  [
    'a ChangeCipherSpec before anything else',
    {},
    (peer) => peer.changeCipherSpec(),
    'unexpected_message',
  ],
  [
    'a ChangeCipherSpec of another form',
    {},
    async (peer) => {
      await peer.begin13();
      peer.writing = null;
      peer.send(ContentType.changeCipherSpec, u8(2));
    },
    ['illegal_parameter', 'unexpected_message'],
  ],
  [
    'a ChangeCipherSpec after the handshake',
    {},
    async (peer) => {
      await peer.open13();
      peer.writing = null;
      peer.changeCipherSpec();
    },
    'unexpected_message',
  ],
  [
    'a ChangeCipherSpec before the keys are agreed on, over TLS 1.2',
    tls12,
    async (peer) => {
      peer.sendHello('TLSv1.2');
      await peer.serverHello();
      peer.changeCipherSpec();
    },
    'unexpected_message',
  ],
  [
    'data before its Finished',
    {},
    async (peer) => {
      await peer.begin13();
      peer.send(...data('early'));
    },
    'unexpected_message',
  ],
  [
    'data between the parts of a message',
    {},
    async (peer) => {
      await peer.begin13();
      const finished = peer.message(HandshakeType.finished, peer.verifyData13('client'));
      peer.send(ContentType.handshake, finished.subarray(0, 10));
      peer.send(...data('between'));
      peer.send(ContentType.handshake, finished.subarray(10));
    },
    'unexpected_message',
  ],
  [
    'a second ClientHello in TLS 1.3',
    {},
    async (peer) => {
      await peer.open13();
      peer.sendHello('TLSv1.3');
    },
    'unexpected_message',
  ],
  [
    'a KeyUpdate of another form',
    {},
    async (peer) => {
      await peer.open13();
      peer.sendMessage(HandshakeType.keyUpdate, u8(2));
    },
    'illegal_parameter',
  ],
  [
    'a second ClientHello that again has no share',
    {},
    async (peer) => {
      const replace = { [Extension.keyShare]: vector16() };
      peer.sendHello('TLSv1.3', { replace });
      await peer.serverHello();
      peer.sendHello('TLSv1.3', { replace });
    },
    'illegal_parameter',
  ],
  [
    'a second ClientHello with other cipher suites',
    {},
    async (peer) => {
      peer.sendHello('TLSv1.3', { replace: { [Extension.keyShare]: vector16() } });
      await peer.serverHello();
      peer.sendHello('TLSv1.3', { ciphers: [0x1303] });
    },
    'illegal_parameter',
  ],
  [
    'a record without a content type',
    {},
    async (peer) => {
      await peer.open13();
      peer.send(0, Buffer.alloc(20));
    },
    'unexpected_message',
  ],
  [
    'an empty handshake record',
    {},
    async (peer) => {
      await peer.begin13();
      peer.send(ContentType.handshake, Buffer.alloc(0));
    },
    'unexpected_message',
  ],
  [
    'a renegotiation with the verify_data of another',
    tls12,
    async (peer) => {
      await peer.open12({ add: [[Extension.renegotiationInfo, vector8()]] });
      const info = [Extension.renegotiationInfo, vector8(Buffer.alloc(12))];
      peer.sendHello('TLSv1.2', { add: [info] });
    },
    'handshake_failure',
  ],
  [
    'a renegotiation without renegotiation_info',
    tls12,
    async (peer) => {
      await peer.open12({ add: [[Extension.renegotiationInfo, vector8()]] });
      peer.sendHello('TLSv1.2');
    },
    'handshake_failure',
  ],
  ...records.refused,
]);
