'use strict';

const assert = require('node:assert/strict');
const path = require('node:path');
const { register, run } = require('./processes');

describe('under napi-tls/register', function () {
  this.timeout(50_000);

  it('AsyncLocalStorage and the diagnostics channels are as without', async () => {
    const program = path.join(__dirname, 'programs', 'context.mjs');
    const [core, ours] = await Promise.all([run([program]), run(['-r', register, program])]);
    assert.deepEqual(ours.lines, core.lines);
    const all = core.lines.join('\n');
    for (const part of ['ALPNCallback: listen', 'near write: writer', 'socket TLSSocket']) {
      assert.ok(all.includes(part), part);
    }
  });
});
