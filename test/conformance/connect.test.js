'use strict';

const assert = require('node:assert/strict');
const { once } = require('node:events');
const net = require('node:net');
const certs = require('../certs');
const { pairings, topic } = require('./pairings');
const { only, readAll, record, versions } = require('./scene');

const trusted = { ca: certs.ca, servername: 'localhost' };

topic('connect', (test) => {
  for (const version of versions) {
    test(`connects over ${version}`, async (scene) => {
      const { near, far } = await scene.open(only(version), {});
      assert.equal(near.getProtocol(), version);
      assert.equal(far.getProtocol(), version);
      assert.equal(near.encrypted, true);
      assert.equal(near.authorized, true);
      assert.equal(near.authorizationError, null);
    });
  }

  // Every form of arguments: [title, arguments for a port and options].
  const forms = {
    '(options)': (port) => [{ ...trusted, port, host: '127.0.0.1' }],
    '(options, callback)': (port, done) => [{ ...trusted, port, host: '127.0.0.1' }, done],
    '(port, host, options)': (port) => [port, '127.0.0.1', trusted],
    '(port, host, options, callback)': (port, done) => [port, '127.0.0.1', trusted, done],
    '(port, options) with host in options': (port) => [port, { ...trusted, host: '127.0.0.1' }],
    '(port, options, callback)': (port, done) => [port, { ...trusted, host: '127.0.0.1' }, done],
    '(port as a string, host, options)': (port) => [String(port), '127.0.0.1', trusted],
    '(port, null, options) with host in options': (port) => [
      port,
      null,
      { ...trusted, host: '127.0.0.1' },
    ],
    '(options with a port in a string)': (port) => [
      { ...trusted, port: String(port), host: '127.0.0.1' },
    ],
  };
  for (const [form, build] of Object.entries(forms)) {
    test(`takes ${form}`, async (scene) => {
      const server = await scene.listen();
      let called = 0;
      const args = build(server.address().port, function () {
        called++;
        assert.equal(this, socket);
      });
      const socket = scene.track(scene.client.connect(...args));
      await once(socket, 'secureConnect');
      assert.equal(socket.remotePort, server.address().port);
      assert.equal(called, build.length === 2 ? 1 : 0);
    });
  }

  test('lets options win over the port and host arguments', async (scene) => {
    const server = await scene.listen();
    const { port } = server.address();
    const socket = scene.track(
      scene.client.connect(1, '127.0.0.9', { ...trusted, port, host: '127.0.0.1' }),
    );
    const outcome = await Promise.race([
      once(socket, 'secureConnect').then(
        () => 'secure',
        (error) => error.code,
      ),
    ]);
    assert.equal(outcome, 'secure');
    assert.equal(socket.remoteAddress, '127.0.0.1');
  });

  test('connects without a callback and with a null one', async (scene) => {
    const server = await scene.listen();
    const socket = scene.track(
      scene.client.connect({ ...trusted, port: server.address().port, host: '127.0.0.1' }, null),
    );
    await once(socket, 'secureConnect');
  });

  test('returns a TLSSocket that is a net.Socket', async (scene) => {
    const { near, far } = await scene.open();
    assert(near instanceof scene.client.TLSSocket);
    assert(far instanceof scene.server.TLSSocket);
    assert(near instanceof net.Socket);
    assert(far instanceof net.Socket);
  });

  test('checks the identity of host, and sends no server name without servername', async (scene) => {
    const server = await scene.listen();
    const names = [];
    const { far } = await scene.join(server, {
      host: 'localhost',
      servername: undefined,
      family: 4,
      checkServerIdentity: (name) => void names.push(name),
    });
    assert.equal(far.servername, false);
    assert.deepEqual(names, ['localhost']);
  });

  test('defaults the host to localhost', async (scene) => {
    const server = await scene.listen();
    const asked = [];
    const lookup = (host, options, done) => {
      asked.push(host);
      if (options.all) done(null, [{ address: '127.0.0.1', family: 4 }]);
      else done(null, '127.0.0.1', 4);
    };
    const near = scene.track(
      scene.client.connect({ port: server.address().port, ca: certs.ca, lookup }),
    );
    await once(near, 'secureConnect');
    assert.deepEqual(asked, ['localhost']);
    assert.equal(near.authorized, true);
  });

  test('takes a lookup function and reports its error', async (scene) => {
    const server = await scene.listen();
    const lookup = (host, options, done) =>
      process.nextTick(done, Object.assign(new Error('no such name'), { code: 'ENOTFOUND' }));
    const near = scene.connect(server, { host: 'nowhere.invalid', lookup });
    const [error] = await once(near, 'error');
    assert.equal(error.code, 'ENOTFOUND');
  });

  test.observe(
    'reports a refused connection',
    async (scene) => {
      const server = await scene.listen();
      const { port } = server.address();
      server.close();
      await once(server, 'close');
      const near = scene.track(scene.client.connect({ port, host: '127.0.0.1' }));
      const log = [];
      for (const name of ['connect', 'secureConnect', 'end', 'close']) {
        near.on(name, (...args) => log.push([name, ...args]));
      }
      near.on('error', (error) => log.push(['error', error.code, error.syscall]));
      await once(near, 'close').catch(() => {});
      await once(near, 'close');
      return log;
    },
    (log) =>
      assert.deepEqual(log, [
        ['error', 'ECONNREFUSED', 'connect'],
        ['close', true],
      ]),
  );

  test.observe(
    'has these states while it connects',
    async (scene) => {
      const server = await scene.listen();
      const near = scene.connect(server);
      const states = [];
      const note = (name) => {
        const { connecting, secureConnecting, pending, readyState, encrypted, authorized } = near;
        states.push({
          name,
          connecting,
          secureConnecting,
          pending,
          readyState,
          encrypted,
          authorized,
        });
      };
      note('start');
      near.on('connect', () => note('connect'));
      await once(near, 'secureConnect');
      note('secureConnect');
      return states;
    },
    (states) => {
      assert.deepEqual(
        states.map(({ name, secureConnecting }) => [name, secureConnecting]),
        [
          ['start', true],
          ['connect', true],
          ['secureConnect', false],
        ],
      );
      assert.equal(states[2].readyState, 'open');
    },
  );

  test('emits connect, ready and secureConnect once, in this order', async (scene) => {
    const server = await scene.listen();
    const near = scene.connect(server);
    const log = [];
    for (const name of ['lookup', 'connect', 'ready', 'secureConnect', 'secure']) {
      near.on(name, () => log.push(name));
    }
    await once(near, 'secureConnect');
    assert.deepEqual(
      log.filter((name) => name !== 'lookup' && name !== 'secure'),
      ['connect', 'ready', 'secureConnect'],
    );
  });

  test('serves many connections at the same time', async (scene) => {
    const server = await scene.listen({}, (far) => far.end(String(far.remotePort)));
    const replies = await Promise.all(
      Array.from({ length: 20 }, async () => {
        const near = scene.connect(server);
        return [String(await readAll(near)), String(near.localPort ?? '')];
      }),
    );
    assert.equal(new Set(replies.map(([port]) => port)).size, 20);
  });

  test('has the same addresses on both sides', async (scene) => {
    const { near, far, server } = await scene.open();
    assert.deepEqual(near.address(), {
      address: '127.0.0.1',
      family: 'IPv4',
      port: near.localPort,
    });
    assert.equal(near.remoteAddress, '127.0.0.1');
    assert.equal(near.remoteFamily, 'IPv4');
    assert.equal(near.localAddress, '127.0.0.1');
    assert.equal(near.remotePort, server.address().port);
    assert.equal(far.localPort, near.remotePort);
    assert.equal(far.remotePort, near.localPort);
    assert.equal(far.remoteAddress, '127.0.0.1');
    assert.equal(far.remoteFamily, 'IPv4');
  });

  test('binds to localAddress', async (scene) => {
    const { near, far } = await scene.open({}, { localAddress: '127.0.0.2' });
    assert.equal(near.localAddress, '127.0.0.2');
    assert.equal(far.remoteAddress, '127.0.0.2');
  });

  test('goes over IPv6', async function (scene) {
    const server = scene.createServer();
    server.listen(0, '::1');
    await once(server, 'listening');
    const { near } = await scene.join(server);
    assert.equal(near.remoteFamily, 'IPv6');
    assert.equal(near.authorized, true);
  });

  test('closes on an aborted signal', async (scene) => {
    const server = await scene.listen();
    const controller = new AbortController();
    const near = scene.connect(server, { signal: controller.signal });
    await once(near, 'secureConnect');
    controller.abort();
    const [error] = await once(near, 'error');
    assert.equal(error.name, 'AbortError');
    assert.equal(error.code, 'ABORT_ERR');
  });
});

// Core aborts the whole process here (an assertion in its stream listener), so only ours can be asked.
topic(
  'connect with an aborted signal',
  (test) => {
    test('emits an AbortError and closes', async (scene) => {
      const server = await scene.listen();
      const near = scene.connect(server, { signal: AbortSignal.abort() });
      const log = record([], '', near, ['connect', 'secureConnect', 'close']);
      const closed = once(near, 'close', { signal: AbortSignal.timeout(2000) }).catch(() => {});
      const [error] = await once(near, 'error');
      assert.equal(error.name, 'AbortError');
      await closed;
      assert.deepEqual(log, ['close']);
    });
  },
  pairings.filter(({ client }) => client === 'ours'),
);
