'use strict';

/**
 * The other end of a TLS connection, message by message, so that a test can send what no TLS library would.
 * It knows one cipher suite for each version (AES-128-GCM), X25519, and certificates of P-256.
 */

const assert = require('node:assert/strict');
const crypto = require('node:crypto');
const { either } = require('../../conformance/scene');
const wire = require('./wire');

const { ContentType, Reader, u8, u16, vector8, vector16 } = wire;

const kHash = 'sha256';
const kTag = 16;
const kPatience = 3000; // milliseconds

const hash = (bytes) => crypto.createHash(kHash).update(bytes).digest();
const hmac = (key, ...parts) => {
  const mac = crypto.createHmac(kHash, key);
  for (const part of parts) mac.update(part);
  return mac.digest();
};

/** HKDF-Expand-Label (RFC 8446, 7.1), for no more than one block. */
const expand = (secret, label, context, size) =>
  hmac(secret, u16(size), vector8(Buffer.from(`tls13 ${label}`)), vector8(context), u8(1)).subarray(
    0,
    size,
  );

/** The PRF of TLS 1.2 (RFC 5246, 5). */
function prf(secret, label, seed, size) {
  const input = Buffer.concat([Buffer.from(label), seed]);
  const output = [];
  let a = input;
  for (let length = 0; length < size; length += 32) {
    a = hmac(secret, a);
    output.push(hmac(secret, a, input));
  }
  return Buffer.concat(output).subarray(0, size);
}

/** The protection of one direction: how a record is sealed, and opened. */
class Protection {
  #sequence = 0n;

  /** @param {{ key: Buffer, iv: Buffer, is13: boolean }} parameters - iv of 4 octets in TLS 1.2, else of 12 */
  constructor({ key, iv, is13 }) {
    Object.assign(this, { key, iv, is13 });
  }

  #next() {
    const sequence = Buffer.alloc(8);
    sequence.writeBigUInt64BE(this.#sequence++);
    return sequence;
  }

  #nonce13(sequence) {
    const nonce = Buffer.from(this.iv);
    for (let i = 0; i < 8; i++) nonce[4 + i] ^= sequence[i];
    return nonce;
  }

  /** @returns {Buffer[]} the content type of the record, and its body */
  seal(type, content) {
    const sequence = this.#next();
    const inner = this.is13 ? Buffer.concat([content, u8(type)]) : content;
    const nonce = this.is13 ? this.#nonce13(sequence) : Buffer.concat([this.iv, sequence]);
    const cipher = crypto.createCipheriv('aes-128-gcm', this.key, nonce);
    cipher.setAAD(
      this.is13
        ? Buffer.concat([u8(ContentType.applicationData), u16(0x0303), u16(inner.length + kTag)])
        : Buffer.concat([sequence, u8(type), u16(0x0303), u16(inner.length)]),
    );
    const sealed = [cipher.update(inner), cipher.final()];
    const body = Buffer.concat([...sealed, cipher.getAuthTag()]);
    if (this.is13) return [ContentType.applicationData, body];
    return [type, Buffer.concat([sequence, body])];
  }

  open(type, body) {
    const sequence = this.#next();
    const nonce = this.is13
      ? this.#nonce13(sequence)
      : Buffer.concat([this.iv, body.subarray(0, 8)]);
    const sealed = this.is13 ? body : body.subarray(8);
    const size = sealed.length - kTag;
    const decipher = crypto.createDecipheriv('aes-128-gcm', this.key, nonce);
    decipher.setAAD(
      this.is13
        ? Buffer.concat([u8(type), u16(0x0303), u16(body.length)])
        : Buffer.concat([sequence, u8(type), u16(0x0303), u16(size)]),
    );
    decipher.setAuthTag(sealed.subarray(size));
    const content = Buffer.concat([decipher.update(sealed.subarray(0, size)), decipher.final()]);
    if (!this.is13) return { type, content };
    let end = content.length - 1;
    while (content[end] === 0) end--;
    return { type: content[end], content: content.subarray(0, end) };
  }
}

class Peer {
  reading = null;
  writing = null;
  /** Of TLS 1.2: what the next ChangeCipherSpec makes `reading`. */
  pending = null;
  #socket;
  #transcript = [];
  #messages = Buffer.alloc(0);

  /** @param {net.Socket} socket - connected */
  constructor(socket) {
    this.#socket = socket;
    socket.on('error', () => {});
    this.keys = crypto.generateKeyPairSync('x25519');
    this.random = crypto.randomBytes(32);
  }

  // --- Records.

  /** Sends bytes as they are. */
  sendRaw(bytes) {
    this.#socket.write(bytes);
  }

  /** @returns {Buffer} a record, sealed where there are keys */
  record(type, content) {
    const [outer, body] = this.writing ? this.writing.seal(type, content) : [type, content];
    return Buffer.concat([u8(outer), u16(0x0303), vector16(body)]);
  }

  send(type, content) {
    this.sendRaw(this.record(type, content));
  }

  /** Sends close_notify. */
  close() {
    this.send(ContentType.alert, Buffer.from([1, 0]));
  }

  end() {
    this.#socket.end();
  }

