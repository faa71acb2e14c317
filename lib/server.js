'use strict';

const { createHash } = require('node:crypto');
const net = require('node:net');
const core = require('node:tls');
const { deprecate } = require('node:util');

const { convertALPNProtocols } = require('./alpn');
const { codes, connResetException } = require('./errors');
const { validateOffload } = require('./handshake');
const { SecureContext, createSecureContext } = require('./secure-context');
const { kRefuse } = require('./tls-handle');
const { TLSSocket } = require('./tls-socket');
const {
  validateBuffer,
  validateFunction,
  validateNumber,
  validateObject,
  validateString,
} = require('./validators');

const kErrorEmitted = Symbol('error-emitted');

/** A name, an HMAC key and an AES key (RFC 5077, section 4). */
const kTicketKeysSize = 48;
const kDefaultHandshakeTimeout = 120_000;

// --- One connection.

function onServerSocketSecure() {
  if (this._requestCert) {
    const error = this.ssl.verifyError();
    if (error) {
      this.authorizationError = error.code;
      if (this._rejectUnauthorized) {
        this[kRefuse]();
        return;
      }
    } else {
      this.authorized = true;
    }
  }
  if (!this.destroyed && this._releaseControl()) {
    this.secureConnecting = false;
    this._tlsOptions.server.emit('secureConnection', this);
  }
}

/** Every connection that ends before 'secureConnection' is announced once. */
function onSocketError(error) {
  if (this._controlReleased || this[kErrorEmitted]) return;
  this[kErrorEmitted] = true;
  this._tlsOptions.server.emit('tlsClientError', error, this);
}

function onSocketClose(hadError) {
  if (hadError || this._controlReleased) return;
  onSocketError.call(this, connResetException('socket hang up'));
}

/** @this {Server} */
function onConnection(rawSocket) {
  const socket = new TLSSocket(rawSocket, {
    secureContext: this._sharedCreds,
    isServer: true,
    server: this,
    requestCert: this.requestCert,
    rejectUnauthorized: this.rejectUnauthorized,
    handshakeTimeout: this[kHandshakeTimeout],
    offloadHandshake: this[kOffloadHandshake],
    ALPNProtocols: this.ALPNProtocols,
    ALPNCallback: this.ALPNCallback,
    SNICallback: this[kSNICallback] ?? (this._contexts.length > 0 ? selectContext : undefined),
    enableTrace: this[kEnableTrace],
    pauseOnConnect: this.pauseOnConnect,
    pskCallback: this[kPskCallback],
    pskIdentityHint: this[kPskIdentityHint],
  });
  socket[kErrorEmitted] = false;
  if (this.listenerCount('keylog') > 0) {
    socket.on('keylog', (line) => this.emit('keylog', line, socket));
  }
  socket.on('secure', onServerSocketSecure);
  socket.on('error', onSocketError);
  socket.on('_tlsError', onSocketError);
  socket.on('close', onSocketClose);
}

/** The SNICallback of a server that has contexts and no callback: the newest that matches. */
function selectContext(servername, callback) {
  const found = this.server._contexts.findLast(([pattern]) => pattern.test(servername));
  callback(null, found?.[1]);
}

// --- The server.

const kEnableTrace = Symbol('kEnableTrace');
const kHandshakeTimeout = Symbol('handshake-timeout');
const kOffloadHandshake = Symbol('kOffloadHandshake');
const kPskCallback = Symbol('pskcallback');
const kPskIdentityHint = Symbol('pskidentityhint');
const kSNICallback = Symbol('snicallback');

/**
 * Node documentation: class tls.Server.
 *
 * @param {import('node:tls').TlsOptions} [options]
 * @param {(socket: TLSSocket) => void} [listener] - for 'secureConnection'
 */
function Server(options, listener) {
  if (!(this instanceof Server)) return new Server(options, listener);
  if (typeof options === 'function') {
    listener = options;
    options = {};
  } else if (options == null || typeof options === 'object') {
    options ??= {};
  } else {
    throw new codes.ERR_INVALID_ARG_TYPE('options', 'Object', options);
  }

  this._contexts = [];
  this.requestCert = options.requestCert === true;
  this.rejectUnauthorized = options.rejectUnauthorized !== false;
  if (options.sessionTimeout) this.sessionTimeout = options.sessionTimeout;
  if (options.ticketKeys) this.ticketKeys = options.ticketKeys;
  if (options.ALPNProtocols) convertALPNProtocols(options.ALPNProtocols, this);
  this.ALPNCallback = options.ALPNCallback;
  if (options.ALPNCallback) {
    if (options.ALPNProtocols) throw new codes.ERR_TLS_ALPN_CALLBACK_WITH_PROTOCOLS();
    validateFunction(options.ALPNCallback, 'options.ALPNCallback');
  }

  this.setSecureContext(options);

  this[kHandshakeTimeout] = options.handshakeTimeout || kDefaultHandshakeTimeout;
  this[kSNICallback] = options.SNICallback;
  this[kPskCallback] = options.pskCallback;
  this[kPskIdentityHint] = options.pskIdentityHint;
  this[kOffloadHandshake] = options.offloadHandshake;
  validateOffload(options);
  validateNumber(this[kHandshakeTimeout], 'options.handshakeTimeout');
  if (this[kSNICallback]) validateFunction(this[kSNICallback], 'options.SNICallback');
  if (this[kPskCallback]) validateFunction(this[kPskCallback], 'options.pskCallback');
  if (this[kPskIdentityHint]) {
    validateString(this[kPskIdentityHint], 'options.pskIdentityHint');
  }

  net.Server.call(this, options, onConnection);
  if (listener) this.on('secureConnection', listener);
  this[kEnableTrace] = options.enableTrace;
}
Object.setPrototypeOf(Server.prototype, net.Server.prototype);
Object.setPrototypeOf(Server, net.Server);

