'use strict';

/** What either end makes of the records of the other on an open connection: cases for meet.js. */

const { only } = require('../../conformance/scene');
const { data } = require('./meet');
const { ContentType, u16, u8 } = require('./wire');

const tls12 = only('TLSv1.2');

const refused = [
  [
    'an encrypted record that is too long',
    {},
    async (peer) => {
      await peer.open13();
      peer.sendRaw(Buffer.concat([u8(23), u16(0x0303), u16((1 << 14) + 257), Buffer.alloc(50)]));
    },
    'record_overflow',
  ],
  [
    'an encrypted record that is too long, over TLS 1.2',
    tls12,
    async (peer) => {
      await peer.open12();
      peer.sendRaw(Buffer.concat([u8(23), u16(0x0303), u16((1 << 14) + 2049), Buffer.alloc(50)]));
    },
    'record_overflow',
  ],
  [
    'a plaintext that is too long',
    {},
    async (peer) => {
      await peer.open13();
      peer.send(ContentType.applicationData, Buffer.alloc((1 << 14) + 1));
    },
    'record_overflow',
  ],
  [
    'empty records without end, over TLS 1.2',
    tls12,
    async (peer) => {
      await peer.open12();
      const records = [];
      for (let i = 0; i < 100; i++) records.push(peer.record(...data('')));
      peer.sendRaw(Buffer.concat(records));
    },
    'unexpected_message',
  ],
  [
    'a forged record',
    {},
    async (peer) => {
      await peer.open13();
      const record = peer.record(...data('forged'));
      record[record.length - 1] ^= 1;
      peer.sendRaw(record);
    },
    'bad_record_mac',
  ],
];

const accepted = [
  [
    'empty records among others',
    {},
    async (peer) => {
      await peer.open13();
      for (const text of ['', 'a', '', '', 'b', '']) peer.send(...data(text));
      peer.close();
    },
    { received: 'ab', error: undefined },
  ],
];

module.exports = { accepted, refused };
