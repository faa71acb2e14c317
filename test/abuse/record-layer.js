'use strict';

/**
 * A client of TLS 1.3 that writes records of its own: core makes the handshake, and with the secret that it
 * announces ('keylog') everything is encrypted here that follows. It says what no TLS library would.
 */

const { createCipheriv, createHmac } = require('node:crypto');
const { once } = require('node:events');
const net = require('node:net');
const { Duplex } = require('node:stream');
const tls = require('node:tls');

const kHash = 'sha256'; // of the one cipher suite
const kTagSize = 16;
const kHeaderSize = 5;

/** The types of a record (RFC 8446, 5.1). */
const ContentType = { alert: 21, handshake: 22, applicationData: 23 };

/** A KeyUpdate (RFC 8446, 4.6.3), with or without the wish for one in return. */
const keyUpdate = (requested) => Buffer.from([24, 0, 0, 1, requested ? 1 : 0]);

/** HKDF-Expand-Label with an empty context and at most one block (RFC 8446, 7.1). */
function expandLabel(secret, label, size) {
  const name = Buffer.from(`tls13 ${label}`);
  const info = Buffer.concat([Buffer.from([0, size, name.length]), name, Buffer.from([0, 1])]);
  return createHmac(kHash, secret).update(info).digest().subarray(0, size);
}

/** The writing half of the record protocol (RFC 8446, 5.2). */
class RecordWriter {
  #sequence = 0;

  /** @param {Buffer} secret - the application traffic secret */
  constructor(secret) {
    this.#use(secret);
  }

  #use(secret) {
    this.secret = secret;
    this.key = expandLabel(secret, 'key', 16);
    this.iv = expandLabel(secret, 'iv', 12);
    this.#sequence = 0;
  }

  /** The next record. */
  record(type, content) {
    const nonce = Buffer.from(this.iv);
    nonce.writeUInt32BE((nonce.readUInt32BE(8) ^ this.#sequence++) >>> 0, 8);
    const header = Buffer.from([ContentType.applicationData, 3, 3, 0, 0]);
    header.writeUInt16BE(content.length + 1 + kTagSize, 3);
    const cipher = createCipheriv('aes-128-gcm', this.key, nonce);
    cipher.setAAD(header);
    const encrypted = cipher.update(Buffer.concat([content, Buffer.from([type])]));
    cipher.final();
    return Buffer.concat([header, encrypted, cipher.getAuthTag()]);
  }

  data(content) {
    return this.record(ContentType.applicationData, Buffer.from(content));
  }

  /** After it, other keys are used (RFC 8446, 7.2). */
  keyUpdate(requested = false) {
    const record = this.record(ContentType.handshake, keyUpdate(requested));
    this.#use(expandLabel(this.secret, 'traffic upd', 32));
    return record;
  }
}

/**
 * Connects, and takes the connection from core when the handshake is done.
 *
 * @param {{ port: number, host?: string }} to
 * @param {import('node:tls').ConnectionOptions} [options]
 * @returns {Promise<{ socket: net.Socket, writer: RecordWriter }>} `socket` is plain TCP: what is written goes out as
 *   it is, and what is read is ciphertext
 */
async function connect(to, options) {
  const socket = net.connect(to);
  socket.setNoDelay(true);
  socket.on('error', () => {});
  await once(socket, 'connect');
  const between = new Duplex({
    read() {},
    write: (chunk, encoding, callback) => socket.write(chunk, callback),
  });
  socket.on('data', (chunk) => between.push(chunk));
  const client = tls.connect({
    socket: between,
    servername: 'localhost',
    rejectUnauthorized: false,
    minVersion: 'TLSv1.3',
    ciphers: 'TLS_AES_128_GCM_SHA256',
    ...options,
  });
  client.on('error', () => {});
  let secret;
  client.on('keylog', (line) => {
    const [, hex] = /^CLIENT_TRAFFIC_SECRET_0 \S+ (\S+)/.exec(line) ?? [];
    if (hex) secret = Buffer.from(hex, 'hex');
  });
  await once(client, 'secureConnect');
  socket.removeAllListeners('data').pause();
  return { socket, writer: new RecordWriter(secret) };
}

module.exports = { RecordWriter, connect, kHeaderSize };
