'use strict';

/**
 * What JavaScript has to say during a handshake: the settings of a connection before it, and the answers to
 * the engine's questions (certificate, session lookup, new session, ALPN, PSK) while it runs.
 */

const { validateProtocolList } = require('./alpn');
const { EventType, binding } = require('./binding');
const { bindSession } = require('./bound-session');
const tls = require('./exports');
const { codes, notABuffer } = require('./errors');
const { prepareVerification } = require('./secure-context');
const { kAdvance } = require('./tls-handle');
const { validateBuffer, validateFunction, validateOneOf, validateString } = require('./validators');
const { nodeMajor } = require('./node-version');

const kSessionAllowed = Symbol('kSessionAllowed');
const kPendingSession = Symbol('kPendingSession');
const kRenegotiationDisabled = Symbol('kRenegotiationDisabled');
/** When the first renegotiation of the current window was. */
const kRenegotiationWindow = Symbol('kRenegotiationWindow');

/** Whether a context without a certificate, for a server name, is the reason of what follows. */
const kReportsEmptyContext = nodeMajor < 22;

const kOffloadModes = [true, false, 'auto'];

/** OpenSSL's limits (SSL_CTX_set_psk_client_callback). */
const kPskMaxKey = 'Pre-shared key exceeds';
const kPskMaxIdentity = 'PSK identity exceeds';

/** @throws {TypeError} ERR_INVALID_ARG_TYPE, ERR_TLS_ALPN_CALLBACK_WITH_PROTOCOLS */
function validateOptions(options) {
  if (options.ALPNCallback != null) {
    validateFunction(options.ALPNCallback, 'options.ALPNCallback');
    if (options.ALPNProtocols) throw new codes.ERR_TLS_ALPN_CALLBACK_WITH_PROTOCOLS();
  }
  if (options.pskCallback) validateFunction(options.pskCallback, 'pskCallback');
  if (options.pskIdentityHint) validateString(options.pskIdentityHint, 'options.pskIdentityHint');
  validateOffload(options);
}

/**
 * README, "Handshakes off the event loop".
 * @throws {TypeError} ERR_INVALID_ARG_VALUE
 */
function validateOffload({ offloadHandshake = 'auto' }) {
  validateOneOf(offloadHandshake, 'options.offloadHandshake', kOffloadModes);
}

// --- Before the handshake.

/** Sets up the native side of a new socket from its options. */
function configure(socket) {
  const { ssl } = socket;
  const options = socket._tlsOptions;
  socket[kPendingSession] = null;
  socket[kSessionAllowed] = true;
  socket[kRenegotiationDisabled] = false;
  socket[kRenegotiationWindow] = -Infinity;
  if (options.isServer) {
    configureServer(socket, options);
  } else {
    ssl.setVerifyMode(true, false);
    if (options.requestOCSP) ssl.requestOCSP();
    if (options.session) socket.setSession(options.session);
  }
  if (options.ALPNProtocols) {
    validateProtocolList(options.ALPNProtocols);
    ssl.setALPNProtocols(options.ALPNProtocols);
  }
  if (options.pskCallback) ssl.enablePskCallback();
  // Key material and sessions cost nothing until somebody listens.
  socket.on('newListener', function keylogNewListener(event) {
    if (event === 'keylog') this.ssl?.enableKeylogCallback();
    if (event === 'session' && !options.isServer) this.ssl?.enableSessionCallbacks();
  });
}

function configureServer(socket, options) {
  const { ssl } = socket;
  const { server } = options;
  ssl.setVerifyMode(Boolean(options.requestCert), Boolean(options.rejectUnauthorized));
  if (options.handshakeTimeout > 0) {
    socket.setTimeout(options.handshakeTimeout, socket._handleTimeout);
  }
  if (options.SNICallback) {
    validateFunction(options.SNICallback, 'options.SNICallback');
    socket._SNICallback = options.SNICallback;
  }
  if (socket._SNICallback !== null || server?.listenerCount('OCSPRequest') > 0) ssl.enableCertCb();
  if (server?.listenerCount('resumeSession') > 0) ssl.enableSessionLookup();
  if (server?.listenerCount('newSession') > 0) ssl.enableSessionCallbacks();
  // OpenSSL would wait for these, and a thread of the pool never waits for JavaScript.
  if (!options.ALPNCallback && !options.pskCallback) {
    ssl.offloadHandshake(options.offloadHandshake ?? 'auto');
  }
  if (options.ALPNCallback) ssl.enableALPNCb();
  if (options.pskIdentityHint && !ssl.setPskIdentityHint(options.pskIdentityHint)) {
    process.nextTick(() => socket.destroy(new codes.ERR_TLS_PSK_SET_IDENTITY_HINT_FAILED()));
  }
}

