'use strict';

const assert = require('node:assert/strict');
const { execFile } = require('node:child_process');
const path = require('node:path');

const { NAPI_TLS_ASAN, NAPI_TLS_LONG } = process.env;
const rounds = NAPI_TLS_LONG === '1' ? 40 : NAPI_TLS_ASAN === '1' ? 4 : 3;
const child = path.join(__dirname, 'environments-child.js');
const exiting = path.join(__dirname, 'exit-child.js');

/** Runs a program to its end. */
function run(args, transport, timeout, program = child) {
  const env = { ...process.env, NAPI_TLS_TRANSPORT: transport };
  return new Promise((resolve) => {
    execFile(process.execPath, [program, ...args], { env, timeout }, (error, stdout, stderr) => {
      const { code = 0, signal = null } = error ?? {};
      resolve({ code, signal, stdout, stderr });
    });
  });
}

for (const transport of ['native', 'stream']) {
  describe(`an environment that ends [${transport} transport]`, function () {
    // Much more than it takes: the machine may have few processors, and other things to do.
    this.timeout(rounds * 10_000 + 30_000);

    it('is one of eight workers that talk to each other, terminated in handshakes and transfers', async () => {
      const outcome = await run(['terminate', String(rounds)], transport, rounds * 10_000 + 20_000);
      const { code, signal, stdout, stderr } = outcome;
      assert.deepEqual({ code, signal }, { code: 0, signal: null }, stderr);
      assert.equal(stdout.trim(), `${rounds * 8} terminated, still here`);
    });

    it('is a process that exits in any callback', async () => {
      const moments = (await run([], transport, 10_000, exiting)).stdout.trim().split(',');
      assert(moments.length > 25);
      // As many at a time as a small machine can do.
      while (moments.length > 0) {
        const some = moments.splice(0, 4);
        const outcomes = some.map((moment) => run([moment], transport, 20_000, exiting));
        for (const [i, { code, signal, stderr }] of (await Promise.all(outcomes)).entries()) {
          assert.deepEqual(
            { code, signal, stderr },
            { code: 7, signal: null, stderr: '' },
            some[i],
          );
        }
      }
    });

    for (const moment of [
      'connect',
      'keylog',
      'secureConnect',
      'secureConnection',
      'data',
      'server data',
      'write callback',
      'writes in flight',
    ]) {
      it(`is a process that exits at '${moment}'`, async () => {
        const { code, signal, stderr } = await run(['exit', moment], transport, 10_000);
        assert.deepEqual({ code, signal, stderr }, { code: 7, signal: null, stderr: '' });
      });
    }
  });
}