  async #read(size) {
    const socket = this.#socket;
    for (let chunk; ;) {
      if ((chunk = socket.read(size)) !== null) return chunk.length === size ? chunk : null;
      if (socket.readableEnded || socket.destroyed) return null;
      const late = setTimeout(() => socket.destroy(), kPatience);
      await either(socket, 'readable', 'end', 'close');
      clearTimeout(late);
    }
  }

  /** @returns {Promise<{ type: number, content: Buffer } | null>} the next record; null at the end */
  async nextRecord() {
    const header = await this.#read(5);
    if (header === null) return null;
    const body = await this.#read(header.readUInt16BE(3));
    if (body === null) return null;
    const [type] = header;
    // Where there are keys, the record that changes to them is open still, and so an alert may be.
    const isOpen =
      this.reading === null ||
      type === ContentType.changeCipherSpec ||
      (this.reading.is13 && type !== ContentType.applicationData);
    if (type === ContentType.changeCipherSpec && this.pending) {
      this.reading = this.pending;
      this.pending = null;
    }
    return isOpen ? { type, content: body } : this.reading.open(type, body);
  }

  /** @returns {Promise<string>} the name of the alert that comes, whatever comes before it; or 'end' */
  async alert() {
    for (;;) {
      const record = await this.nextRecord();
      if (record === null) return 'end';
      if (record.type === ContentType.alert) {
        return wire.alerts[record.content[1]] ?? `alert ${record.content[1]}`;
      }
    }
  }

  // --- Handshake messages.

  get transcriptHash() {
    return hash(Buffer.concat(this.#transcript));
  }

  /** A message, which counts as sent. */
  message(type, body) {
    const message = Buffer.concat([u8(type), wire.vector24(body)]);
    this.#transcript.push(message);
    return message;
  }

  sendMessage(type, body) {
    this.send(ContentType.handshake, this.message(type, body));
  }

  /** @returns {Promise<{ type: number, body: Buffer }>} */
  async nextMessage() {
    for (;;) {
      if (this.#messages.length >= 4) {
        const size = 4 + this.#messages.readUIntBE(1, 3);
        if (this.#messages.length >= size) {
          const message = this.#messages.subarray(0, size);
          this.#messages = this.#messages.subarray(size);
          this.#transcript.push(message);
          return { type: message[0], body: message.subarray(4) };
        }
      }
      const record = await this.nextRecord();
      if (record === null) throw new Error('the end has come');
      if (record.type === ContentType.alert) throw new Error(wire.alerts[record.content[1]]);
      if (record.type === ContentType.handshake) {
        this.#messages = Buffer.concat([this.#messages, record.content]);
      }
    }
  }

  /** @returns {Promise<Buffer>} the body of the next message, which has to be of this type */
  async expect(type) {
    const message = await this.nextMessage();
    assert.equal(message.type, type, 'another message was expected');
    return message.body;
  }

  // --- Keys.

  get share() {
    return Buffer.from(this.keys.publicKey.export({ format: 'jwk' }).x, 'base64url');
  }

  #agree(share) {
    const key = { kty: 'OKP', crv: 'X25519', x: share.toString('base64url') };
    const publicKey = crypto.createPublicKey({ format: 'jwk', key });
    return crypto.diffieHellman({ privateKey: this.keys.privateKey, publicKey });
  }

  #protection13(secret) {
    const none = Buffer.alloc(0);
    const [key, iv] = [expand(secret, 'key', none, 16), expand(secret, 'iv', none, 12)];
    return new Protection({ key, iv, is13: true });
  }

  #derive(label) {
    return expand(this.secret, label, this.transcriptHash, 32);
  }

  #advanceSecret(input) {
    const salt = expand(this.secret, 'derived', hash(''), 32);
    this.secret = hmac(salt, input);
  }

  /** After the ServerHello of TLS 1.3. */
  startHandshakeKeys(share) {
    const zeros = Buffer.alloc(32);
    this.secret = hmac(zeros, zeros);
    this.#advanceSecret(this.#agree(share));
    this.handshake = { client: this.#derive('c hs traffic'), server: this.#derive('s hs traffic') };
  }

  /** After the Finished of a TLS 1.3 server. */
  startTrafficKeys() {
    this.#advanceSecret(Buffer.alloc(32));
    this.traffic = { client: this.#derive('c ap traffic'), server: this.#derive('s ap traffic') };
  }

  protection(stage, side) {
    return this.#protection13(this[stage][side]);
  }

  /** The verify_data of TLS 1.3 (RFC 8446, 4.4.4). */
  verifyData13(side) {
    const key = expand(this.handshake[side], 'finished', Buffer.alloc(0), 32);
    return hmac(key, this.transcriptHash);
  }

  /** What a CertificateVerify signs (RFC 8446, 4.4.3). */
  signedContent(side) {
    const text = `TLS 1.3, ${side} CertificateVerify\0`;
    return Buffer.concat([Buffer.alloc(64, ' '), Buffer.from(text), this.transcriptHash]);
  }

  /** The master secret and keys of TLS 1.2 (RFC 5246, 6.3 and 8.1). */
  startKeys12(share, { clientRandom, serverRandom }) {
    const seed = Buffer.concat([clientRandom, serverRandom]);
    this.secret = prf(this.#agree(share), 'master secret', seed, 48);
    const reversed = Buffer.concat([serverRandom, clientRandom]);
    const block = new Reader(prf(this.secret, 'key expansion', reversed, 40));
    const keys = [block.bytes(16), block.bytes(16)];
    const ivs = [block.bytes(4), block.bytes(4)];
    this.keys12 = Object.fromEntries(
      ['client', 'server'].map((side, i) => [
        side,
        new Protection({ key: keys[i], iv: ivs[i], is13: false }),
      ]),
    );
  }

  verifyData12(side) {
    return prf(this.secret, `${side} finished`, this.transcriptHash, 12);
  }

  changeCipherSpec() {
    this.send(ContentType.changeCipherSpec, u8(1));
  }
}

/** Bytes of which the last is another. */
function spoilt(bytes) {
  const changed = Buffer.from(bytes);
  changed[changed.length - 1] ^= 1;
  return changed;
}

module.exports = { Peer, spoilt };
