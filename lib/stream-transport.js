'use strict';

const net = require('node:net');

const { errnoException } = require('./errors');
const { onceClosed } = require('./once-closed');
const { StreamHandle } = require('./stream-handle');
const { kAdvance, kReadEnd, kTransportClosed } = require('./tls-handle');
const { UV_ENOTCONN, UV_EOF, UV_EPIPE } = require('./uv');

/**
 * Ciphertext through any Duplex: TLS in TLS, a socket whose handle is not to be had, a stream of the user.
 */
class StreamTransport {
  #pendingShutdown = null;

  /**
   * @param {import('./tls-handle').TLSHandle} handle
   * @param {import('node:stream').Duplex} stream
   */
  constructor(handle, stream) {
    this.handle = handle;
    this.stream = stream;
    /** What answers questions about addresses and options, if the stream has it. */
    this.tcp = stream._handle ?? null;
    // A TLSSocket hands its plaintext over without going through its stream.
    this.outer = stream._handle instanceof StreamHandle ? stream._handle : null;
    if (this.outer === null) {
      // First of all, so that the listener does not set it flowing: the socket says when to read.
      stream.pause();
      stream.on('data', (chunk) => this.#receive(chunk));
    } else this.outer.readInto((plaintext) => this.#receive(plaintext));
    // The peer's end must not end it: what we have to send may still be on its way.
    if (stream instanceof net.Socket) stream.allowHalfOpen = true;
    stream.on('end', () => this.#end(UV_EOF));
    stream.on('error', (error) => this.#failed(error));
    onceClosed(stream, () => this.#closed());
    if (stream.readableEnded) process.nextTick(() => this.#end(UV_EOF));
  }

  #receive(chunk) {
    const owner = this.handle.owner;
    if (owner.destroyed) return;
    const bytes =
      typeof chunk === 'string' ? Buffer.from(chunk, this.stream.readableEncoding) : chunk;
    owner[kAdvance](this.handle.receive(bytes));
  }

  #end(status) {
    if (!this.handle.owner.destroyed) this.handle.owner[kReadEnd](status);
  }

  /** A socket that fails ends with its error, as the native transport would; other streams close when they please. */
  #failed(error) {
    const { owner } = this.handle;
    if (!(this.stream instanceof net.Socket) || this.outer !== null) owner._emitTLSError(error);
    // Otherwise it is no news, as in kReadEnd.
    else if (!owner._hadError) owner.destroy(error);
  }

  /** A stream that has come to its end in both directions takes nothing away that is still to be read. */
  #closed() {
    const { owner } = this.handle;
    const { readableEnded, writableFinished, errored } = this.stream;
    const unread = owner.readableLength > 0 && !owner.destroyed;
    if (readableEnded && writableFinished && !errored && unread) {
      owner.once('end', () => owner[kTransportClosed]());
    } else {
      owner[kTransportClosed]();
    }
  }

  readStart() {
    if (this.outer === null) {
      this.stream.resume();
      return;
    }
    const early = this.stream.read();
    if (early !== null) this.#receive(early);
    this.outer.readStart();
  }

  readStop() {
    if (this.outer === null) this.stream.pause();
    else this.outer.readStop();
  }

  /** Passes on the ciphertext that C++ has ready; the next comes when the stream has dealt with it. */
  send() {
    const ciphertext = this.handle.takeOutput();
    if (ciphertext === undefined) return;
    if (this.stream instanceof net.Socket && this.stream.writableEnded) {
      this.#lose();
      return;
    }
    this.stream.write(ciphertext, (error) => error || this.#sent());
  }

  #sent() {
    const { owner } = this.handle;
    if (owner.destroyed) return;
    owner[kAdvance](this.handle.sent());
    this.#pendingShutdown?.();
  }

  /** The user has ended the socket below: an answer to the peer's end has come too late, all else is a failed write. */
  #lose() {
    const { owner } = this.handle;
    if (owner.destroyed) return;
    if (owner.readableEnded) process.nextTick(() => this.#sent());
    else owner.destroy(errnoException(UV_EPIPE, 'write'));
  }

  /** Ends the stream after what is queued. */
  shutdown(callback) {
    if (this.handle.writeQueueSize > 0 && !this.stream.destroyed) {
      this.#pendingShutdown = () => this.shutdown(callback);
      return;
    }
    this.#pendingShutdown = null;
    if (this.stream.writable === false || this.stream.destroyed) {
      process.nextTick(callback, UV_ENOTCONN);
    } else {
      this.stream.end(() => callback(0));
    }
  }

  close(callback) {
    if (this.stream.closed || this.stream.destroyed) {
      setImmediate(callback);
      return;
    }
    // 'error' comes before 'close', and is yet to come.
    // The first to hear of it, as others may throw.
    this.stream.prependOnceListener('close', () => setImmediate(callback));
    this.stream.destroy();
  }

  ref() {
    this.stream.ref?.();
  }

  unref() {
    this.stream.unref?.();
  }
}

module.exports = { StreamTransport };