// --- During the handshake.

/**
 * Delivers the next thing that has happened.
 * @returns {boolean} false where there is none, or where a question waits for its answer
 */
function deliverEvent(socket) {
  const event = socket.ssl?.nextEvent();
  if (event === undefined) return false;
  const [type, data, id, flag, session] = typeof event === 'number' ? [event] : event;
  switch (type) {
    case EventType.kHandshakeStart:
      onHandshakeStart(socket);
      break;
    case EventType.kHandshakeDone:
      socket._finishInit();
      break;
    case EventType.kKeylog:
      socket.emit('keylog', data);
      break;
    case EventType.kSession:
      onSession(socket, bindSession(socket, data, session));
      break;
    case EventType.kOcspResponse:
      socket.emit('OCSPResponse', flag ? data : null);
      break;
    case EventType.kSessionLookup:
      askForSession(socket, id);
      break;
    case EventType.kCertificate:
      askForCertificate(socket, id.toString(), flag);
      break;
    case EventType.kNewSession:
      askToStore(socket, id, data);
      break;
  }
  return true;
}

function onSession(socket, session) {
  if (socket[kSessionAllowed]) socket.emit('session', session);
  else socket[kPendingSession] = session;
}

/**
 * The answer to a question, for the user to call once. Later calls, errors, and answers of the wrong kind
 * end the connection.
 *
 * @param {(value: any) => void} accept - throws where the value is none
 */
function answerOnce(socket, accept) {
  let answered = false;
  return (error, value) => {
    if (answered) {
      socket.destroy(new codes.ERR_MULTIPLE_CALLBACK());
    } else if (error) {
      answered = true;
      socket.destroy(error);
    } else if (socket.destroyed) {
      answered = true;
    } else {
      answered = true;
      accept(value);
    }
  };
}

function resume(socket) {
  if (!socket.destroyed) socket[kAdvance](socket.ssl.resume());
}

function askForSession(socket, id) {
  const answer = answerOnce(socket, (session) => {
    if (session) socket.ssl.loadSession(session);
    resume(socket);
  });
  if (!socket._tlsOptions.server.emit('resumeSession', id, answer)) answer();
}

function askToStore(socket, id, session) {
  const { server } = socket._tlsOptions;
  let stored = false;
  const done = () => {
    if (stored) return;
    stored = true;
    resume(socket);
  };
  if (!server?.emit('newSession', id, session, done)) done();
}

/** The context by server name first, then a stapled response for its certificate. */
function askForCertificate(socket, servername, wantsOcsp) {
  if (socket._secureEstablished) {
    // A renegotiation, which has the same name.
    resume(socket);
    return;
  }
  if (servername) socket.servername = servername;
  const { server } = socket._tlsOptions;
  const staple = (context) => {
    if (!wantsOcsp || !(server?.listenerCount('OCSPRequest') > 0)) {
      resume(socket);
      return;
    }
    const selected = context ?? server._sharedCreds.context;
    // The issuer may be one of the default roots.
    prepareVerification(selected);
    const answer = answerOnce(socket, (response) => {
      if (response) {
        if (!ArrayBuffer.isView(response)) throw notABuffer('OCSP response');
        socket.ssl.setOCSPResponse(response);
      }
      resume(socket);
    });
    try {
      server.emit('OCSPRequest', selected.getCertificate(), selected.getIssuer(), answer);
    } catch (error) {
      // As Node has it from 24 on: a client cannot end the process through a handler that throws.
      socket.destroy(error);
    }
  };
  if (!servername || socket._SNICallback === null) {
    staple(null);
    return;
  }
  const answer = answerOnce(socket, (context) => {
    if (context && (typeof context === 'object' || typeof context === 'function')) {
      const native = context.context ?? context;
      if (!(native instanceof binding.SecureContext)) {
        socket.destroy(new TypeError('Invalid SNI context'));
        return;
      }
      if (socket._requestCert) prepareVerification(native);
      try {
        socket.ssl.setContext(native);
      } catch (error) {
        // The handshake goes on without that certificate, and most likely fails.
        if (kReportsEmptyContext) socket.ssl.failure = error;
      }
      staple(native);
      return;
    }
    staple(null);
  });
  try {
    socket._SNICallback(servername, answer);
  } catch (error) {
    socket.destroy(error);
  }
}

