'use strict';

const crypto = require('node:crypto');
const { Peer, spoilt } = require('./peer');
const wire = require('./wire');

const { Cipher, Extension, Group, HandshakeType, Reader, Signature } = wire;
const { u8, u16, vector8, vector16 } = wire;

const list16 = (...numbers) => vector16(...numbers.map(u16));

/** A client, step by step. */
class ClientPeer extends Peer {
  sessionId = crypto.randomBytes(32);

  #extensions(version) {
    const common = [
      [Extension.supportedGroups, list16(Group.x25519, Group.secp256r1)],
      [Extension.signatureAlgorithms, list16(Signature.ecdsaSecp256r1Sha256)],
    ];
    if (version === 'TLSv1.2') return [...common, [Extension.ecPointFormats, vector8(u8(0))]];
    return [
      ...common,
      [Extension.supportedVersions, vector8(u16(0x0304))],
      [Extension.keyShare, vector16(u16(Group.x25519), vector16(this.share))],
    ];
  }

  /**
   * @param {string} version
   * @param {object} [change] what is to be other than in a good ClientHello
   * @param {object} [change.replace] extensions by type; undefined leaves one out
   * @param {Array} [change.add] extensions that come last
   */
  clientHello(version, { ciphers, compressions = [0], replace = {}, add = [], legacy } = {}) {
    const usual = {
      'TLSv1.2': Cipher.ecdheEcdsaAes128GcmSha256,
      'TLSv1.3': Cipher.aes128GcmSha256,
    };
    const extensions = this.#extensions(version)
      .map(([type, content]) => [type, type in replace ? replace[type] : content])
      .filter(([, content]) => content !== undefined);
    return Buffer.concat([
      u16(legacy ?? 0x0303),
      this.random,
      vector8(this.sessionId),
      list16(...(ciphers ?? [usual[version]])),
      vector8(Buffer.from(compressions)),
      wire.extensions([...extensions, ...add]),
    ]);
  }

  sendHello(version, change) {
    this.sendMessage(HandshakeType.clientHello, this.clientHello(version, change));
  }

  /** @returns {Promise<object>} what the server has chosen */
  async serverHello() {
    const reader = new Reader(await this.expect(HandshakeType.serverHello));
    const hello = {
      version: reader.number(2),
      random: reader.bytes(32),
      sessionId: reader.vector(1),
    };
    hello.cipher = reader.number(2);
    hello.compression = reader.number(1);
    hello.extensions = wire.readExtensions(reader);
    return hello;
  }

  // --- TLS 1.3.

  /**
   * ClientHello, and all that a server answers.
   * @returns {Promise<boolean>} whether it wants a certificate
   */
  async begin13(change) {
    this.sendHello('TLSv1.3', change);
    const { extensions } = await this.serverHello();
    const share = new Reader(extensions.get(Extension.keyShare));
    share.number(2);
    this.startHandshakeKeys(share.vector(2));
    this.reading = this.protection('handshake', 'server');
    let message;
    let isAsked = false;
    do {
      message = await this.nextMessage();
      isAsked ||= message.type === HandshakeType.certificateRequest;
    } while (message.type !== HandshakeType.finished);
    this.startTrafficKeys();
    this.reading = this.protection('traffic', 'server');
    this.writing = this.protection('handshake', 'client');
    return isAsked;
  }

  certify({ key, certificate, algorithm = Signature.ecdsaSecp256r1Sha256, spoil = false }) {
    const entry = Buffer.concat([wire.vector24(certificate), vector16()]);
    this.sendMessage(HandshakeType.certificate, Buffer.concat([vector8(), wire.vector24(entry)]));
    const signature = crypto.sign('sha256', this.signedContent('client'), key);
    const body = [u16(algorithm), vector16(spoil ? spoilt(signature) : signature)];
    this.sendMessage(HandshakeType.certificateVerify, Buffer.concat(body));
  }

  finish13({ spoil = false } = {}) {
    const data = this.verifyData13('client');
    this.sendMessage(HandshakeType.finished, spoil ? spoilt(data) : data);
    this.writing = this.protection('traffic', 'client');
  }

  async open13(change) {
    await this.begin13(change);
    this.finish13();
  }

  // --- TLS 1.2.

  /** Until it is this client's turn to send its Finished. */
  async begin12(change) {
    this.sendHello('TLSv1.2', change);
    const hello = await this.serverHello();
    await this.expect(HandshakeType.certificate);
    const exchange = new Reader(await this.expect(HandshakeType.serverKeyExchange));
    exchange.number(3); // named_curve, and which
    const share = exchange.vector(1);
    await this.expect(HandshakeType.serverHelloDone);
    this.sendMessage(HandshakeType.clientKeyExchange, vector8(this.share));
    this.startKeys12(share, { clientRandom: this.random, serverRandom: hello.random });
    this.pending = this.keys12.server;
    return hello;
  }

  finish12({ spoil = false } = {}) {
    this.changeCipherSpec();
    this.writing = this.keys12.client;
    const data = this.verifyData12('client');
    this.sendMessage(HandshakeType.finished, spoil ? spoilt(data) : data);
  }

  async open12(change) {
    const hello = await this.begin12(change);
    this.finish12();
    let message;
    do message = await this.nextMessage();
    while (message.type !== HandshakeType.finished);
    return hello;
  }
}

module.exports = { ClientPeer, list16 };
