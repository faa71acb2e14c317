'use strict';

/**
 * @param {NodeJS.ArrayBufferView} view
 * @returns {Buffer} over the same memory; empty where that has been transferred to somebody else
 */
function bytesOf(view) {
  const { buffer, byteOffset, byteLength } = view;
  return byteLength === 0 ? Buffer.alloc(0) : Buffer.from(buffer, byteOffset, byteLength);
}

module.exports = { bytesOf };
