'use strict';

const assert = require('node:assert/strict');
const path = require('node:path');
const certs = require('../certs');
const { run } = require('./processes');

const release = Number.parseInt(process.versions.node, 10);
const program = (name) => path.join(__dirname, 'programs', name);
const kRequired = ['-r', 'napi-tls/register'];
const kImported = ['--import', 'napi-tls/register'];

/** Runs node and compares what it prints. */
async function prints(expected, args, env) {
  const { lines, stderr } = await run(args, env);
  assert.deepEqual(lines, expected);
  return stderr;
}

describe('napi-tls/register as a preload', function () {
  this.timeout(30_000);

  for (const options of [kRequired, kImported]) {
    it(`goes from ${options[0]} to workers and forks, which can be given other options`, () =>
      prints(
        [
          'main true',
          'worker true',
          'fork true',
          'child false',
          'bare worker false',
          'bare fork false',
        ],
        [...options, program('descend.mjs')],
      ));

    it(`goes from ${options[0]} in NODE_OPTIONS to everything below`, () =>
      prints(
        ['main', 'worker', 'fork', 'child', 'bare worker', 'bare fork'].map((it) => `${it} true`),
        [program('descend.mjs')],
        { NODE_OPTIONS: options.join(' ') },
      ));

    it(`serves a cluster, and fetch, with ${options[0]}`, () =>
      prints(['ours true'], [...options, program('fetch.mjs')], {
        NODE_EXTRA_CA_CERTS: path.join(certs.folder, 'ca-cert.pem'),
      }));
  }

  it('gives an idle event loop no turn', () => {
    const program = `let ticks = 0;
      setInterval(() => ticks++, 1).unref();
      for (const end = Date.now() + 20; Date.now() < end; );
      process.on('exit', () => console.log(ticks));`;
    return prints(['0'], [...kRequired, '--eval', program]);
  });

  it('serves node --test', async () => {
    const { lines } = await run([...kImported, '--test', program('suite.mjs')]);
    assert.match(lines.join('\n'), /pass 1\n/);
  });

  it('works with frozen intrinsics', () =>
    prints(['main true'], ['--frozen-intrinsics', ...kRequired, program('report.mjs')]));

  it('needs the permission to load addons', async () => {
    const permission = release < 22 ? '--experimental-permission' : '--permission';
    const args = ['--allow-fs-read=*', ...kRequired, program('report.mjs')];
    await assert.rejects(run([permission, ...args]), /ERR_DLOPEN_DISABLED/);
    if (release >= 22) await prints(['main true'], [permission, '--allow-addons', ...args]);
  });
});

describe('import of napi-tls/register', function () {
  this.timeout(30_000);

  it('puts the process on it, and tells an ES module of the earlier way', async () => {
    const stderr = await prints(['main true', 'again false'], [program('import-first.mjs')]);
    // Node loads its own modules before the first line of an ES module runs.
    assert.match(stderr, /NAPI_TLS_REGISTERED_LATE.*after https\..*--import napi-tls\/register/);
  });
});
