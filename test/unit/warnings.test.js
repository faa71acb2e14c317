'use strict';

const assert = require('node:assert/strict');
const { execFile } = require('node:child_process');
const path = require('node:path');
const { promisify } = require('node:util');

const TIMEOUT = 60_000; // milliseconds for the two processes, which run side by side
const CHILD = path.join(__dirname, 'warnings-child.js');
const major = Number.parseInt(process.versions.node, 10);

/** The warnings of a process that does everything twice. */
async function warningsOf(which) {
  const { stdout } = await promisify(execFile)(process.execPath, [CHILD, which], {
    timeout: TIMEOUT,
  });
  return JSON.parse(stdout);
}

// [what, how to find it, below which Node]
const expected = [
  ['DEP0064 for createSecurePair()', ({ code }) => code === 'DEP0064', 24],
  ['DEP0122 for setOptions() of a server', ({ code }) => code === 'DEP0122', 24],
  ['DEP0123 for a servername that is an address', ({ code }) => code === 'DEP0123', 26],
  ['a SecurityWarning for a small dhparam', ({ name }) => name === 'SecurityWarning', 24],
  [
    'a warning for NODE_TLS_REJECT_UNAUTHORIZED=0',
    ({ message }) => message.includes('NODE_TLS_REJECT_UNAUTHORIZED'),
    Infinity,
  ],
];

describe('warnings', () => {
  let core;
  let ours;

  before(async function () {
    this.timeout(TIMEOUT);
    [core, ours] = await Promise.all([warningsOf('core'), warningsOf('ours')]);
  });

  it('are those of core, as often and in the same order', () => {
    assert.deepEqual(ours, core);
  });

  for (const [what, find, below] of expected) {
    it(`have ${what} below Node ${below}`, () => {
      const found = ours.filter(find);
      assert.equal(found.length > 0, major < below);
    });
  }
});
