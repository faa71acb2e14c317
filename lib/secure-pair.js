'use strict';

/**
 * tls.createSecurePair(), which Node has had up to release 22: a TLS connection with neither a socket nor an
 * owner. What is written to one end comes out of the other, enciphered or deciphered.
 */

const { EventEmitter } = require('node:events');
const { Duplex } = require('node:stream');
const { deprecate } = require('node:util');

const { codes } = require('./errors');
const { SecureContext, createSecureContext } = require('./secure-context');
const { TLSSocket } = require('./tls-socket');

/** One end of a pair: what is written to it is read from the other. */
class DuplexSocket extends Duplex {
  #other = null;
  #taken = null;

  /** @returns {[DuplexSocket, DuplexSocket]} */
  static pair() {
    const [left, right] = [new DuplexSocket(), new DuplexSocket()];
    left.#other = right;
    right.#other = left;
    return [left, right];
  }

  _read() {
    const taken = this.#taken;
    this.#taken = null;
    taken?.();
  }

  /** The write is done when the other end has been read. */
  _write(chunk, encoding, callback) {
    if (chunk.length === 0) {
      process.nextTick(callback);
      return;
    }
    this.#other.#taken = callback;
    this.#other.push(chunk);
  }

  _final(callback) {
    this.#other.push(null);
    callback();
  }
}

/** Node documentation: class tls.SecurePair. */
class SecurePair extends EventEmitter {
  /**
   * @param {SecureContext} [secureContext]
   * @param {boolean} [isServer]
   * @param {boolean} [requestCert] - for a server; a client always asks
   * @param {boolean} [rejectUnauthorized]
   * @param {import('node:tls').TLSSocketOptions} [options] - more, for the TLSSocket
   */
  constructor(
    secureContext = createSecureContext(),
    isServer = false,
    requestCert = !isServer,
    rejectUnauthorized = false,
    options = {},
  ) {
    super();
    const [ciphertext, encrypted] = DuplexSocket.pair();
    this.server = options.server;
    this.credentials = secureContext;
    this.encrypted = encrypted;
    this.cleartext = new TLSSocket(ciphertext, {
      secureContext,
      isServer,
      requestCert,
      rejectUnauthorized,
      ...options,
    });
    this.cleartext.once('secure', () => this.emit('secure'));
  }

  destroy() {
    this.cleartext.destroy();
    this.encrypted.destroy();
  }
}

function createPair(context, ...rest) {
  if (context && !(context instanceof SecureContext)) {
    throw new codes.ERR_TLS_INVALID_CONTEXT('context');
  }
  return new SecurePair(context ?? undefined, ...rest);
}

/**
 * Node documentation: tls.createSecurePair([context][, isServer][, requestCert][, rejectUnauthorized][, options]).
 *
 * @returns {SecurePair}
 * @throws {TypeError} ERR_TLS_INVALID_CONTEXT
 */
const createSecurePair = deprecate(
  (...args) => createPair(...args),
  'tls.createSecurePair() is deprecated. Please use tls.TLSSocket instead.',
  'DEP0064',
);

module.exports = { createSecurePair };
