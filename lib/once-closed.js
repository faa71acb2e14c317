'use strict';

/**
 * Calls back when a stream is closed: at 'close', or right after it where a listener of somebody else has thrown, so
 * that those after it are not called.
 *
 * @param {import('node:stream').Duplex} stream
 * @param {() => void} callback
 */
function onceClosed(stream, callback) {
  let isCalled = false;
  const call = () => {
    if (isCalled) return;
    isCalled = true;
    callback();
  };
  stream.prependOnceListener('close', () => setImmediate(call));
  stream.once('close', call);
}

module.exports = { onceClosed };
