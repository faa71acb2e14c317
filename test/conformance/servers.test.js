'use strict';

const assert = require('node:assert/strict');
const { once } = require('node:events');
const net = require('node:net');
const core = require('node:tls');
const certs = require('../certs');
const { topic } = require('./pairings');
const { only, readAll, readExactly, record, thrownBy, versions } = require('./scene');

const wait = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

topic('servers', (test) => {
  // Node 24 has removed it.
  if ('setOptions' in core.Server.prototype) {
    test.observe(
      'have setOptions(), for what comes later',
      async (scene) => {
        const server = await scene.listen();
        server.setOptions({ requestCert: true, rejectUnauthorized: false, ca: certs.ca });
        const { far } = await scene.join(server, certs.identity('client'));
        return { subject: far.getPeerCertificate().subject, authorized: far.authorized };
      },
      ({ subject }) => assert.equal(subject.CN, 'client'),
    );
  }

  test('close after their last connection', async (scene) => {
    const { server, near } = await scene.open();
    const log = [];
    server.close((error) => log.push(error ?? 'closed'));
    await wait(20);
    assert.deepEqual(log, []);
    assert.equal(server.listening, false);
    near.end();
    near.resume();
    await once(server, 'close');
    assert.deepEqual(log, ['closed']);
  });

  test('let open connections work on after close', async (scene) => {
    const { server, near, far } = await scene.open();
    server.close();
    far.pipe(far);
    near.write('still');
    assert.equal(String(await readExactly(near, 5)), 'still');
  });

  test('refuse connections after close', async (scene) => {
    const server = await scene.listen();
    const { port } = server.address();
    server.close();
    await once(server, 'close');
    const near = scene.track(scene.client.connect({ port, host: '127.0.0.1' }));
    const [error] = await once(near, 'error');
    assert.equal(error.code, 'ECONNREFUSED');
  });

  test.observe(
    'give an error to a second close',
    async (scene) => {
      const server = await scene.listen();
      server.close();
      return new Promise((resolve) => server.close((error) => resolve(error?.code)));
    },
    (code) => assert.equal(code, 'ERR_SERVER_NOT_RUNNING'),
  );

  test('listen again after close', async (scene) => {
    const server = await scene.listen({}, (far) => far.end('again'));
    server.close();
    await once(server, 'close');
    await scene.bind(server);
    assert.equal(String(await readAll(scene.connect(server))), 'again');
  });

  test('count their connections', async (scene) => {
    const { server, near } = await scene.open();
    await scene.join(server);
    const count = () => new Promise((resolve) => server.getConnections((error, n) => resolve(n)));
    assert.equal(await count(), 2);
    near.destroy();
    await wait(20);
    assert.equal(await count(), 1);
  });

  test('drop connections above maxConnections', async (scene) => {
    const server = await scene.listen();
    server.maxConnections = 1;
    await scene.join(server);
    const dropped = once(server, 'drop');
    const near = scene.connect(server);
    near.on('error', () => {});
    await dropped;
  });

  test('are net.Servers', async (scene) => {
    const server = await scene.listen();
    assert(server instanceof scene.server.Server);
    assert(server instanceof net.Server);
    assert.equal(server.address().address, '127.0.0.1');
    assert.equal(server.address().family, 'IPv4');
  });

  test('can be made without new, and without options', async (scene) => {
    const { Server } = scene.server;
    for (const server of [Server(), new Server(), new Server({}), scene.server.createServer()]) {
      assert(server instanceof Server);
    }
  });

  test('take a listener as the only argument', async (scene) => {
    const listener = () => {};
    for (const server of [new scene.server.Server(listener), scene.server.createServer(listener)]) {
      assert.deepEqual(server.listeners('secureConnection'), [listener]);
    }
  });

  for (const version of versions) {
    test(`take another identity with setSecureContext over ${version}`, async (scene) => {
      const server = await scene.listen(only(version));
      const { near } = await scene.join(server);
      assert.equal(near.getPeerCertificate().subject.CN, 'p256');
      server.setSecureContext({ ...certs.identity('p384'), ...only(version) });
      const { near: next } = await scene.join(server);
      assert.equal(next.getPeerCertificate().subject.CN, 'p384');
      assert.equal(near.getPeerCertificate().subject.CN, 'p256');
    });

    test(`time a silent client out over ${version}`, async (scene) => {
      const server = await scene.listen({ ...only(version), handshakeTimeout: 30 });
      const failed = once(server, 'tlsClientError');
      const raw = await scene.connectRaw(server);
      raw.on('error', () => {});
      const [error, socket] = await failed;
      assert.equal(error.code, 'ERR_TLS_HANDSHAKE_TIMEOUT');
      assert.equal(error.message, 'TLS handshake timeout');
      socket.destroy();
    });

    test(`do not time out after the handshake over ${version}`, async (scene) => {
      const { server, near, far } = await scene.open({ ...only(version), handshakeTimeout: 40 });
      server.on('tlsClientError', () => assert.fail('the handshake was over'));
      await wait(80);
      far.pipe(far);
      near.write('still');
      assert.equal(String(await readExactly(near, 5)), 'still');
    });
  }

  test('refuse an invalid setSecureContext and go on', async (scene) => {
    const server = await scene.listen();
    assert.throws(() => server.setSecureContext({ cert: 'junk' }), {
      code: 'ERR_OSSL_PEM_NO_START_LINE',
    });
    const { near } = await scene.join(server);
    assert.equal(near.getPeerCertificate().subject.CN, 'p256');
  });

  test('have noDelay and keepAlive from their options', async (scene) => {
    const server = await scene.listen({ noDelay: true, keepAlive: true }, (far) => far.end('x'));
    assert.equal(String(await readAll(scene.connect(server))), 'x');
  });
});

