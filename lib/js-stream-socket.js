'use strict';

const { Duplex } = require('node:stream');
const core = require('node:tls');

const kEmpty = { read() {} };

/**
 * Node's own class for a Duplex in the place of a net.Socket. Node has no name for it, but makes one for a
 * stream under TLS, and that is where packages look for it too (http2-wrapper, under got).
 */
function find() {
  // The default ciphers are the user's, who may have named none that exist.
  const options = { isServer: true, ciphers: 'HIGH' };
  const socket = new core.TLSSocket(new Duplex(kEmpty), options);
  const found = socket._handle?._parentWrap;
  const JSStreamSocket = found?.constructor;
  const JSStream = found?._handle?.constructor;
  socket.destroy();
  return typeof JSStream?.prototype.readBuffer === 'function' ? { JSStream, JSStreamSocket } : {};
}

/** JSStream is that of its handle: http's parser and http2's session read from it and write to it by themselves. */
const { JSStream = class {}, JSStreamSocket } = find();

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

module.exports = { JSStream, standFor };
