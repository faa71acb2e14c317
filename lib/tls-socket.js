'use strict';

const net = require('node:net');
const { addAbortSignal } = require('node:stream');

const { convertALPNProtocols } = require('./alpn');
const { Flag, binding, lastStatus, replaceTaken, takePlaintext } = require('./binding');
const { attempt, callEach } = require('./calls');
const { applyCommandLine } = require('./diagnostics');
const { codes, errnoException } = require('./errors');
const handshake = require('./handshake');
const info = require('./tls-socket-info');
const read = require('./tls-socket-read');
const write = require('./tls-socket-write');
const { NativeTransport } = require('./native-transport');
const { createSecureContext, prepareVerification } = require('./secure-context');
const { onceClosed } = require('./once-closed');
const { plainSocket } = require('./plain-socket');
const { StreamHandle } = require('./stream-handle');
const { StreamTransport } = require('./stream-transport');
const {
  TLSHandle,
  kAdvance,
  kBegun,
  kClosed,
  kReadEnd,
  kRefuse,
  kSelection,
  kTransport,
  kTransportClosed,
  kUnderlying,
} = require('./tls-handle');
const { UserBuffer } = require('./user-buffer');
const { UV_ECANCELED, UV_EOF, UV_EPROTO } = require('./uv');
const { WriteGatherer } = require('./write-gatherer');
const { nodeMajor } = require('./node-version');

const {
  kEndBehind,
  kEndStatus,
  kHalted,
  kHasAhead,
  kOnRead,
  kPush,
  kReading,
  kReceive,
  kStarted,
  kStreamHandle,
  kUnread,
} = read;
const { kFinal, kGatherer, kSendLast, kSettleWrite, kWriteCallback, kWritten } = write;
const kAttach = Symbol('kAttach');
const kBegin = Symbol('kBegin');
const kBeginning = Symbol('kBeginning');
const kDeliverEvent = Symbol('kDeliverEvent');
const kEarlyError = Symbol('kEarlyError');
const kFail = Symbol('kFail');
const kLostWrite = Symbol('kLostWrite');
const kSettle = Symbol('kSettle');
const kStart = Symbol('kStart');
const kTearDown = Symbol('kTearDown');
const kTurn = Symbol('kTurn');

/** Whether a write that was in flight when its socket was destroyed has failed. */
const kFailsInFlight = nodeMajor >= 22;

/** Sockets whose budget is spent until the event loop turns. */
let turning = [];

function turn() {
  const sockets = turning;
  turning = [];
  callEach(sockets, (socket) => {
    if (!socket.destroyed) socket[kTurn]();
  });
}

// What is held over for the next turn leaves all the same.
process.on('exit', turn);

/** A handle that C++ can take over: one of libuv's, with nothing between it and the network. */
function nativeHandle(socket) {
  if (!NativeTransport.isEnabled) return null;
  const handle = socket._handle;
  const name = handle?.constructor.name;
  return (name === 'TCP' || name === 'Pipe') && handle.fd >= 0 ? handle : null;
}

/**
 * Node documentation: class tls.TLSSocket.
 *
 * @param {import('node:stream').Duplex | null} [socket] - the transport; null: connect() will make one
 * @param {import('node:tls').TLSSocketOptions} [opts]
 */
