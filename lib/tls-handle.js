'use strict';

const net = require('node:net');

const { binding } = require('./binding');
const { standFor } = require('./js-stream-socket');
const { nodeMajor } = require('./node-version');

/** Since Node 24 the message of these failures says what may help. */
const kHintsAtSystemCa = nodeMajor >= 24;
const kMayBeLocal = new Set([
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
]);
const kSystemCaHint =
  'if the root CA is installed locally, try running Node.js with --use-system-ca';

/** The slots that the files of this layer share. */
const kUnderlying = Symbol('kUnderlying');
const kTransport = Symbol('kTransport');
const kTransportClosed = Symbol('kTransportClosed');
const kWriteNow = Symbol('kWriteNow');
const kAdvance = Symbol('kAdvance');
const kBegun = Symbol('kBegun');
const kClosed = Symbol('kClosed');
const kConsume = Symbol('kConsume');
const kPauseReading = Symbol('kPauseReading');
const kReadEnd = Symbol('kReadEnd');
const kSelection = Symbol('kSelection');
const kRefuse = Symbol('kRefuse');
const kSend = Symbol('kSend');
const kWrite = Symbol('kWrite');
const kStand = Symbol('kStand');

/**
 * `socket.ssl` of a TLSSocket, and behind `socket._handle`: the native connection, with the members of a libuv
 * stream handle that net.Socket and npm packages use. What concerns the transport goes to the transport.
 */
class TLSHandle extends binding.TLSWrap {
  /**
   * @param {object} context - native SecureContext
   * @param {boolean} isServer
   * @param {import('node:tls').TLSSocket} owner
   */
  constructor(context, isServer, owner) {
    super(context, isServer);
    this.owner = owner;
    this.reading = false;
    this.bytesRead = 0;
    this.bytesWritten = 0;
    /** close_notify was sent: nothing more can be written. */
    this.isShutdown = false;
    /** Renegotiations in the current window. */
    this.handshakes = 0;
    /** What the user's ALPN or PSK callback threw: why the handshake has failed. */
    this.failure = null;
    this[kTransport] = null;
    this[kStand] = null;
  }

  get fd() {
    return this[kTransport]?.tcp?.fd ?? -1;
  }

  /** The event loop brings what `flags` announce (TLSWrap::Notify). */
  onactivity(flags) {
    this.owner[kAdvance](flags, true);
  }

  /** The event loop brings plaintext for a native reader. */
  onconsume() {
    return this.owner[kConsume]();
  }

  /** The handle below. */
  get _parent() {
    return this[kTransport]?.tcp ?? null;
  }

  /** The socket below, null where there is no other; packages get at a class of Node by it (js-stream-socket.js). */
  get _parentWrap() {
    const stream = this.owner[kUnderlying];
    if (stream === null || (stream instanceof net.Socket && stream._handle)) return stream;
    this[kStand] ??= standFor(stream);
    return this[kStand];
  }

  getCertificate() {
    return this.owner.getCertificate();
  }

  getPeerCertificate(detailed) {
    return this.owner.getPeerCertificate(detailed);
  }

  getX509Certificate() {
    return this.owner.getX509Certificate();
  }

  getPeerX509Certificate() {
    return this.owner.getPeerX509Certificate();
  }

  /** Ends the connection to the transport, and the transport; `callback` is called when it is closed. */
  close(callback) {
    const transport = this[kTransport];
    const closed = () => {
      this.owner[kClosed]();
      callback?.call(this);
    };
    if (transport === null) {
      // It may be no stream at all.
      this.owner[kUnderlying]?.destroy?.();
      setImmediate(closed);
    } else {
      transport.close(closed);
    }
  }

  /** @returns {Error | null | undefined} why the peer's certificate is not trusted, in the words of the running Node */
  verifyError() {
    const error = super.verifyError();
    if (!kHintsAtSystemCa || !kMayBeLocal.has(error?.code)) return error;
    const hinted = new Error(`${error.message}; ${kSystemCaHint}`);
    hinted.code = error.code;
    return hinted;
  }

  /** What net.Socket calls to go on reading for `onread`. */
  readStart() {
    this.owner._read();
    return 0;
  }

  readStop() {
    this.owner[kPauseReading]();
    return 0;
  }

  /** The buffer of `onread` is filled by the socket (user-buffer.js). */
  useUserBuffer() {}

  ref() {
    this[kTransport]?.ref();
  }

  unref() {
    this[kTransport]?.unref();
  }

  hasRef() {
    return this[kTransport]?.tcp?.hasRef() ?? false;
  }

  /** Since Node 26.12: whether the kernel has bytes for it. http.Agent drops an idle connection that has. */
  hasPendingRead() {
    return this[kTransport]?.tcp?.hasPendingRead?.();
  }

  setNoDelay(...args) {
    return this[kTransport]?.tcp?.setNoDelay?.(...args) ?? 0;
  }

  setKeepAlive(...args) {
    return this[kTransport]?.tcp?.setKeepAlive?.(...args) ?? 0;
  }

  getpeername(out) {
    return this[kTransport]?.tcp?.getpeername?.(out) ?? -1;
  }

  getsockname(out) {
    return this[kTransport]?.tcp?.getsockname?.(out) ?? -1;
  }
}

// ALPN and PSK are asked for while OpenSSL is on the stack (TLSWrap::Select).
for (const name of ['onalpnselect', 'onpskclient', 'onpskserver']) {
  TLSHandle.prototype[name] = function (...args) {
    return this.owner[kSelection](name, args);
  };
}

// One pair for the addon, over which these files may be loaded again: each handle has methods of its own.
binding.setCallbacks(
  function onActivity(flags) {
    this.onactivity(flags);
  },
  function onConsume() {
    return this.onconsume();
  },
);

module.exports = {
  TLSHandle,
  kAdvance,
  kBegun,
  kClosed,
  kConsume,
  kPauseReading,
  kReadEnd,
  kSelection,
  kRefuse,
  kSend,
  kTransport,
  kTransportClosed,
  kUnderlying,
  kWrite,
  kWriteNow,
};
