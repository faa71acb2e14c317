'use strict';

const { only } = require('../../conformance/scene');
const { acceptances, data, meetClient } = require('./meet');
const records = require('./records');
const wire = require('./wire');

const { Cipher, Extension } = wire;
const { u16 } = wire;

const tls12 = only('TLSv1.2');

acceptances('a client accepts', meetClient, [
  [
    'a server without fault',
    {},
    async (peer) => {
      await peer.open13();
      peer.send(...data('hello'));
      peer.close();
    },
    { received: 'hello', error: undefined, isSecure: true },
  ],
  [
    'a server without fault, over TLS 1.2',
    tls12,
    async (peer) => {
      await peer.open12();
      peer.send(...data('hello'));
      peer.close();
    },
    { received: 'hello', error: undefined, isSecure: true },
  ],
  [
    'an extension that nobody knows, which OpenSSL ignores',
    {},
    async (peer) => {
      await peer.open13([[Extension.unknown, Buffer.alloc(0)]]);
      peer.close();
    },
    { error: undefined, isSecure: true },
  ],
  [
    'TLS 1.2 without the mark of RFC 8446, 4.1.3',
    {},
    async (peer) => {
      await peer.open12();
      peer.close();
    },
    { error: undefined, isSecure: true },
  ],
  [
    'nothing but what it has by default: no compression, no early data, secure renegotiation',
    {},
    async (peer) => {
      const { ciphers, compressions, extensions } = await peer.clientHello();
      const scsv = ciphers.includes(u16(Cipher.emptyRenegotiationInfo));
      peer.end();
      return [
        compressions.toString('hex'),
        extensions.has(Extension.earlyData),
        scsv || extensions.has(Extension.renegotiationInfo),
      ];
    },
    { answer: ['00', false, true] },
  ],
  ...records.accepted,
]);
