'use strict';

const { Duplex } = require('node:stream');
const core = require('node:tls');

const kEmpty = { read() {} };

/**
 * Node's own class for a Duplex in the place of a net.Socket. Node has no name for it, but makes one for a
 * stream under TLS, and that is where packages look for it too (http2-wrapper, under got).
 */
function find() {
  // A context of tls.createSecureContext() would need ciphers that exist, and read Node's roots, which takes 20 ms.
  const secureContext = new core.SecureContext();
  const socket = new core.TLSSocket(new Duplex(kEmpty), { isServer: true, secureContext });
  const found = socket._handle?._parentWrap;
  const handle = found?._handle;
  const usable = typeof handle?.readBuffer === 'function';
  const classes = usable && {
    JSStreamSocket: found.constructor,
    JSStream: handle.constructor,
    onStreamRead: handle.onread,
    ownerSymbol: Object.getOwnPropertySymbols(handle).find((symbol) => handle[symbol] === found),
  };
  // The socket is left to the garbage collector: to destroy it would give the event loop turns that it has not.
  return classes || {};
}

const {
  JSStreamSocket,
  /** The class of its handle: http's parser and http2's session read from it and write to it by themselves. */
  JSStream = class {},
  /** What net has a handle call for each read. */
  onStreamRead,
  /** Where a handle keeps the socket that it belongs to. */
  ownerSymbol,
} = find();

/**
 * What stands for a stream that has TLS over it: it writes to the stream and destroys it, but leaves the reading
 * to the TLS connection.
 *
 * @param {Duplex} stream
 * @returns {import('node:net').Socket | null} null where this Node has no such class
 */
function standFor(stream) {
  if (JSStreamSocket === undefined) return null;
  const socket = new JSStreamSocket(new Duplex(kEmpty));
  socket.stream = stream;
  return socket;
}

module.exports = { JSStream, onStreamRead, ownerSymbol, standFor };
