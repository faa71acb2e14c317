'use strict';

const assert = require('node:assert/strict');
const { execFile, execFileSync } = require('node:child_process');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { versions } = require('../conformance/scene');

const kPatience = 60_000; // milliseconds for one child
const kStep = process.env.NAPI_TLS_LONG === '1' ? 1 : 3;
const kUnharmed = 'client: closed, all data; server: closed';

// A library for LD_PRELOAD; AddressSanitizer wants to be the first of them.
const describeOnLinux =
  process.platform === 'linux' && !process.env.NAPI_TLS_ASAN ? describe : describe.skip;

describeOnLinux('a system call that fails', function () {
  this.timeout(kPatience);
  let folder;
  let library;
  before(() => {
    folder = fs.mkdtempSync(path.join(os.tmpdir(), 'napi-tls-'));
    library = path.join(folder, 'inject.so');
    const source = path.join(__dirname, 'inject.c');
    execFileSync(process.env.CC ?? 'cc', ['-shared', '-fPIC', '-o', library, source, '-ldl']);
  });
  after(() => fs.rmSync(folder, { recursive: true, force: true }));

  async function outcomesOf(transport, version) {
    const env = { ...process.env, LD_PRELOAD: library, NAPI_TLS_TRANSPORT: transport };
    const args = [path.join(__dirname, 'inject-child.js'), 'ours', version, String(kStep)];
    const stdout = await new Promise((resolve, reject) => {
      execFile(process.execPath, args, { env, timeout: kPatience }, (error, stdout, stderr) =>
        error ? reject(new Error(`${error.message}\n${stderr}`)) : resolve(stdout),
      );
    });
    return JSON.parse(stdout);
  }

  for (const transport of ['native', 'stream']) {
    for (const version of versions) {
      it(`ends the connection or does no harm, over ${version} [${transport} transport]`, async () => {
        const { outcomes, left } = await outcomesOf(transport, version);
        assert.equal(left, 0, `${left} descriptors are left open`);
        for (const [fault, seen] of Object.entries(outcomes)) {
          const [operation, code] = fault.split(' ');
          // The kernel asks to come back later: also for want of buffers, where it is a write.
          const passes = /EAGAIN|one byte/.test(fault) || fault === 'write ENOBUFS';
          for (const [outcome, calls] of Object.entries(seen)) {
            const what = `${fault} in the calls ${calls}: ${outcome}`;
            if (passes) assert.equal(outcome, kUnharmed, what);
            else if (outcome !== kUnharmed) checkFailure(outcome, operation, code, what);
          }
          if (!passes) assert.notDeepEqual(Object.keys(seen), [kUnharmed], fault);
        }
      });
    }
  }
});

/** One end has the error of the call; both ends are told, once, and close. */
function checkFailure(outcome, operation, code, what) {
  const [client, server] = outcome.split('; ');
  assert.doesNotMatch(outcome, /not closed|announced|wrong data/, what);
  const own = new RegExp(`error (${operation}|undefined) ${code}|tlsClientError ${code}`);
  assert.match(outcome, own, what);
  for (const end of [client, server]) {
    // Whoever misses a record that could not be sent has a TLS error, which closes nothing by itself.
    const told = end.replace(/error undefined ERR_SSL_\w+ and then /, '');
    assert.match(
      told,
      /^\w+: (closed|error (read|write|undefined) \w+|tlsClientError \w+)(, all data)?$/,
      what,
    );
    for (const [, seen] of told.matchAll(/rror (?:\w+ )?(E\w+)/g)) {
      assert([code, 'ECONNRESET', 'EPIPE'].includes(seen), what);
    }
  }
}