topic('sockets', (test) => {
  test('emit timeout when idle', async (scene) => {
    const { near } = await scene.open();
    const returned = near.setTimeout(30);
    assert.equal(returned, near);
    assert.equal(near.timeout, 30);
    await once(near, 'timeout');
    assert.equal(near.destroyed, false);
  });

  test('call the listener of setTimeout once', async (scene) => {
    const { near } = await scene.open();
    let calls = 0;
    await new Promise((resolve) =>
      near.setTimeout(20, () => {
        calls++;
        resolve();
      }),
    );
    await wait(50);
    assert.equal(calls, 1);
  });

  test('take timeout in the options of connect', async (scene) => {
    const server = await scene.listen();
    await once(scene.connect(server, { timeout: 40 }), 'timeout');
  });

  test('do not time out while data arrives', async (scene) => {
    const { near, far } = await scene.open();
    near.resume();
    let timedOut = false;
    near.setTimeout(100, () => (timedOut = true));
    for (let i = 0; i < 8; i++) {
      far.write('x');
      await wait(25);
    }
    assert.equal(timedOut, false);
  });

  test('do not time out while they write', async (scene) => {
    const { near, far } = await scene.open();
    far.resume();
    let timedOut = false;
    near.setTimeout(100, () => (timedOut = true));
    for (let i = 0; i < 8; i++) {
      near.write('x');
      await wait(25);
    }
    assert.equal(timedOut, false);
  });

  test('stop the timeout with 0', async (scene) => {
    const { near } = await scene.open();
    near.setTimeout(20);
    near.setTimeout(0);
    near.on('timeout', () => assert.fail('was stopped'));
    await wait(50);
  });

  test('emit timeout on the server', async (scene) => {
    const { far } = await scene.open();
    far.setTimeout(20);
    await once(far, 'timeout');
  });

  test('return themselves from their setters', async (scene) => {
    const { near } = await scene.open();
    assert.equal(near.setNoDelay(), near);
    assert.equal(near.setNoDelay(false), near);
    assert.equal(near.setKeepAlive(true, 1000), near);
    assert.equal(near.ref(), near);
    assert.equal(near.unref(), near);
    near.ref();
    assert.equal(near.pause(), near);
    assert.equal(near.resume(), near);
    assert.equal(near.setEncoding('utf8'), near);
  });

  for (const when of ['at once', 'after secureConnect']) {
    test(`let the loop go with unref ${when}`, async (scene) => {
      const server = await scene.listen();
      const near = scene.connect(server);
      if (when === 'at once') near.unref();
      await once(near, 'secureConnect');
      near.unref();
      const active = process
        .getActiveResourcesInfo()
        .filter((name) => name === 'TCPSocketWrap').length;
      near.ref();
      await new Promise(setImmediate);
      const more = process
        .getActiveResourcesInfo()
        .filter((name) => name === 'TCPSocketWrap').length;
      assert.equal(more, active + 1);
    });
  }

  test('have a connection event order with several listeners', async (scene) => {
    const server = await scene.listen();
    const near = scene.connect(server);
    const log = [];
    near.once('secureConnect', () => log.push(1));
    near.prependListener('secureConnect', () => log.push(0));
    near.on('secureConnect', () => log.push(2));
    await once(near, 'secureConnect');
    assert.deepEqual(log, [0, 1, 2]);
  });

  test('keep their identity over the whole life', async (scene) => {
    const { near, far } = await scene.open();
    const log = record([], '', far, ['end', 'close']);
    far.custom = 1;
    far.resume();
    near.end();
    await once(far, 'close');
    assert.equal(far.custom, 1);
    assert.deepEqual(log, ['end', 'close']);
  });
});

topic.api('server options', (test) => {
  const bad = {
    'a string': 'x',
    'a number': 1,
    'a string as handshakeTimeout': { handshakeTimeout: '1' },
    'a numeric ALPNCallback': { ALPNCallback: 1, ALPNProtocols: ['a'] },
    'a numeric sessionIdContext': { sessionIdContext: 1 },
    'a string as ticketKeys': { ticketKeys: 'x' },
    'short ticketKeys': { ticketKeys: Buffer.alloc(1) },
    'a string as sessionTimeout': { sessionTimeout: 'x' },
    'a numeric ciphers': { ciphers: 1 },
    'a boolean as key': { key: true },
  };
  for (const [title, options] of Object.entries(bad)) {
    test.observe(
      `throw for ${title}`,
      ({ tls }) => thrownBy(() => tls.createServer(options)) ?? 'nothing',
      (error) => assert.notEqual(error, 'nothing'),
    );
  }

  test.observe(
    'throw in setSecureContext for what is no object',
    ({ tls }) =>
      [undefined, null, 1, 'x'].map(
        (options) => thrownBy(() => tls.createServer().setSecureContext(options)) ?? 'nothing',
      ),
    (errors) => assert.equal(errors.length, 4),
  );

  test.observe(
    'throw in listen as net does',
    ({ tls }) =>
      [-1, 65536, 'x y', {}, true].map((port) => {
        const server = tls.createServer();
        server.on('error', () => {});
        const error = thrownBy(() => server.listen(port)) ?? 'nothing';
        server.close();
        return error;
      }),
    (errors) => assert.equal(errors[0].code, 'ERR_SOCKET_BAD_PORT'),
  );
});
