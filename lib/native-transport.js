'use strict';

const { onceClosed } = require('./once-closed');
const { kAdvance } = require('./tls-handle');

/** Where a libuv handle of Node keeps the TLS handle that reads and writes in its place. */
const kTlsHandle = Symbol('kTlsHandle');

/** Whoever closes the libuv handle: C++ lets go of it first, for Node frees it afterwards. */
function closeDetached(...args) {
  this[kTlsHandle].detach();
  return Object.getPrototypeOf(this).close.apply(this, args);
}

function resetDetached(...args) {
  this[kTlsHandle].detach();
  return Object.getPrototypeOf(this).reset.apply(this, args);
}

/** Node has counted what went through the libuv handle before, and C++ what has since then. */
function counter(name, counted) {
  return {
    configurable: true,
    get() {
      return Reflect.get(Object.getPrototypeOf(this), name, this) + this[kTlsHandle][counted]();
    },
  };
}
const counters = {
  bytesRead: counter('bytesRead', 'transportBytesRead'),
  bytesWritten: counter('bytesWritten', 'transportBytesWritten'),
};

/**
 * Ciphertext through Node's own libuv handle, without JavaScript. The net.Socket stays the owner of the
 * handle; C++ reads and writes on it until it is closed.
 */
class NativeTransport {
  /**
   * @param {import('./tls-handle').TLSHandle} handle
   * @param {object} tcp - the connected TCP or Pipe handle of a net.Socket
   * @param {import('node:net').Socket | null} socket - its owner, null when that is the TLSSocket itself
   * @returns {NativeTransport | null} null where the descriptor has no handle on the loop
   */
  static attach(handle, tcp, socket) {
    return handle.attach(tcp.fd) ? new NativeTransport(handle, tcp, socket) : null;
  }

  constructor(handle, tcp, socket) {
    this.handle = handle;
    this.tcp = tcp;
    this.socket = socket;
    tcp[kTlsHandle] = handle;
    Object.defineProperties(tcp, counters);
    tcp.close = closeDetached;
    if (tcp.reset) tcp.reset = resetDetached;
    // net would start to read from the handle otherwise.
    tcp.reading = true;
  }

  readStart() {
    this.handle.readTransport();
  }

  readStop() {
    this.handle.pauseTransport();
  }

  /** Nothing to do: C++ sends what it has. */
  send() {}

  /**
   * Sends FIN.
   * @param {(status: number) => void} callback - 0 or a libuv error
   */
  shutdown(callback) {
    this.onShutdown = callback;
    this.handle.owner[kAdvance](this.handle.shutdownTransport());
  }

  close(callback) {
    if (this.socket === null) {
      this.tcp.close(callback);
    } else if (this.socket.closed) {
      setImmediate(callback);
    } else {
      onceClosed(this.socket, callback);
      this.socket.destroy();
    }
  }

  ref() {
    this.tcp.ref();
  }

  unref() {
    this.tcp.unref();
  }
}

module.exports = { NativeTransport };
