'use strict';

/** The methods of TLSSocket that read: plaintext goes to a native reader, to the buffer of the user, or to the stream. */

const { giveBackPlaintext, takePlaintext } = require('./binding');
const { errnoException } = require('./errors');
const { kConsume, kPauseReading, kReadEnd, kTransport } = require('./tls-handle');
const { UV_EOF } = require('./uv');

const kEndStatus = Symbol('kEndStatus');
const kHalted = Symbol('kHalted');
/** Data that is about to be pushed, and an end that has come meanwhile. */
const kHasAhead = Symbol('kHasAhead');
const kEndBehind = Symbol('kEndBehind');
const kIsUnused = Symbol('kIsUnused');
const kOffer = Symbol('kOffer');
const kOnRead = Symbol('kOnRead');
const kPush = Symbol('kPush');
const kReading = Symbol('kReading');
const kReceive = Symbol('kReceive');
const kStarted = Symbol('kStarted');
const kStreamHandle = Symbol('kStreamHandle');
const kUnread = Symbol('kUnread');

const methods = {
  /**
   * Offers plaintext to a native reader.
   * @returns {Buffer | null} what is left of it for the stream
   */
  [kOffer](plaintext) {
    this.ssl.bytesRead += plaintext.length;
    this._unrefTimer();
    const rest = this[kStreamHandle].consume(plaintext);
    if (rest === 0) giveBackPlaintext(plaintext);
    if (rest === 0 || this.destroyed) return null;
    return rest < plaintext.length ? plaintext.subarray(-rest) : plaintext;
  },

  [kReceive](plaintext) {
    const rest = this[kOffer](plaintext);
    if (rest !== null) this[kPush](rest);
  },

  [kPush](plaintext) {
    this[kUnread] = null;
    const wantsMore = this[kOnRead] === null ? this.push(plaintext) : this[kOnRead].push(plaintext);
    if (!wantsMore) this[kPauseReading]();
  },

  [kPauseReading]() {
    if (!this[kReading] || this.destroyed) return;
    this[kReading] = false;
    this.ssl.reading = false;
    this.ssl[kTransport].readStop();
  },

  _read() {
    if (this[kReading] || !this[kStarted] || this.destroyed) return;
    this[kReading] = true;
    this.ssl.reading = true;
    if (this[kOnRead]?.resume() === false) this[kPauseReading]();
    // The callback of `onread` may have destroyed it.
    if (!this[kReading] || this[kHalted] || this.destroyed) return;
    this.ssl[kTransport].readStart();
    if (this[kEndStatus] !== 0) this[kReadEnd](this[kEndStatus]);
  },

  /**
   * Whether nothing has been read or written, and nobody reads. When such a socket is ended in 'secureConnection',
   * what the peer has sent together with the end of its handshake is dropped, as core does even where somebody reads:
   * it would keep the socket from its 'end'.
   */
  [kIsUnused]() {
    const { bytesRead, bytesWritten } = this.ssl;
    const reads = this.readableFlowing !== null || this.listenerCount('readable') > 0;
    return !reads && bytesRead === 0 && bytesWritten === 0;
  },

  /** The event loop has plaintext for a native reader, who gets it with no callback on the stack (TLSWrap::Notify). */
  [kConsume]() {
    this[kUnread] = this[kOffer](takePlaintext());
    return this[kUnread] === null;
  },

  [kReadEnd](status) {
    if (this[kHasAhead]) {
      this[kEndBehind] = status;
      return;
    }
    // What came before it has not been decrypted yet, or not been taken by `onread`.
    if (this[kHalted] || this[kOnRead]?.hasRest) {
      this[kEndStatus] = status;
      return;
    }
    // How a connection ends that has failed before, such as with the peer's alert, is no news.
    if (status !== UV_EOF && !this._hadError) {
      this.destroy(errnoException(status, 'read'));
    } else if (!this._readableState.ended && !this[kStreamHandle].consumeEnd()) {
      this.push(null);
      this.read(0);
    }
  },
};

module.exports = {
  methods,
  kEndBehind,
  kEndStatus,
  kHalted,
  kHasAhead,
  kIsUnused,
  kOnRead,
  kPush,
  kReading,
  kReceive,
  kStarted,
  kStreamHandle,
  kUnread,
};
