'use strict';

const assert = require('node:assert/strict');
const { execFile } = require('node:child_process');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const core = require('node:tls');
const { promisify } = require('node:util');
const { codes } = require('../../lib/errors');
const { complaint, entries, files, isOn, readResult } = require('./table');

const TIMEOUT = 60_000; // milliseconds to load all tests once more
const root = path.join(__dirname, '..', '..');
const major = Number.parseInt(process.versions.node, 10);

/** The names that the running Node has, as far as they can be found: without arguments. */
function namesOfNode() {
  const names = [];
  const add = (prefix, object) => {
    for (const [name, { value }] of Object.entries(Object.getOwnPropertyDescriptors(object))) {
      if (name === 'constructor' || name.startsWith('_')) continue;
      const isMethod = typeof value === 'function' && !/^[A-Z]/.test(name);
      names.push(`${prefix}.${name}${isMethod ? '()' : ''}`);
    }
  };
  add('tls', core);
  add('server', core.Server.prototype);
  add('tlsSocket', core.TLSSocket.prototype);
  for (const flag of process.allowedNodeEnvironmentFlags) {
    if (/^--(tls-|trace-tls|use-.*-ca$|openssl-|secure-heap|(enable|force)-fips$)/.test(flag)) {
      names.push(flag);
    }
  }
  return names;
}

/** The options that core reads when it makes a context or a server. */
function optionsRead(make) {
  const names = new Set();
  make(
    new Proxy(
      {},
      {
        get(target, name) {
          if (typeof name === 'string') names.add(name);
          return undefined;
        },
      },
    ),
  );
  return [...names];
}

const here = entries.filter((entry) => isOn(entry, major));
const withoutArguments = (name) => name.replace(/\(.*/, '()');
const namesIn = (list) => new Set(list.map(({ name }) => withoutArguments(name)));

describe('the specification', () => {
  it('has a case for every name', async function () {
    this.timeout(TIMEOUT);
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'napi-tls-'));
    try {
      const file = path.join(folder, 'cases.json');
      const mocha = path.join(root, 'node_modules', 'mocha', 'bin', 'mocha.js');
      const args = ['--no-config', '--dry-run', '--reporter', 'test/reporter.js', ...files];
      await promisify(execFile)(process.execPath, [mocha, ...args], {
        cwd: root,
        env: { ...process.env, TEST_CASES: file, TEST_COUNTS: '', CONFORMANCE_PAIRINGS: 'core' },
        maxBuffer: 2 ** 24,
      });
      const { cases } = readResult(file);
      assert.deepEqual(entries.map((entry) => complaint(entry, major, cases)).filter(Boolean), []);
    } finally {
      fs.rmSync(folder, { recursive: true });
    }
  });

  it('names everything that this Node has', () => {
    const known = namesIn(here);
    const unknown = namesOfNode().filter((name) => !known.has(name));
    assert.deepEqual(unknown, []);
  });

  it('names nothing that this Node does not have', () => {
    const found = new Set(namesOfNode());
    const listed = here.filter(({ name, why }) => /^(tls|server)\.\w+\(|^--/.test(name) && !why);
    const inherited = /^server\.(address|close|listen)\(/;
    const missing = [...namesIn(listed)].filter(
      (name) => !found.has(name) && !inherited.test(name),
    );
    assert.deepEqual(missing, []);
    for (const { name } of entries.filter((entry) => !isOn(entry, major))) {
      assert.equal(found.has(withoutArguments(name)), false, `${name} is here`);
    }
  });

  for (const [section, make] of Object.entries({
    'Options of tls.createSecureContext()': (options) => core.createSecureContext(options),
    'Options of tls.createServer()': (options) => core.createServer(options),
  })) {
    it(`has in "${section}" all that core reads`, () => {
      const known = new Set(
        here.filter((entry) => /^Options of/.test(entry.section)).map(({ name }) => name),
      );
      // Those of net.createServer() and of EventEmitter have their own documentation. `singleUse` is
      // how core's connect tells that a context is its own.
      const others =
        /^(allowHalfOpen|pauseOnConnect|noDelay|keepAlive|keepAliveInitialDelay|highWaterMark|captureRejections|blockList|singleUse)$/;
      const read = optionsRead(make);
      assert(read.length > 10);
      assert.deepEqual(
        read.filter((name) => !known.has(name) && !others.test(name)),
        [],
      );
    });
  }

  it('has all codes of errors of TLS that there are in lib', () => {
    const known = new Set(entries.map(({ name }) => name));
    const raised = Object.keys(codes).filter((code) => code.startsWith('ERR_TLS_'));
    assert.deepEqual(
      raised.filter((code) => !known.has(code)),
      [],
    );
  });
});
