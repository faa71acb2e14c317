'use strict';

const { onceClosed } = require('./once-closed');
const { kAdvance } = require('./tls-handle');

/** Where a libuv handle of Node keeps the TLS handle that reads and writes in its place. */
const kTlsHandle = Symbol('kTlsHandle');

/** By the prototype of a libuv handle of Node, that of one which C++ has taken over. */
const takenPrototypes = new Map();

/**
 * Whoever closes the libuv handle: C++ lets go of it first, for Node frees it afterwards. Node has counted what went
 * through it before, and C++ what has since then. A prototype, because accessors of each handle take long to define.
 */
function takenPrototype(prototype) {
  const detaching = (name) => ({
    configurable: true,
    writable: true,
    value(...args) {
      this[kTlsHandle].detach();
      return prototype[name].apply(this, args);
    },
  });
  const counter = (name, counted) => ({
    get() {
      return Reflect.get(prototype, name, this) + this[kTlsHandle][counted]();
    },
  });
  return Object.create(prototype, {
    close: detaching('close'),
    ...(prototype.reset && { reset: detaching('reset') }),
    bytesRead: counter('bytesRead', 'transportBytesRead'),
    bytesWritten: counter('bytesWritten', 'transportBytesWritten'),
  });
}

function take(tcp, handle) {
  const prototype = Object.getPrototypeOf(tcp);
  // Unless another TLS handle has had it before.
  if (tcp[kTlsHandle] === undefined) {
    if (!takenPrototypes.has(prototype)) takenPrototypes.set(prototype, takenPrototype(prototype));
    Object.setPrototypeOf(tcp, takenPrototypes.get(prototype));
  }
  tcp[kTlsHandle] = handle;
}

/**
 * Ciphertext through Node's own libuv handle, without JavaScript. The net.Socket stays the owner of the
 * handle; C++ reads and writes on it until it is closed.
 */
class NativeTransport {
  /** Whether it is taken where it can be; for tests and the search for defects. */
  static isEnabled = process.env.NAPI_TLS_TRANSPORT !== 'stream';

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
    take(tcp, handle);
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