/** The options of a server that make its context, and are its properties too. */
const kContextOptions = [
  'pfx',
  'key',
  'passphrase',
  'cert',
  'clientCertEngine',
  'ca',
  'minVersion',
  'maxVersion',
  'secureProtocol',
  'crl',
  'sigalgs',
  'ciphers',
  'ecdhCurve',
  'dhparam',
  'honorCipherOrder',
  'secureOptions',
  'sessionIdContext',
  'privateKeyIdentifier',
  'privateKeyEngine',
];
if (core.getCertificateCompressionAlgorithms) kContextOptions.push('certificateCompression');

/**
 * Node documentation: server.setSecureContext(). Connections that are open stay as they are.
 *
 * @param {import('node:tls').SecureContextOptions} options
 */
Server.prototype.setSecureContext = function (options) {
  validateObject(options, 'options');
  for (const name of kContextOptions) this[name] = options[name] || undefined;
  // An empty list of algorithms is a mistake, and none is given.
  this.sigalgs = options.sigalgs;
  this.honorCipherOrder = prefersOwnCiphers(options);
  this.sessionIdContext = options.sessionIdContext || defaultSessionIdContext();
  if (options.sessionTimeout) this.sessionTimeout = options.sessionTimeout;
  if (options.ticketKeys) this.ticketKeys = options.ticketKeys;
  const context = {};
  for (const name of kContextOptions) context[name] = this[name];
  this._sharedCreds = createSecureContext({
    ...context,
    allowPartialTrustChain: options.allowPartialTrustChain,
    sessionTimeout: this.sessionTimeout,
    ticketKeys: this.ticketKeys,
  });
};

/** The server chooses the cipher unless that is refused explicitly. */
function prefersOwnCiphers({ honorCipherOrder }) {
  return honorCipherOrder === undefined || Boolean(honorCipherOrder);
}

/** Sessions are not shared between programs: 128 bits of a hash of this one's command line. */
function defaultSessionIdContext() {
  return createHash('sha1').update(process.argv.join(' ')).digest('hex').slice(0, 32);
}

/** @returns {Buffer} 48 bytes (Node documentation: server.getTicketKeys()) */
Server.prototype.getTicketKeys = function () {
  return this._sharedCreds.context.getTicketKeys();
};

/**
 * Node documentation: server.setTicketKeys().
 * @param {Buffer | NodeJS.TypedArray | DataView} keys - 48 bytes
 * @throws {TypeError} ERR_INVALID_ARG_TYPE; {Error} ERR_INTERNAL_ASSERTION for another size, as in core
 */
Server.prototype.setTicketKeys = function (keys) {
  validateBuffer(keys);
  if (keys.byteLength !== kTicketKeysSize) {
    throw new codes.ERR_INTERNAL_ASSERTION('Session ticket keys must be a 48-byte buffer');
  }
  this._sharedCreds.context.setTicketKeys(keys);
};

/** How a cluster shares its ticket keys between workers. */
Server.prototype._getServerData = function () {
  return { ticketKeys: this.getTicketKeys().toString('hex') };
};

Server.prototype._setServerData = function (data) {
  this.setTicketKeys(Buffer.from(data.ticketKeys, 'hex'));
};

/**
 * Node documentation: server.addContext().
 *
 * @param {string} hostname - a name, or a pattern with '*' for one label
 * @param {object} context - options, or a SecureContext
 */
Server.prototype.addContext = function (hostname, context) {
  if (!hostname) throw new codes.ERR_TLS_REQUIRED_SERVER_NAME();
  const pattern = hostname.replace(/([.^$+?\-\\[\]{}])/g, '\\$1').replaceAll('*', '[^.]*');
  const secureContext = context instanceof SecureContext ? context : createSecureContext(context);
  this._contexts.push([new RegExp(`^${pattern}$`, 'i'), secureContext.context]);
};

/** What setOptions() makes properties of the server, without a new context. */
const kSettable = [...kContextOptions, 'sessionTimeout', 'ticketKeys'];

// Nodes before 24 have it, for what setSecureContext() does since.
if (core.Server.prototype.setOptions) {
  Server.prototype.setOptions = deprecate(
    function (options) {
      this.requestCert = options.requestCert === true;
      this.rejectUnauthorized = options.rejectUnauthorized !== false;
      for (const name of kSettable) if (options[name]) this[name] = options[name];
      if (options.ALPNProtocols) convertALPNProtocols(options.ALPNProtocols, this);
      this.honorCipherOrder = prefersOwnCiphers(options);
      this.sessionIdContext = options.sessionIdContext || defaultSessionIdContext();
      if (options.pskCallback) this[kPskCallback] = options.pskCallback;
      if (options.pskIdentityHint) this[kPskIdentityHint] = options.pskIdentityHint;
    },
    'Server.prototype.setOptions() is deprecated',
    'DEP0122',
  );
}

/** Node documentation: tls.createServer(). */
function createServer(options, listener) {
  return new Server(options, listener);
}

module.exports = { Server, createServer };
