'use strict';

const assert = require('node:assert/strict');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { pathToFileURL } = require('node:url');
const { register, root, run } = require('./processes');

const { version } = require('../../package.json');

/** A program's source that prints whether `tls` is ours. */
const report = `console.log(require('tls').connect === require(${JSON.stringify(root)}).connect)`;

describe('napi-tls/register', function () {
  this.timeout(30_000);

  let folder;
  const file = (name, source) => {
    const created = path.join(folder, name);
    fs.writeFileSync(created, source);
    return created;
  };
  before(() => {
    folder = fs.mkdtempSync(path.join(os.tmpdir(), 'napi-tls-register-'));
  });
  after(() => fs.rmSync(folder, { recursive: true }));

  /** Runs node and compares what it prints, line by line. */
  async function prints(expected, args, env) {
    const { lines, stderr } = await run(args, env);
    assert.deepEqual(lines, expected.map(String));
    return stderr;
  }

  it('is loaded by -r', () => prints([true], ['-r', register, '-e', report]));

  it('is loaded by --import', () =>
    prints([true], ['--import', pathToFileURL(register).href, file('main.js', report)]));

  it('is loaded by require as the first line', () =>
    prints([true], ['-e', `require(${JSON.stringify(register)});${report}`]));

  it('is an export of the package', () =>
    prints([true], ['-e', `require('napi-tls/register');${report}`]));

  it('tells its version in process.versions', () =>
    prints([version], ['-r', register, '-p', "process.versions['napi-tls']"]));

  it('keeps the shape of the tls module', async () => {
    const shape =
      'JSON.stringify(Object.entries(Object.getOwnPropertyDescriptors(tls)).map(([name, d]) =>' +
      '[name, typeof d.value, typeof d.get, d.writable, d.enumerable, d.configurable]))';
    const { lines } = await run(['-p', shape]);
    assert.match(lines[0], /createServer/);
    await prints(lines, ['-r', register, '-p', shape]);
  });

  it('leaves no function of Node behind', () =>
    prints(
      [''],
      [
        '-p',
        `const before = { ...tls };
        require(${JSON.stringify(register)});
        Object.keys(before).filter((name) =>
          typeof before[name] === 'function' && tls[name] === before[name] &&
          !/CACertificates$/.test(name)).join()`,
      ],
    ));

  it('updates the named exports for ES modules', () =>
    prints(
      [true, true],
      [
        '-r',
        register,
        file(
          'named.mjs',
          `import tls, { connect, DEFAULT_MIN_VERSION } from 'node:tls';
          import { createRequire } from 'node:module';
          const ours = createRequire(import.meta.url)(${JSON.stringify(root)});
          console.log(connect === ours.connect && tls.connect === connect);
          console.log(DEFAULT_MIN_VERSION === ours.DEFAULT_MIN_VERSION);`,
        ),
      ],
    ));

  it('updates bindings that an ES module has imported before', () =>
    prints(
      [false, true],
      [
        file(
          'late.mjs',
          `import { connect } from 'node:tls';
          import { createRequire } from 'node:module';
          const require = createRequire(import.meta.url);
          const ours = require(${JSON.stringify(root)});
          console.log(connect === ours.connect);
          require(${JSON.stringify(register)});
          console.log(connect === ours.connect);`,
        ),
      ],
    ));

  it('carries a connection in a worker', () =>
    prints(
      ['ok true'],
      [
        '-r',
        register,
        '-e',
        `new (require('node:worker_threads').Worker)(${JSON.stringify(`
          const https = require('node:https');
          const certs = require(${JSON.stringify(path.join(root, 'test', 'certs'))});
          const ours = require(${JSON.stringify(root)});
          const server = https.createServer(certs.identity('p256'), (request, response) => {
            response.end('ok ' + (request.socket instanceof ours.TLSSocket));
          });
          server.listen(0, '127.0.0.1', () => {
            const options = { port: server.address().port, ca: certs.ca, agent: false };
            https.get(options, async (response) => {
              for await (const chunk of response) console.log(String(chunk));
              server.close();
            });
          });`)}, { eval: true })`,
      ],
    ));

  it('obeys what is assigned to the tls module', () =>
    prints(
      ['TLSv1.3', 'TLSv1.3', true, true],
      [
        '-r',
        register,
        '-e',
        `const ours = require(${JSON.stringify(root)});
        tls.DEFAULT_MIN_VERSION = 'TLSv1.3';
        tls.DEFAULT_MAX_VERSION = 'TLSv1.3';
        console.log(ours.DEFAULT_MIN_VERSION);
        const certs = require(${JSON.stringify(path.join(root, 'test', 'certs'))});
        const { createSecureContext } = tls;
        let asked = 0;
        tls.createSecureContext = (...args) => (asked++, createSecureContext(...args));
        const server = tls.createServer(certs.identity('p256'), (s) => s.end()).listen(0, () => {
          const socket = tls.connect(server.address().port, { ca: certs.ca }, () => {
            console.log(socket.getProtocol());
            console.log(asked === 1);
            console.log(socket instanceof ours.TLSSocket);
            server.close();
          }).resume();
        });`,
      ],
    ));

  it('takes over what was assigned before', () =>
    prints(
      ['TLSv1.3'],
      [
        '-p',
        `tls.DEFAULT_MIN_VERSION = 'TLSv1.3';
        require(${JSON.stringify(register)});
        require(${JSON.stringify(root)}).DEFAULT_MIN_VERSION`,
      ],
    ));

  it('can be undone, and done again', async () => {
    const stderr = await prints(
      [true, false, true, false, false, true, 'core', 'ours', 'core'],
      [
        '-e',
        `const before = { ...tls };
        const { register, unregister } = require(${JSON.stringify(register)});
        const https = require('node:https');
        const same = () => Object.keys(before).every((name) => tls[name] === before[name]);
        const certs = require(${JSON.stringify(path.join(root, 'test', 'certs'))});
        const ours = require(${JSON.stringify(root)}).TLSSocket;
        const who = () => new Promise((resolve) => {
          const server = https.createServer(certs.identity('p256'), (request, response) => {
            response.end(request.socket instanceof ours ? 'ours' : 'core');
            server.close();
          }).listen(0, () => https.get(
            { port: server.address().port, ca: certs.ca, agent: false },
            (response) => response.on('data', (answer) => resolve(String(answer)))));
        });
        console.log('napi-tls' in process.versions);
        console.log(same());
        console.log(unregister());
        console.log(unregister());
        console.log('napi-tls' in process.versions);
        console.log(same());
        (async () => {
          console.log(await who());
          register();
          console.log(await who());
          unregister();
          console.log(await who());
        })();`,
      ],
    );
    // The second time https was there already.
    assert.match(stderr, /NAPI_TLS_REGISTERED_LATE/);
  });

  it('leaves another copy of the package in place', () =>
    prints(
      [false, false, true, version],
      [
        '-r',
        register,
        '-e',
        `const first = tls.connect;
        for (const name of Object.keys(require.cache)) delete require.cache[name];
        const second = require(${JSON.stringify(register)});
        console.log(second.register());
        console.log(second.unregister());
        console.log(tls.connect === first && first !== require(${JSON.stringify(root)}).connect);
        console.log(process.versions['napi-tls']);`,
      ],
    ));

  for (const name of ['https', 'http2']) {
    it(`warns when ${name} has been loaded, and takes its servers over`, async () => {
      const stderr = await prints(
        [true],
        [
          '-p',
          `const module = require('node:${name}');
          require(${JSON.stringify(register)});
          const create = module.createSecureServer ?? module.createServer;
          create() instanceof require(${JSON.stringify(root)}).Server`,
        ],
      );
      assert.match(stderr, new RegExp(`NAPI_TLS_REGISTERED_LATE.*after ${name}\\.`));
    });
  }

  it('is silent when it comes in time', async () => {
    assert.equal(await prints(['1'], ['-r', register, '-p', 'https; http2; 1']), '');
  });

  it('leaves the authorities to Node', () =>
    prints(
      [true],
      [
        '-r',
        register,
        '-p',
        'tls.rootCertificates.length > 0 && (tls.getCACertificates?.().length ?? 1) > 0',
      ],
    ));
});
