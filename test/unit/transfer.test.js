'use strict';

const assert = require('node:assert/strict');
const { execFile } = require('node:child_process');
const path = require('node:path');
const { promisify } = require('node:util');

const child = path.join(__dirname, 'transfer-child.js');

// Chunks are slices of memory that sockets share.
describe('the memory of a chunk', function () {
  this.timeout(15_000);
  for (const transport of ['native', 'stream']) {
    for (const way of ['structuredClone', 'postMessage', 'transfer', 'streams']) {
      it(`may be transferred by ${way}, and nobody loses anything [${transport} transport]`, async () => {
        const env = { ...process.env, NAPI_TLS_TRANSPORT: transport };
        const options = { env, timeout: 12_000 };
        const { stdout } = await promisify(execFile)(process.execPath, [child, way], options);
        assert.equal(stdout.trim(), 'intact');
      });
    }
  }
});
