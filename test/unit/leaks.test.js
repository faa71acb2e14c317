'use strict';

const assert = require('node:assert/strict');
const { execFile } = require('node:child_process');
const path = require('node:path');

const connections = process.env.NAPI_TLS_LONG === '1' ? 10_000 : 2000;
const kPatience = 120_000; // milliseconds

// AddressSanitizer keeps what has been freed.
const describeUnlessAsan = process.env.NAPI_TLS_ASAN ? describe.skip : describe;

describeUnlessAsan('connections one after the other', function () {
  this.timeout(kPatience);
  // What the allocator keeps goes up and down by as much as the limit; a leak only goes up.
  this.retries(1);
  for (const transport of ['native', 'stream']) {
    it(`leave no memory and no descriptors behind [${transport} transport]`, async () => {
      const script = path.join(__dirname, '..', 'leaks.js');
      const args = ['--expose-gc', script, String(connections), transport];
      const error = await new Promise((resolve) => {
        execFile(process.execPath, args, { timeout: kPatience }, (failure) => resolve(failure));
      });
      assert.equal(error, null, error?.message);
    });
  }
});
