'use strict';

const net = require('node:net');

const kReadBufferSize = 64 * 1024;

/**
 * A socket for ciphertext, over the handle of a TLSSocket that has connected by itself.
 *
 * @param {object} handle - of libuv, connected
 * @param {boolean} hasUserBuffer - whether net reads from it into the buffer of `onread`
 * @returns {import('node:net').Socket}
 */
function plainSocket(handle, hasUserBuffer) {
  const options = { handle, allowHalfOpen: true, manualStart: true };
  if (hasUserBuffer) {
    // net has set the handle to read into the buffer of the user, who waits for plaintext.
    options.onread = {
      buffer: Buffer.allocUnsafeSlow(kReadBufferSize),
      callback: (size, buffer) => socket.push(Buffer.from(buffer.subarray(0, size))),
    };
  }
  const socket = new net.Socket(options);
  return socket;
}

module.exports = { plainSocket };
