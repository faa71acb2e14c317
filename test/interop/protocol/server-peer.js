'use strict';

const crypto = require('node:crypto');
const { Peer, spoilt } = require('./peer');
const wire = require('./wire');

const { Cipher, Extension, Group, HandshakeType, Reader, Signature } = wire;
const { u8, u16, vector8, vector16, vector24 } = wire;

/** The random of a HelloRetryRequest (RFC 8446, 4.1.3). */
const kRetry = crypto.createHash('sha256').update('HelloRetryRequest').digest();

/** A server, step by step. */
class ServerPeer extends Peer {
  /**
   * @param {net.Socket} socket
   * @param {{ key: KeyObject, certificate: Buffer }} identity - of P-256; the certificate is DER
   */
  constructor(socket, { key, certificate }) {
    super(socket);
    Object.assign(this, { key, certificate });
  }

  /** @returns {Promise<object>} what the client offers */
  async clientHello() {
    const reader = new Reader(await this.expect(HandshakeType.clientHello));
    reader.number(2);
    const hello = { random: reader.bytes(32), sessionId: reader.vector(1) };
    hello.ciphers = reader.vector(2);
    hello.compressions = reader.vector(1);
    hello.extensions = wire.readExtensions(reader);
    this.offer = hello;
    return hello;
  }

  #clientShare() {
    const shares = new Reader(new Reader(this.offer.extensions.get(Extension.keyShare)).vector(2));
    let group;
    let share;
    do [group, share] = [shares.number(2), shares.vector(2)];
    while (group !== Group.x25519);
    return share;
  }

  #hello({
    version = 0x0303,
    random,
    sessionId = this.offer.sessionId,
    cipher,
    compression = 0,
    extensions,
  }) {
    return Buffer.concat([
      u16(version),
      random ?? this.random,
      vector8(sessionId),
      u16(cipher),
      u8(compression),
      wire.extensions(extensions),
    ]);
  }

  // --- TLS 1.3.

  /** @param {object} [change] what is to be other than in a good ServerHello */
  serverHello13({ group = Group.x25519, add = [], ...change } = {}) {
    const extensions = [
      [Extension.supportedVersions, u16(0x0304)],
      [Extension.keyShare, Buffer.concat([u16(group), vector16(this.share)])],
      ...add,
    ];
    const cipher = Cipher.aes128GcmSha256;
    this.sendMessage(HandshakeType.serverHello, this.#hello({ cipher, extensions, ...change }));
    this.startHandshakeKeys(this.#clientShare());
    this.writing = this.protection('handshake', 'server');
    this.reading = this.protection('handshake', 'client');
  }

  /** Asks for a share of `group`; the handshake cannot be ended after it. */
  retry(group) {
    const extensions = [
      [Extension.supportedVersions, u16(0x0304)],
      [Extension.keyShare, u16(group)],
    ];
    const cipher = Cipher.aes128GcmSha256;
    const hello = this.#hello({ random: kRetry, cipher, extensions });
    this.sendMessage(HandshakeType.serverHello, hello);
  }

  encryptedExtensions(entries = []) {
    this.sendMessage(HandshakeType.encryptedExtensions, wire.extensions(entries));
  }

  certificate13(certificates = [this.certificate]) {
    const entries = certificates.map((der) => Buffer.concat([vector24(der), vector16()]));
    const body = Buffer.concat([vector8(), vector24(...entries)]);
    this.sendMessage(HandshakeType.certificate, body);
  }

  certificateVerify({
    algorithm = Signature.ecdsaSecp256r1Sha256,
    side = 'server',
    spoil = false,
  } = {}) {
    const signature = crypto.sign('sha256', this.signedContent(side), this.key);
    const body = [u16(algorithm), vector16(spoil ? spoilt(signature) : signature)];
    this.sendMessage(HandshakeType.certificateVerify, Buffer.concat(body));
  }

  finish13({ spoil = false } = {}) {
    const data = this.verifyData13('server');
    this.sendMessage(HandshakeType.finished, spoil ? spoilt(data) : data);
    this.startTrafficKeys();
    this.writing = this.protection('traffic', 'server');
  }

  /** The whole handshake, with the client's Finished. */
  async open13(entries) {
    await this.clientHello();
    this.serverHello13();
    this.encryptedExtensions(entries);
    this.certificate13();
    this.certificateVerify();
    this.finish13();
    await this.expect(HandshakeType.finished);
    this.reading = this.protection('traffic', 'client');
  }

  // --- TLS 1.2.

  serverHello12({ add = [[Extension.renegotiationInfo, vector8()]], ...change } = {}) {
    const cipher = Cipher.ecdheEcdsaAes128GcmSha256;
    const hello = this.#hello({ cipher, extensions: add, ...change });
    this.sendMessage(HandshakeType.serverHello, hello);
  }

  /** Certificate, ServerKeyExchange and ServerHelloDone. */
  flight12({ algorithm = Signature.ecdsaSecp256r1Sha256, spoil = false } = {}) {
    const chain = vector24(vector24(this.certificate));
    this.sendMessage(HandshakeType.certificate, chain);
    const parameters = Buffer.concat([u8(3), u16(Group.x25519), vector8(this.share)]);
    const signed = Buffer.concat([this.offer.random, this.random, parameters]);
    const signature = crypto.sign('sha256', signed, this.key);
    this.sendMessage(
      HandshakeType.serverKeyExchange,
      Buffer.concat([parameters, u16(algorithm), vector16(spoil ? spoilt(signature) : signature)]),
    );
    this.sendMessage(HandshakeType.serverHelloDone, Buffer.alloc(0));
  }

  async finish12({ spoil = false } = {}) {
    const exchange = new Reader(await this.expect(HandshakeType.clientKeyExchange));
    const randoms = { clientRandom: this.offer.random, serverRandom: this.random };
    this.startKeys12(exchange.vector(1), randoms);
    this.pending = this.keys12.client;
    await this.expect(HandshakeType.finished);
    this.changeCipherSpec();
    this.writing = this.keys12.server;
    const data = this.verifyData12('server');
    this.sendMessage(HandshakeType.finished, spoil ? spoilt(data) : data);
  }

  async open12(change) {
    await this.clientHello();
    this.serverHello12(change);
    this.flight12();
    await this.finish12();
  }
}

module.exports = { ServerPeer };
