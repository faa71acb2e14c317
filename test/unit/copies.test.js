'use strict';

const assert = require('node:assert/strict');
const { execFile } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');
const { promisify } = require('node:util');

const root = path.join(__dirname, '..', '..');
const child = path.join(__dirname, 'copies-child.js');
const addon = path.join('build', 'Release', 'napi_tls.node');

describe('two copies of the package in one thread', function () {
  this.timeout(30_000);

  let folder;
  /** @returns {string} a folder with the JavaScript of the package, and its addon as `place` puts it there */
  function copy(place) {
    const made = fs.mkdtempSync(path.join(folder, 'copy-'));
    for (const name of ['index.js', 'lib', 'package.json']) {
      fs.cpSync(path.join(root, name), path.join(made, name), { recursive: true });
    }
    fs.mkdirSync(path.join(made, path.dirname(addon)), { recursive: true });
    place(path.join(root, addon), path.join(made, addon));
    return made;
  }
  // Where hard links can be made.
  before(() => (folder = fs.mkdtempSync(path.join(root, 'build', 'copies-'))));
  after(() => fs.rmSync(folder, { recursive: true }));

  /** Sends data between both copies, each way. */
  async function exchange(...args) {
    const { stdout } = await promisify(execFile)(process.execPath, [child, ...args]);
    assert.equal(stdout, '1 to 1, 1 to 2, 2 to 1, 2 to 2');
  }

  it('can have an addon of their own', () => exchange(copy(fs.copyFileSync)));
  it('can have hard links of one addon', () => exchange(copy(fs.linkSync)));
  it('can have one addon', () => exchange(copy(fs.symlinkSync)));
  it('can be loaded after the cache has been emptied', () => exchange(root, '.'));
  it('can be loaded after the cache has lost all but the addon', () => exchange(root, '.js'));
});