// --- Renegotiation.

/** Node documentation: "Client-initiated renegotiation attack mitigation". */
function onHandshakeStart(socket) {
  const { ssl } = socket;
  if (!socket._tlsOptions.isServer || !socket._secureEstablished) return;
  const now = performance.now();
  if (now - socket[kRenegotiationWindow] >= tls.CLIENT_RENEG_WINDOW * 1000) {
    socket[kRenegotiationWindow] = now;
    ssl.handshakes = 0;
  }
  ssl.handshakes++;
  if (socket[kRenegotiationDisabled]) {
    socket._emitTLSError(new codes.ERR_TLS_RENEGOTIATION_DISABLED());
    return;
  }
  if (ssl.handshakes > tls.CLIENT_RENEG_LIMIT) {
    socket._emitTLSError(new codes.ERR_TLS_SESSION_ATTACK());
  }
}

// --- Selections that OpenSSL waits for. undefined refuses, with an alert to the
// peer. What the user throws becomes the reason of the failure, and null tells C++ to send nothing.

/** @returns {string | undefined | null} */
function onalpnselect(socket, offered) {
  const protocols = [];
  for (let i = 0; i < offered.length; i += 1 + offered[i]) {
    protocols.push(offered.latin1Slice(i + 1, i + 1 + offered[i]));
  }
  try {
    const servername = socket.ssl.getServername() ?? false;
    const selected = socket._tlsOptions.ALPNCallback.call(socket, { servername, protocols });
    if (selected === undefined || protocols.includes(selected)) return selected;
    throw new codes.ERR_TLS_ALPN_CALLBACK_INVALID_RESULT(selected, protocols);
  } catch (error) {
    socket.ssl.failure = error;
    return null;
  }
}

/** @returns {{ psk: Buffer, identity: string } | undefined | null} */
function onpskclient(socket, hint, maxKeyLength, maxIdentityLength) {
  try {
    const answer = socket._tlsOptions.pskCallback(hint);
    if (answer === null || answer === undefined) return undefined;
    if (typeof answer !== 'object') throw new codes.ERR_INVALID_ARG_TYPE('ret', 'Object', answer);
    const { psk, identity } = answer;
    validateBuffer(psk, 'psk');
    if (psk.byteLength > maxKeyLength) {
      const reason = `${kPskMaxKey} ${maxKeyLength} bytes`;
      throw new codes.ERR_INVALID_ARG_VALUE('psk', psk, reason);
    }
    validateString(identity, 'identity');
    if (Buffer.byteLength(identity) > maxIdentityLength) {
      const reason = `${kPskMaxIdentity} ${maxIdentityLength} bytes`;
      throw new codes.ERR_INVALID_ARG_VALUE('identity', identity, reason);
    }
    return { psk, identity };
  } catch (error) {
    socket.ssl.failure = error;
    return null;
  }
}

/** @returns {Buffer | undefined | null} */
function onpskserver(socket, identity, maxKeyLength) {
  try {
    const answer = socket._tlsOptions.pskCallback(socket, identity);
    if (answer === null || answer === undefined) return undefined;
    const psk = ArrayBuffer.isView(answer) ? answer : answer.psk;
    if (!ArrayBuffer.isView(psk)) {
      const types = ['Buffer', 'TypedArray', 'DataView', 'Object'];
      throw new codes.ERR_INVALID_ARG_TYPE('ret', types, answer);
    }
    if (psk.byteLength > maxKeyLength) {
      const reason = `${kPskMaxKey} ${maxKeyLength} bytes`;
      throw new codes.ERR_INVALID_ARG_VALUE('psk', psk, reason);
    }
    return psk;
  } catch (error) {
    socket.ssl.failure = error;
    return null;
  }
}

module.exports = {
  configure,
  deliverEvent,
  kPendingSession,
  kRenegotiationDisabled,
  kSessionAllowed,
  onalpnselect,
  onpskclient,
  onpskserver,
  validateOffload,
  validateOptions,
};
