'use strict';

const { only } = require('../../conformance/scene');
const { data, meetClient, refusals } = require('./meet');
const records = require('./records');
const wire = require('./wire');

const { Cipher, ContentType, Extension, Group, HandshakeType, Signature } = wire;
const { u8, vector8, vector16 } = wire;

const tls12 = only('TLSv1.2');

/** The messages of a TLS 1.3 server, of which some are as `parts` has them. */
async function speak13(peer, parts) {
  const steps = {
    hello: () => peer.serverHello13(),
    extensions: () => peer.encryptedExtensions(),
    certificate: () => peer.certificate13(),
    verify: () => peer.certificateVerify(),
    finished: () => peer.finish13(),
  };
  await peer.clientHello();
  for (const step of Object.values({ ...steps, ...parts })) step();
}

refusals('a client refuses', meetClient, [
  [
    'a Finished that is wrong',
    {},
    (peer) => speak13(peer, { finished: () => peer.finish13({ spoil: true }) }),
    'decrypt_error',
  ],
  [
    'a CertificateVerify that is wrong',
    {},
    (peer) => speak13(peer, { verify: () => peer.certificateVerify({ spoil: true }) }),
    'decrypt_error',
  ],
  [
    'a Finished that is wrong, over TLS 1.2',
    tls12,
    async (peer) => {
      await peer.clientHello();
      peer.serverHello12();
      peer.flight12();
      await peer.finish12({ spoil: true });
    },
    'decrypt_error',
  ],
  [
    'a ServerKeyExchange with a wrong signature, over TLS 1.2',
    tls12,
    async (peer) => {
      await peer.clientHello();
      peer.serverHello12();
      peer.flight12({ spoil: true });
    },
    'decrypt_error',
  ],
  [
    'a ServerKeyExchange with an algorithm that was not offered, over TLS 1.2',
    { ...tls12, sigalgs: 'ecdsa_secp384r1_sha384' },
    async (peer) => {
      await peer.clientHello();
      peer.serverHello12();
      peer.flight12();
    },
    'handshake_failure',
  ],
  [
    'a CertificateVerify that a client could have signed',
    {},
    (peer) => speak13(peer, { verify: () => peer.certificateVerify({ side: 'client' }) }),
    'decrypt_error',
  ],
  [
    'a CertificateVerify with an algorithm that TLS 1.3 has not',
    {},
    (peer) =>
      speak13(peer, {
        verify: () => peer.certificateVerify({ algorithm: Signature.rsaPkcs1Sha256 }),
      }),
    'illegal_parameter',
  ],
  [
    'a CertificateVerify with an algorithm that was not offered',
    { sigalgs: 'ecdsa_secp384r1_sha384' },
    (peer) => speak13(peer),
    'handshake_failure',
  ],
  ['no CertificateVerify', {}, (peer) => speak13(peer, { verify: () => {} }), 'unexpected_message'],
  [
    'neither a certificate nor a pre-shared key',
    {},
    (peer) => speak13(peer, { certificate: () => {}, verify: () => {} }),
    'unexpected_message',
  ],
  [
    'no certificate',
    {},
    (peer) => speak13(peer, { certificate: () => peer.certificate13([]) }),
    'decode_error',
  ],
  ...[
    ['a cipher suite that was not offered', { cipher: Cipher.aes128Ccm8Sha256 }],
    ['a cipher suite of TLS 1.2', { cipher: Cipher.ecdheEcdsaAes128GcmSha256 }],
    ['compression', { compression: 1 }],
    ['another session id', { sessionId: Buffer.alloc(32) }],
    ['a share of a group that was not offered', { group: Group.secp384r1 }],
  ].map(([title, change]) => [
    title,
    {},
    (peer) => speak13(peer, { hello: () => peer.serverHello13(change) }),
    'illegal_parameter',
  ]),
  [
    'an extension in the ServerHello that was not offered',
    {},
    (peer) =>
      speak13(peer, {
        hello: () => peer.serverHello13({ add: [[Extension.cookie, vector16(u8(1))]] }),
      }),
    'illegal_parameter',
  ],
  ...[
    ['early data that was not offered', [[Extension.earlyData, Buffer.alloc(0)]]],
    ['ALPN that was not offered', [[Extension.alpn, vector16(vector8(u8(97)))]]],
  ].map(([title, entries]) => [
    title,
    {},
    (peer) => speak13(peer, { extensions: () => peer.encryptedExtensions(entries) }),
    'unsupported_extension',
  ]),
  ...[
    ['no ALPN protocol', vector16()],
    ['two ALPN protocols', vector16(vector8(u8(97)), vector8(u8(97)))],
  ].map(([title, content]) => [
    title,
    { ALPNProtocols: ['a'] },
    (peer) =>
      speak13(peer, {
        extensions: () => peer.encryptedExtensions([[Extension.alpn, content]]),
      }),
    'decode_error',
  ]),
  [
    'an ALPN protocol that was not offered',
    { ALPNProtocols: ['a'] },
    (peer) =>
      speak13(peer, {
        extensions: () => peer.encryptedExtensions([[Extension.alpn, vector16(vector8(u8(98)))]]),
      }),
    'decode_error',
  ],
  [
    'two HelloRetryRequests',
    { ecdhCurve: 'X25519:P-384' },
    async (peer) => {
      await peer.clientHello();
      peer.retry(Group.secp384r1);
      await peer.clientHello();
      peer.retry(Group.secp384r1);
    },
    'unexpected_message',
  ],
  [
    'a HelloRetryRequest for the share that it has',
    { ecdhCurve: 'X25519:P-384' },
    async (peer) => {
      await peer.clientHello();
      peer.retry(Group.x25519);
    },
    'illegal_parameter',
  ],
  [
    'a HelloRetryRequest for a group that was not offered',
    { ecdhCurve: 'X25519' },
    async (peer) => {
      await peer.clientHello();
      peer.retry(Group.secp384r1);
    },
    'illegal_parameter',
  ],
  [
    'TLS 1.2 with the mark of RFC 8446, 4.1.3',
    {},
    async (peer) => {
      await peer.clientHello();
      peer.random.write('DOWNGRD\x01', 24, 'latin1');
      peer.serverHello12();
    },
    'illegal_parameter',
  ],
  [
    'TLS 1.1',
    {},
    async (peer) => {
      await peer.clientHello();
      peer.serverHello12({ version: 0x0302 });
    },
    'protocol_version',
  ],
  [
    'no secure renegotiation',
    tls12,
    async (peer) => {
      await peer.clientHello();
      peer.serverHello12({ add: [] });
    },
    'handshake_failure',
  ],
  [
    'an initial renegotiation_info that is not empty',
    tls12,
    async (peer) => {
      await peer.clientHello();
      peer.serverHello12({ add: [[Extension.renegotiationInfo, vector8(Buffer.alloc(12))]] });
    },
    'illegal_parameter',
  ],
  ...[
    ['compression, over TLS 1.2', { compression: 1 }, 'illegal_parameter'],
    [
      'a cipher suite that was not offered, over TLS 1.2',
      { cipher: Cipher.ecdheEcdsaNullSha },
      'illegal_parameter',
    ],
    [
      'an extension that was not offered, over TLS 1.2',
      {
        add: [
          [Extension.renegotiationInfo, vector8()],
          [Extension.alpn, vector16(vector8(u8(97)))],
        ],
      },
      'unsupported_extension',
    ],
  ].map(([title, change, alert]) => [
    title,
    tls12,
    async (peer) => {
      await peer.clientHello();
      peer.serverHello12(change);
    },
    alert,
  ]),
  [
    'a ChangeCipherSpec of another form',
    {},
    async (peer) => {
      await peer.clientHello();
      peer.send(ContentType.changeCipherSpec, u8(2));
    },
    'unexpected_message',
  ],
  [
    'a ChangeCipherSpec before its keys are known, over TLS 1.2',
    tls12,
    async (peer) => {
      await peer.clientHello();
      peer.serverHello12();
      peer.changeCipherSpec();
    },
    'unexpected_message',
  ],
  [
    'data before the handshake is done',
    {},
    (peer) => speak13(peer, { certificate: () => peer.send(...data('early')) }),
    'unexpected_message',
  ],
  [
    'data between the parts of a message',
    {},
    async (peer) => {
      await peer.open13();
      const message = peer.message(HandshakeType.keyUpdate, u8(0));
      peer.send(ContentType.handshake, message.subarray(0, 2));
      peer.send(...data('between'));
      peer.send(ContentType.handshake, message.subarray(2));
    },
    'unexpected_message',
  ],
  [
    'a HelloRequest in TLS 1.3',
    {},
    async (peer) => {
      await peer.open13();
      peer.sendMessage(HandshakeType.helloRequest, Buffer.alloc(0));
    },
    'unexpected_message',
  ],
  [
    'a second ServerHello',
    {},
    async (peer) => {
      await peer.open13();
      peer.sendMessage(HandshakeType.serverHello, Buffer.alloc(40));
    },
    'unexpected_message',
  ],
  ...records.refused,
]);
