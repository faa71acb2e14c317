'use strict';

const assert = require('node:assert/strict');
const { execFile } = require('node:child_process');
const path = require('node:path');
const { promisify } = require('node:util');

const kPatience = 30_000; // milliseconds for one child
const child = path.join(__dirname, 'faults-child.js');
const ours = path.join(__dirname, '..', '..');

/** What faults-child.js prints, run with at most so many descriptors. */
async function run(module, task, transport, limit = 1024) {
  const command = `ulimit -n ${limit} && exec "$@"`;
  const args = ['-c', command, 'bash', process.execPath, child, module, task];
  const env = { ...process.env, NAPI_TLS_TRANSPORT: transport, UV_THREADPOOL_SIZE: '1' };
  const { stdout } = await promisify(execFile)('bash', args, { env, timeout: kPatience });
  return JSON.parse(stdout);
}

for (const transport of ['native', 'stream']) {
  describe(`a process in need [${transport} transport]`, function () {
    this.timeout(3 * kPatience);

    it('of descriptors refuses connections as core does, and serves again afterwards', async () => {
      for (const module of ['node:tls', ours]) {
        const { outcomes, ...result } = await run(module, 'descriptors', transport, 48);
        assert.deepEqual(result, { first: 'echo', serverErrors: [], last: 'echo' });
        // The last one is missing on either side: libuv closes what it cannot accept.
        const refused = outcomes.filter((outcome) => outcome !== 'secureConnect');
        assert(refused.length > 0 && refused.length < outcomes.length, String(outcomes));
        for (const code of refused) assert(['EMFILE', 'ECONNRESET'].includes(code), code);
      }
    });

    it('of threads goes on with its connections, and ends its handshakes', async () => {
      const result = await run(ours, 'pool', transport);
      assert.deepEqual(result, { data: 'while all are busy', isBusy: true, echo: 'echo' });
    });

    it('of a clock that can be relied upon connects and resumes', async () => {
      const result = await run(ours, 'clock', transport);
      assert.deepEqual(result, { authorized: true, isReused: true, echo: 'echo' });
    });
  });
}