function TLSSocket(socket, opts) {
  if (!(this instanceof TLSSocket)) return new TLSSocket(socket, opts);
  const options = { ...opts };
  if (options.ALPNProtocols) convertALPNProtocols(options.ALPNProtocols, options);
  handshake.validateOptions(options);
  const context = options.secureContext || createSecureContext(options);
  if (!(context.context instanceof binding.SecureContext)) {
    throw new codes.ERR_TLS_INVALID_CONTEXT('context');
  }
  if (!options.isServer || options.requestCert) prepareVerification(context.context);
  const handle = new TLSHandle(context.context, Boolean(options.isServer), this);
  const streamHandle = new StreamHandle(handle);
  const transport = socket ?? null;

  this._tlsOptions = options;
  this._secureEstablished = false;
  this._securePending = false;
  this._newSessionPending = false;
  this._controlReleased = false;
  this.secureConnecting = true;
  this._SNICallback = null;
  this.servername = null;
  this.alpnProtocol = null;
  this.authorized = false;
  this.authorizationError = null;
  this.encrypted = true;
  this.ssl = handle;
  this[kFinal] = null;
  this[kEndBehind] = 0;
  this[kEndStatus] = 0;
  this[kHalted] = false;
  this[kHasAhead] = false;
  this[kLostWrite] = null;
  this[kOnRead] = null;
  this[kReading] = false;
  this[kBeginning] = false;
  this[kBegun] = Boolean(options.isServer);
  this[kStarted] = false;
  this[kStreamHandle] = streamHandle;
  this[kUnread] = null;
  this[kWriteCallback] = null;
  this[kGatherer] = new WriteGatherer(this);

  const { signal } = options;
  const isAborted = signal?.aborted === true;
  net.Socket.call(this, {
    handle: transport === null ? undefined : streamHandle,
    allowHalfOpen: transport === null ? options.allowHalfOpen : transport.allowHalfOpen,
    pauseOnCreate: options.pauseOnConnect,
    manualStart: true,
    highWaterMark: options.highWaterMark,
    onread: transport === null ? options.onread : undefined,
    signal: isAborted ? undefined : signal,
  });
  this.server = options.server;
  this._requestCert = !options.isServer || Boolean(options.requestCert);
  this._rejectUnauthorized = Boolean(options.rejectUnauthorized);
  this[kUnderlying] = transport;
  if (transport === null) this.connecting = true;
  // net refreshes the timeouts of parents too.
  this._parent = transport instanceof net.Socket ? transport : null;
  if (transport === null && UserBuffer.isValid(options.onread)) {
    this[kOnRead] = new UserBuffer(options.onread);
  }

  this[kEarlyError] = (error) => this._tlsError(error);
  this.on('error', this[kEarlyError]);
  if (isAborted) {
    // Not in the constructor of Duplex, which makes the writable side after that, as good as new.
    addAbortSignal(signal, this);
    return;
  }
  handshake.configure(this);
  if (options.enableTrace) this.enableTrace();
  applyCommandLine(this);

  if (transport === null) {
    this.once('connect', () => {
      this[kAttach](null);
      this[kStart]();
    });
  } else if (transport.destroyed) {
    process.nextTick(() => this.destroy());
  } else if (transport.connecting || transport.pending) {
    this.connecting = true;
    transport.once('connect', () => {
      if (this.destroyed) return;
      this.connecting = false;
      this[kAttach](transport);
      this.emit('connect');
      this[kStart]();
    });
    transport.once('error', (error) => this.destroy(error));
    onceClosed(transport, () => this.destroy());
  } else {
    this[kAttach](transport);
    // In the next tick, so that the caller can still set the session and add listeners.
    process.nextTick(() => this[kStart]());
  }
}
Object.setPrototypeOf(TLSSocket.prototype, net.Socket.prototype);
Object.setPrototypeOf(TLSSocket, net.Socket);

// --- The transport.

/** Chooses the transport: native where C++ can read and write by itself. */
TLSSocket.prototype[kAttach] = function (socket) {
  const handle = this.ssl;
  const tcp =
    socket === null || (socket instanceof net.Socket && !socket.writableLength)
      ? nativeHandle(socket ?? this)
      : null;
  let transport = tcp && NativeTransport.attach(handle, tcp, socket);
  if (transport === null) {
    // What this socket has connected by itself goes to a plain one, which then carries ciphertext.
    socket ??= plainSocket(this._handle, this[kOnRead] !== null);
    transport = new StreamTransport(handle, socket);
  } else if (socket !== null) {
    socket.on('error', (error) => this._emitTLSError(error));
    onceClosed(socket, () => this[kTransportClosed]());
  }
  handle[kTransport] = transport;
  // While it was connecting, somebody may have asked the handle of net, and will come back.
  if (this._handle !== this[kStreamHandle]) this[kStreamHandle].expectConsumer();
  this._handle = this[kStreamHandle];
  if (this._pendingData !== null) {
    handle.bytesWritten += this._pendingData.length;
    this._pendingData = null;
  }
};

TLSSocket.prototype[kStart] = function () {
  if (this.destroyed) return;
  const transport = this.ssl[kTransport];
  this[kStarted] = true;
  this[kReading] = true;
  this.ssl.reading = true;
  // Bytes that came before C++ took over, such as a ClientHello after STARTTLS.
  const early = transport instanceof NativeTransport ? this[kUnderlying]?.read() : null;
  if (this[kBegun]) this[kBegin]();
  if (early && !this.destroyed) {
    this[kAdvance](this.ssl.receive(Buffer.from(early, this[kUnderlying].readableEncoding)));
  }
  if (this.destroyed) return;
  if (!this[kHalted]) transport.readStart();
  if (this[kUnderlying]?._readableState?.ended) this[kReadEnd](UV_EOF);
};

/**
 * Begins the handshake of a client, as tls.connect() does with its own. Otherwise it begins with the first write,
 * or with the first bytes of the peer.
 */
TLSSocket.prototype._start = function () {
  this[kBegun] = true;
  if (this[kStarted] && !this.destroyed) this[kBegin]();
};

