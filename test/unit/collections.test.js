'use strict';

const assert = require('node:assert/strict');
const { execFile } = require('node:child_process');
const path = require('node:path');
const { promisify } = require('node:util');

const child = path.join(__dirname, 'collections-child.js');

describe('a long read', () => {
  it('has V8 collect young objects, not the whole heap', async () => {
    const { stdout } = await promisify(execFile)(process.execPath, [child], { timeout: 15_000 });
    // Left to itself, V8 does it for every 30 MB on Node 24.
    assert.ok(JSON.parse(stdout).major <= 5, stdout);
  });
});
