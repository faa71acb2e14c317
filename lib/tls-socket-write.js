'use strict';

/** The methods of TLSSocket that write: what the application gives goes to the native side, in order. */

const { Flag } = require('./binding');
const { codes, errnoException } = require('./errors');
const { kAdvance, kBegun, kSend, kTransport, kWrite, kWriteNow } = require('./tls-handle');
const { kIsUnused } = require('./tls-socket-read');
const { UV_ENOTCONN } = require('./uv');

const kCount = Symbol('kCount');
const kFinal = Symbol('kFinal');
const kGather = Symbol('kGather');
const kGatherer = Symbol('kGatherer');
const kSendLast = Symbol('kSendLast');
const kSettleWrite = Symbol('kSettleWrite');
const kWriteCallback = Symbol('kWriteCallback');
const kWritten = Symbol('kWritten');

/** Longest group of buffered writes that is copied together for one call. */
const kMaxGroup = 1024 * 1024;

/** Turns that a socket gets at once when it is destroyed: what is gathered takes two. */
const kMaxLastTurns = 4;

const methods = {
  _write(chunk, encoding, callback) {
    if (chunk.length === 0) {
      callback();
      return;
    }
    if (this[kGather](chunk, encoding)) {
      callback();
      return;
    }
    this[kWriteNow](typeof chunk === 'string' ? Buffer.from(chunk, encoding) : chunk, callback);
  },

  /** While nothing stands in the way, a small write is as good as sent. */
  [kGather](chunk, encoding) {
    if (!this._secureEstablished || this[kWriteCallback] !== null || !this.ssl) return false;
    const size = this[kGatherer].add(chunk, encoding);
    if (size < 0) return false;
    this.ssl.bytesWritten += size;
    return true;
  },

  /**
   * After what has been gathered.
   * @param {boolean} [moreFollows] - in this tick: it may be held
   */
  [kWriteNow](bytes, callback, moreFollows = true) {
    this[kGatherer].flush();
    this[kCount](bytes);
    this[kWrite](bytes, bytes.length, callback, moreFollows);
  },

  _writev(chunks, callback) {
    let gathered = 0;
    while (gathered < chunks.length) {
      const { chunk, encoding } = chunks[gathered];
      if (!this[kGather](chunk, encoding)) break;
      gathered++;
    }
    if (gathered === chunks.length) {
      callback();
      return;
    }
    const groups = [[]];
    let size = 0;
    for (const { chunk, encoding } of chunks.slice(gathered)) {
      const bytes = typeof chunk === 'string' ? Buffer.from(chunk, encoding) : chunk;
      // Also where its memory has been transferred away since it was written.
      if (bytes.length === 0) continue;
      if (size > 0 && size + bytes.length > kMaxGroup) {
        groups.push([]);
        size = 0;
      }
      size += bytes.length;
      groups.at(-1).push(bytes);
    }
    let next = 0;
    const writeGroup = (error) => {
      if (error || next === groups.length) {
        callback(error);
        return;
      }
      const group = groups[next++];
      const bytes = group.length === 1 ? group[0] : Buffer.concat(group);
      this._write(bytes, 'buffer', writeGroup);
    };
    writeGroup();
  },

  [kCount](bytes) {
    if (!this.ssl) return;
    if (this.ssl[kTransport] === null) this._pendingData = bytes;
    else this.ssl.bytesWritten += bytes.length;
  },

  /**
   * Writes the first `size` bytes. One write at a time; `callback` comes when the transport has taken all of it, or
   * holds it for the rest of this tick.
   */
  [kWrite](bytes, size, callback, moreFollows) {
    if (this[kWriteCallback] !== null) {
      // A gathered block is on its way still: after it.
      const first = this[kWriteCallback];
      this[kWriteCallback] = (error) => {
        first(error);
        if (error) callback(error);
        else this[kWrite](bytes, size, callback, moreFollows);
      };
      return;
    }
    if (!this.ssl) {
      callback(new codes.ERR_STREAM_DESTROYED('write'));
      return;
    }
    this._unrefTimer();
    this[kWriteCallback] = callback;
    const flags = this.ssl.write(bytes, size, moreFollows);
    if (flags === Flag.kWritten) this[kSettleWrite]();
    else this[kAdvance](flags);
    if (!this[kBegun]) this._start();
  },

  /** What the native side has held back goes out. */
  [kSend]() {
    if (this.ssl?.[kTransport]) this[kAdvance](this.ssl.flush());
  },

  /**
   * What has been gathered is as good as sent: no budget holds it back any more. A write that waits for a handshake
   * never goes out with it: the peer may just have been refused.
   */
  [kSendLast]() {
    if (!this[kGatherer].hasUnsent) return;
    this[kGatherer].send();
    let flags = Flag.kTurn;
    for (let turns = 0; turns < kMaxLastTurns && flags & (Flag.kWritten | Flag.kTurn); turns++) {
      flags = this.ssl.turn();
      this[kAdvance](flags);
    }
  },

  [kWritten]() {
    this._unrefTimer();
    this[kSettleWrite]();
  },

  [kSettleWrite]() {
    const callback = this[kWriteCallback];
    this[kWriteCallback] = null;
    callback?.(null);
  },

  _final(callback) {
    const finish = () => {
      this[kFinal] = null;
      this[kGatherer].flush();
      if (this[kWriteCallback] !== null) {
        const first = this[kWriteCallback];
        this[kWriteCallback] = (error) => {
          first(error);
          finish();
        };
        return;
      }
      if (this.destroyed) return;
      if (!this._secureEstablished) {
        callback();
        return;
      }
      // A peer that is gone does not miss the alert.
      this.ssl.isShutdown = true;
      const flags = this.ssl.closeNotify(this[kIsUnused]());
      this[kAdvance](flags & ~Flag.kTransportError);
      if (this.destroyed) return;
      this.ssl[kTransport].shutdown((status) => {
        const lost = status !== 0 && status !== UV_ENOTCONN;
        callback(lost ? errnoException(status, 'shutdown') : undefined);
      });
    };
    // A handshake that can still be finished comes first; the peer's end says that it cannot.
    const waits = this.connecting || (!this._secureEstablished && !this._readableState.ended);
    if (waits) this[kFinal] = finish;
    else finish();
  },
};

/** What has been written and is not with the kernel yet, gathered bytes included. */
Object.defineProperty(methods, 'bufferSize', {
  configurable: true,
  get() {
    return this._handle ? this.writableLength + this[kGatherer].size : undefined;
  },
});

module.exports = {
  methods,
  kFinal,
  kGatherer,
  kSendLast,
  kSettleWrite,
  kWriteCallback,
  kWritten,
};
