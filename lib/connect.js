'use strict';

const net = require('node:net');

const { Outcome } = require('./binding');
const { expectedHost, kConnectOptions } = require('./bound-session');
const { checkServerIdentity, isNamed, verifyIdentity } = require('./check-server-identity');
const tls = require('./exports');
const { codes, connResetException } = require('./errors');
const { kPendingSession, kSessionAllowed } = require('./handshake');
const { implicitContext } = require('./implicit-context');
const { createSecureContext } = require('./secure-context');
const { kRefuse } = require('./tls-handle');
const { TLSSocket } = require('./tls-socket');
const { validateFunction, validateNumber, validateString } = require('./validators');
const { nodeMajor } = require('./node-version');

const kRefusesAddresses = nodeMajor >= 26;

let warnedOfDisabledVerification = false;

/** NODE_TLS_REJECT_UNAUTHORIZED=0 turns verification off for whoever does not ask for it. */
function verifiesByDefault() {
  if (process.env.NODE_TLS_REJECT_UNAUTHORIZED !== '0') return true;
  if (!warnedOfDisabledVerification) {
    warnedOfDisabledVerification = true;
    process.emitWarning(
      "Setting the NODE_TLS_REJECT_UNAUTHORIZED environment variable to '0' makes TLS connections " +
        'and HTTPS requests insecure by disabling certificate verification.',
    );
  }
  return false;
}

/**
 * (options), (path), (port, host), each with options and a callback after it: as net.connect() takes them,
 * and the second or third argument may be more options.
 */
function normalizeArguments(args) {
  const [given, callback] = net._normalizeArgs(args);
  const later = [args[1], args[2]].find((arg) => arg !== null && typeof arg === 'object');
  return [later === undefined ? given : { ...given, ...later }, callback];
}

/** A user who has put a function of his own in the place of ours has it called for each connection. */
function contextOf(options) {
  const create = tls.createSecureContext;
  return create === createSecureContext ? implicitContext(options) : create.call(tls, options);
}

/**
 * The built-in check without a certificate object, which is made only where a user or an error needs it.
 * @returns {Error | undefined}
 */
function checkIdentity(socket, options) {
  const host = expectedHost(socket);
  const check = options.checkServerIdentity;
  const names = check === checkServerIdentity ? socket.ssl.peerNames() : undefined;
  if (names !== undefined) {
    const { subjectaltname, commonName } = names;
    if (isNamed(host, subjectaltname)) return undefined;
    if (verifyIdentity(host, { subjectaltname, subject: { CN: commonName } }) === undefined) {
      return undefined;
    }
  }
  return check(host, socket.getPeerCertificate(true));
}

/**
 * A resumed session was checked when it was made, and core asks nobody again. But whoever made it may have had a
 * check of his own, or none, and an agent offers his session to the next caller: so the built-in check looks at
 * its certificate too. A session of a PSK has none.
 */
function isToBeChecked(socket, options, resumed) {
  if (!resumed) return true;
  const isBuiltIn = options.checkServerIdentity === checkServerIdentity;
  return isBuiltIn && socket.ssl.peerCertificates(false).length > 0;
}

/** The handshake is done: who is it, and is it whom we meant? */
function onConnectSecure() {
  const socket = this;
  const options = socket[kConnectOptions];
  const outcome = socket.ssl.outcome();
  const dhSize = outcome >>> Outcome.kSizeShift;
  if (dhSize > 0 && dhSize < options.minDHSize) {
    socket[kRefuse](new codes.ERR_TLS_DH_PARAM_SIZE(dhSize));
    return;
  }
  const resumed = Boolean(outcome & Outcome.kResumed);
  let error;
  if (!(outcome & Outcome.kTrusted)) error = socket.ssl.verifyError();
  else if (isToBeChecked(socket, options, resumed)) error = checkIdentity(socket, options);
  if (error) {
    socket.authorized = false;
    socket.authorizationError = error.code || error.message;
    if (options.rejectUnauthorized !== false) {
      socket[kRefuse](error);
      return;
    }
  } else {
    socket.authorized = true;
  }
  socket.secureConnecting = false;
  socket.emit('secureConnect');
  socket[kSessionAllowed] = true;
  const session = socket[kPendingSession];
  socket[kPendingSession] = null;
  if (session !== null) socket.emit('session', session);
}

/** The peer, or the network, ended the connection before the handshake was done. */
function onConnectEnd() {
  if (this._secureEstablished || this._hadError) return;
  const options = this[kConnectOptions];
  const error = connResetException(
    'Client network socket disconnected before secure TLS connection was established',
  );
  error.path = options.path;
  error.host = options.host;
  error.port = options.port;
  error.localAddress = options.localAddress;
  // So that http does not report a second one.
  this._hadError = true;
  this.destroy(error);
}

/**
 * Node documentation: tls.connect().
 *
 * @param {...any} args - (options[, callback]), (path[, options][, callback]) or
 *   (port[, host][, options][, callback])
 * @returns {TLSSocket}
 */
function connect(...args) {
  const [given, callback] = normalizeArguments(args);
  const options = {
    rejectUnauthorized: verifiesByDefault(),
    ciphers: tls.DEFAULT_CIPHERS,
    checkServerIdentity,
    minDHSize: 1024,
    ...given,
  };
  if (!options.keepAlive) options.singleUse = true;
  validateFunction(options.checkServerIdentity, 'options.checkServerIdentity');
  validateNumber(options.minDHSize, 'options.minDHSize', 1);

  const socket = new TLSSocket(options.socket, {
    allowHalfOpen: options.socket ? options.socket.allowHalfOpen : options.allowHalfOpen,
    pipe: Boolean(options.path),
    secureContext: options.secureContext || contextOf(options),
    isServer: false,
    requestCert: true,
    rejectUnauthorized: options.rejectUnauthorized !== false,
    ALPNProtocols: options.ALPNProtocols,
    requestOCSP: options.requestOCSP,
    enableTrace: options.enableTrace,
    pskCallback: options.pskCallback,
    highWaterMark: options.highWaterMark,
    onread: options.onread,
    signal: options.signal,
  });
  socket[kConnectOptions] = options;
  socket[kSessionAllowed] = false;
  if (options.session) socket.setSession(options.session);
  socket._releaseControl();
  if (options.servername) {
    validateString(options.servername, 'name');
    if (net.isIP(options.servername)) refuseAddress(options.servername);
    socket.setServername(options.servername);
  }
  if (callback) socket.once('secureConnect', callback);
  socket.on('secure', onConnectSecure);
  socket.prependListener('end', onConnectEnd);
  if (options.socket) {
    socket._start();
  } else if (socket.ssl !== null) {
    // A timeout applies to the connection attempt too.
    if (options.timeout) socket.setTimeout(options.timeout);
    try {
      socket.connect(options, socket._start);
    } catch (error) {
      // Nobody gets the socket, whose handle would stay open.
      socket.destroy();
      throw error;
    }
  }
  return socket;
}

let warnedOfAddress = false;

/** RFC 6066, section 3: literal addresses are not permitted. Before Node 26 that is a warning. */
function refuseAddress(servername) {
  if (kRefusesAddresses) {
    const complaint = 'Setting the TLS ServerName to an IP address is not permitted.';
    throw new codes.ERR_INVALID_ARG_VALUE('options.servername', servername, complaint);
  }
  if (warnedOfAddress) return;
  warnedOfAddress = true;
  process.emitWarning(
    'Setting the TLS ServerName to an IP address is not permitted by RFC 6066. This will be ignored ' +
      'in a future version.',
    'DeprecationWarning',
    'DEP0123',
  );
}

module.exports = { connect };
