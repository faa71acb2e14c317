'use strict';

const assert = require('node:assert/strict');
const core = require('node:tls');
const ours = require('napi-tls');

describe('import of napi-tls', () => {
  let module;
  before(async () => {
    module = await import('napi-tls');
  });

  it('has the exports of require as its default', () => {
    assert.equal(ours, require('../..'));
    assert.equal(module.default, ours);
  });

  it('has every export of node:tls by its name', async () => {
    for (const name of Object.keys(await import('node:tls'))) {
      if (name !== 'default') assert.ok(name in module, name);
    }
    for (const name of Object.keys(core)) assert.equal(module[name], ours[name], name);
  });

  it('has no value where this release of Node has none', () => {
    const others = Object.keys(module).filter((name) => name !== 'default' && !(name in core));
    for (const name of others) assert.equal(module[name], undefined, name);
  });

  it('is not node:tls', () => {
    assert.notEqual(module.connect, core.connect);
    assert.notEqual(module.TLSSocket, core.TLSSocket);
  });
});