TLSSocket.prototype[kBegin] = function () {
  this[kBeginning] = true;
  this[kAdvance](this.ssl.start());
  this[kBeginning] = false;
};

// --- What happens on the connection.

/** Deals with what the native side has announced (TLSWrap::Flag). */
TLSSocket.prototype[kAdvance] = function (flags, fromLoop = false) {
  if (flags === 0) return;
  // What nearly every call from the event loop is about.
  if (fromLoop && flags === Flag.kPlaintext) {
    this[kReceive](takePlaintext());
    return;
  }
  if (this.destroyed && !fromLoop) {
    // In _destroy(): what was written goes out, and the user hears of nothing else.
    if (flags & Flag.kOutput) this.ssl?.[kTransport].send();
    if (flags & Flag.kWritten) attempt(this, kSettleWrite);
    return;
  }
  if (flags & Flag.kStarved) replaceTaken();
  // Taken at once: any call into C++ may use the slab again.
  const plaintext = flags & Flag.kPlaintext ? takePlaintext() : null;
  const status = lastStatus();
  // The user may write in what follows, and the end of the peer come with that: it waits.
  const hadAhead = this[kHasAhead];
  this[kHasAhead] = hadAhead || plaintext !== null || (flags & Flag.kUnread) !== 0;
  if (flags & Flag.kWritten) attempt(this, kWritten);
  // The event loop comes back for each event; otherwise all of them are delivered now.
  while (flags & Flag.kEvent && attempt(this, kDeliverEvent) !== false && !fromLoop);
  if (flags & Flag.kUnread) attempt(this, kPush, this[kUnread]);
  if (plaintext !== null && !this.destroyed) attempt(this, kReceive, plaintext);
  this[kHasAhead] = hadAhead;
  const proceeds = !fromLoop && flags & (Flag.kEvent | Flag.kPlaintext | Flag.kStarved);
  // The end of a handshake leaves in one piece with what has waited for it, which follows now.
  const joins = proceeds && flags & Flag.kEvent && !(flags & Flag.kFailed);
  if (!this.destroyed) attempt(this, kSettle, joins ? flags & ~Flag.kOutput : flags, status);
  if (proceeds && !this.destroyed) this[kAdvance](this.ssl.proceed());
  if (this[kEndBehind] === 0 || hadAhead) return;
  const end = this[kEndBehind];
  this[kEndBehind] = 0;
  if (!this.destroyed) attempt(this, kReadEnd, end);
};

TLSSocket.prototype[kDeliverEvent] = function () {
  return handshake.deliverEvent(this);
};

TLSSocket.prototype[kSettle] = function (flags, status) {
  const handle = this.ssl;
  if (flags & Flag.kHeld) this[kGatherer].hold();
  if (flags & Flag.kHeldOver) this[kGatherer].holdOver();
  if (flags & Flag.kOutput) {
    // In one piece with what is written in this tick, such as the answer to what has come.
    if (flags & Flag.kPlaintext) this[kGatherer].hold();
    if (!this[kGatherer].waits) handle[kTransport].send();
  }
  if (flags & Flag.kHalted) {
    this[kHalted] = true;
    handle[kTransport].readStop();
  }
  if (flags & Flag.kTurn && turning.push(this) === 1) setImmediate(turn);
  if (flags & Flag.kShutdownDone) handle[kTransport].onShutdown(status);
  if (flags & Flag.kFailed) {
    const error = handle.takeError();
    this[kFail](handle.failure ?? error);
  }
  if (flags & Flag.kTransportError && !this.destroyed) {
    this.destroy(errnoException(status, 'write'));
  }
  if (flags & Flag.kPeerClosed && !this.destroyed) this[kReadEnd](UV_EOF);
  if (flags & Flag.kReadEnd && !this.destroyed) this[kReadEnd](status);
};

/** The event loop has turned: there are new budgets, and reading goes on where it was halted. */
TLSSocket.prototype[kTurn] = function () {
  const wasHalted = this[kHalted];
  this[kHalted] = false;
  this[kGatherer].endTurn();
  if (this.destroyed) return;
  this[kAdvance](this.ssl.turn());
  if (!wasHalted || this[kHalted] || this.destroyed) return;
  if (this[kReading]) this.ssl[kTransport].readStart();
  if (this[kEndStatus] !== 0) this[kReadEnd](this[kEndStatus]);
};

TLSSocket.prototype[kSelection] = function (name, args) {
  return handshake[name](this, ...args);
};

