'use strict';

/** The methods of TLSSocket that look at the connection or change its settings: no data goes through here. */

const { X509Certificate } = require('node:crypto');

const { binding } = require('./binding');
const { bindSession, unbindSession } = require('./bound-session');
const { toLegacyChain, toLegacyObject, toX509Chain } = require('./certificate');
const { codes, notABuffer } = require('./errors');
const { kRenegotiationDisabled } = require('./handshake');
const { createSecureContext } = require('./secure-context');
const { kAdvance } = require('./tls-handle');
const {
  validateBuffer,
  validateFunction,
  validateInt32,
  validateObject,
  validateString,
  validateUint32,
} = require('./validators');
const { nodeMajor } = require('./node-version');

/** Since Node 24, also those that are neither a curve nor a field. */
const kNamesGroups = nodeMajor >= 24;

/** What the native side knows under the same name; null after the socket has been destroyed. */
function ask(name) {
  const method = {
    [name]() {
      return this.ssl ? this.ssl[name]() : null;
    },
  };
  return method[name];
}

const methods = {
  /** Node documentation: tlsSocket.disableRenegotiation(). */
  disableRenegotiation() {
    this[kRenegotiationDisabled] = true;
  },

  /**
   * Node documentation: tlsSocket.renegotiate().
   *
   * @param {{ rejectUnauthorized?: boolean, requestCert?: boolean } | null} options
   * @param {(error: Error | null) => void} [callback]
   * @returns {boolean | undefined} undefined where the socket is destroyed
   */
  renegotiate(options, callback) {
    validateObject(options, 'options');
    if (callback !== undefined) validateFunction(callback, 'callback');
    if (this.destroyed) return undefined;
    const requestCert = options?.requestCert ?? this._requestCert;
    const rejectUnauthorized = options?.rejectUnauthorized ?? this._rejectUnauthorized;
    if (requestCert !== this._requestCert || rejectUnauthorized !== this._rejectUnauthorized) {
      this.ssl.setVerifyMode(Boolean(requestCert), Boolean(rejectUnauthorized));
      this._requestCert = requestCert;
      this._rejectUnauthorized = rejectUnauthorized;
    }
    let flags;
    try {
      flags = this.ssl.renegotiate();
    } catch (error) {
      if (callback) process.nextTick(callback, error);
      return false;
    }
    if (callback) this.once('secure', () => callback(null));
    this[kAdvance](flags);
    return true;
  },

  /**
   * Node documentation: tlsSocket.exportKeyingMaterial(); RFC 5705, RFC 8446 section 7.5.
   *
   * @param {number} length - octets
   * @param {string} label
   * @param {Buffer} [context]
   * @returns {Buffer}
   * @throws {Error} ERR_TLS_INVALID_STATE before the handshake is done
   */
  exportKeyingMaterial(length, label, context) {
    validateUint32(length, 'length', true);
    validateString(label, 'label');
    if (context !== undefined) validateBuffer(context, 'context');
    if (!this._secureEstablished) throw new codes.ERR_TLS_INVALID_STATE();
    return this.ssl?.exportKeyingMaterial(length, label, context);
  },

  /**
   * Node documentation: tlsSocket.setMaxSendFragment(); RFC 8446, section 5.1.
   *
   * @param {number} size - octets of plaintext in a record, 512 to 16384
   * @returns {boolean}
   */
  setMaxSendFragment(size) {
    validateInt32(size, 'size');
    return this.ssl?.setMaxSendFragment(size) ?? false;
  },

  /** The name that a client asks for (RFC 6066, section 3). */
  setServername(name) {
    validateString(name, 'name');
    if (this._tlsOptions.isServer) throw new codes.ERR_TLS_SNI_FROM_SERVER();
    this.ssl?.setServername(name);
  },

  /** The session that a client offers to resume. What is no session with this host is ignored. */
  setSession(session) {
    const bytes = typeof session === 'string' ? Buffer.from(session, 'latin1') : session;
    if (!ArrayBuffer.isView(bytes)) throw notABuffer('Session');
    const unbound = unbindSession(this, bytes);
    if (unbound !== undefined) this.ssl?.setSession(unbound.der, unbound.session);
  },

  /**
   * Node documentation: tlsSocket.getSession().
   *
   * @returns {Buffer | undefined | null} null after the socket has been destroyed
   */
  getSession() {
    if (!this.ssl) return null;
    const der = this.ssl.getSession();
    return der === undefined || this._tlsOptions.isServer ? der : bindSession(this, der);
  },

  /**
   * Node documentation: tlsSocket.setKeyCert(). The key and certificate of a context, or of options, serve
   * from now on.
   *
   * @throws {Error} on a server, where there is no key or no certificate
   */
  setKeyCert(context) {
    const isMade = context?.context instanceof binding.SecureContext;
    const { context: native } = isMade ? context : createSecureContext(context);
    if (!this.ssl) return;
    const isMissing = this._tlsOptions.isServer && native.getCertificate() === null;
    // Releases before name what OpenSSL misses.
    if (isMissing && nodeMajor >= 22) throw new Error('SetKeyCert');
    this.ssl.setKeyCert(native);
  },

  /**
   * Node documentation: tlsSocket.getPeerCertificate().
   *
   * @param {boolean} [detailed] - with the chain of issuers
   * @returns {object | null} {} where the peer has no certificate
   */
  getPeerCertificate(detailed) {
    if (!this.ssl) return null;
    const chain = this.ssl.peerCertificates(Boolean(detailed));
    if (chain.length === 0) return {};
    return detailed ? toLegacyChain(chain) : toLegacyObject(chain[0]);
  },

  /** Node documentation: tlsSocket.getCertificate(). */
  getCertificate() {
    if (!this.ssl) return null;
    const der = this.ssl.certificate();
    return der === undefined ? {} : toLegacyObject(der);
  },

  /** Node documentation: tlsSocket.getPeerX509Certificate(). The parameter is Node's, which ignores it too. */
  getPeerX509Certificate(detailed) {
    void detailed;
    return toX509Chain(this.ssl?.peerChain() ?? []);
  },

  /** Node documentation: tlsSocket.getX509Certificate(). */
  getX509Certificate() {
    const der = this.ssl?.certificate();
    return der === undefined ? undefined : new X509Certificate(der);
  },

  /** Node documentation: tlsSocket.getEphemeralKeyInfo(); only a client can tell. */
  getEphemeralKeyInfo() {
    if (!this.ssl || this._tlsOptions.isServer) return null;
    if (!this._secureEstablished) return {};
    const { type, name, size } = this.ssl.getEphemeralKeyInfo();
    if (kNamesGroups) return { type, name, size };
    if (type === undefined || type === 'TLSGroup') return {};
    return name === undefined ? { type, size } : { type, name, size };
  },

  /** Node documentation: tlsSocket.enableTrace(). */
  enableTrace() {
    this.ssl?.enableTrace();
  },

  getCipher: ask('getCipher'),
  getSharedSigalgs: ask('getSharedSigalgs'),
  getFinished: ask('getFinished'),
  getPeerFinished: ask('getPeerFinished'),
  getProtocol: ask('getProtocol'),
  getTLSTicket: ask('getTLSTicket'),
  isSessionReused: ask('isSessionReused'),
};

module.exports = { methods };