/** The transport was closed by somebody else; a write that was on its way is lost. */
TLSSocket.prototype[kTransportClosed] = function () {
  const loses = this._secureEstablished && this[kWriteCallback] !== null;
  this.destroy(loses ? errnoException(UV_ECANCELED, 'write') : undefined);
};

/** The TLS connection is lost; before the handshake is done the socket is of no use any more. */
TLSSocket.prototype[kFail] = function (error) {
  if (this._secureEstablished) {
    // A write on its way fails when the user destroys the socket, as in core.
    this._emitTLSError(error);
    return;
  }
  // First of all, or what the user does in the callbacks of writes would have Writable write on.
  const callback = this[kWriteCallback];
  this[kWriteCallback] = null;
  // A write that waited for the handshake is what fails, as in core: https requests have one.
  const failsWrite = callback !== null && error?.library !== undefined;
  const lost = failsWrite ? errnoException(UV_EPROTO, 'write', error.message) : error;
  // What is wrong with the options is told as it is.
  this.destroy(this[kBeginning] ? error : lost);
  callback?.(lost);
};

TLSSocket.prototype._emitTLSError = function (error) {
  const reported = this._tlsError(error);
  if (reported) {
    this._hadError = true;
    this.emit('error', reported);
  }
};

/** @returns {Error | null} null while the socket still belongs to whoever makes the connection */
TLSSocket.prototype._tlsError = function (error) {
  this.emit('_tlsError', error);
  return this._controlReleased ? error : null;
};

/**
 * The socket is handed over to the user, who listens for errors from now on.
 * @returns {boolean} false where that has been done before
 */
TLSSocket.prototype._releaseControl = function () {
  if (this._controlReleased) return false;
  this._controlReleased = true;
  this.removeListener('error', this[kEarlyError]);
  return true;
};

/** The handshake, or a renegotiation, is done. */
TLSSocket.prototype._finishInit = function () {
  if (this.destroyed) return;
  this.alpnProtocol = this.ssl.getALPNNegotiatedProtocol();
  this.servername ??= this.ssl.getServername() ?? false;
  this._secureEstablished = true;
  if (this._tlsOptions.handshakeTimeout > 0) this.setTimeout(0, this._handleTimeout);
  this.emit('secure');
  if (this[kFinal] !== null && !this.destroyed) this[kFinal]();
};

TLSSocket.prototype._handleTimeout = function () {
  this._tlsError(new codes.ERR_TLS_HANDSHAKE_TIMEOUT());
};

// --- The end.

/**
 * Node documentation: socket.resetAndDestroy(). As in core, only a plain socket can be reset: while this one
 * connects, net would take it for one.
 */
TLSSocket.prototype.resetAndDestroy = function () {
  if (!this.destroyed) throw new codes.ERR_INVALID_HANDLE_TYPE();
  return net.Socket.prototype.resetAndDestroy.call(this);
};

/** The peer is not whom it should be: nothing that was written for it leaves. */
TLSSocket.prototype[kRefuse] = function (error) {
  this[kGatherer].drop();
  this.destroy(error);
};

TLSSocket.prototype._destroy = function (error, callback) {
  try {
    // With an error too, as core has handed it to the kernel before.
    if (this.ssl) this[kSendLast]();
  } finally {
    this[kTearDown](error, callback);
  }
};

TLSSocket.prototype[kTearDown] = function (error, callback) {
  const connected = this.ssl?.[kTransport] != null;
  const unsettled = this[kWriteCallback];
  this[kWriteCallback] = null;
  net.Socket.prototype._destroy.call(this, error, callback);
  if (unsettled !== null) {
    // Before Node 22, 'error' or 'close' tells about the write in flight, and only those after it fail.
    if (!connected) {
      process.nextTick(unsettled, new codes.ERR_SOCKET_CLOSED_BEFORE_CONNECTION());
    } else if (!kFailsInFlight) {
      // Unless the user has called it back to life.
      process.nextTick(() =>
        unsettled(this.destroyed ? null : errnoException(UV_ECANCELED, 'write')),
      );
    } else {
      this[kLostWrite] = unsettled;
    }
  }
  this._destroySSL();
};

/**
 * Just before 'close'. A write that was in flight fails now and not earlier: http tells of the reason for it after
 * some ticks.
 */
TLSSocket.prototype[kClosed] = function () {
  const callback = this[kLostWrite];
  this[kLostWrite] = null;
  callback?.(errnoException(UV_ECANCELED, 'write'));
};

TLSSocket.prototype._destroySSL = function () {
  this.ssl?.destroySSL();
  this.ssl = null;
};

for (const { methods } of [read, write, info]) {
  Object.defineProperties(TLSSocket.prototype, Object.getOwnPropertyDescriptors(methods));
}

module.exports = { TLSSocket };
