'use strict';

const assert = require('node:assert/strict');
const { once } = require('node:events');
const fs = require('node:fs');
const net = require('node:net');
const os = require('node:os');
const path = require('node:path');
const { duplexPair } = require('node:stream');
const certs = require('../certs');
const { topic } = require('./pairings');
const Scene = require('./scene');
const { describeError, only, readAll, readExactly, record, thrownBy, versions } = Scene;

const trusted = { ca: certs.ca, servername: 'localhost' };
const data = Buffer.alloc(200000, 'data ');
const block = data.subarray(0, 10000); // goes into one record

const trackedPair = (scene) => duplexPair().map((stream) => scene.track(stream));

/** TLS over any two streams: [client's TLSSocket, server's TLSSocket], not yet secure. */
function wrap(scene, near, far, version = 'TLSv1.3') {
  const context = scene.server.createSecureContext({ ...certs.identity('p256'), ...only(version) });
  const server = scene.track(
    new scene.server.TLSSocket(far, { isServer: true, secureContext: context }),
  );
  const client = scene.track(scene.client.connect({ ...trusted, socket: near }));
  return [client, server];
}

async function exchange(client, server) {
  server.pipe(server);
  client.end(data);
  assert.equal((await readAll(client)).equals(data), true);
}

topic('wrapping', (test) => {
  for (const version of versions) {
    test(`takes a connected net.Socket over ${version}`, async (scene) => {
      const server = await scene.listen(only(version), (far) => far.pipe(far));
      const socket = await scene.connectRaw(server);
      const near = scene.track(scene.client.connect({ ...trusted, socket }));
      await once(near, 'secureConnect');
      assert.equal(near.remotePort, server.address().port);
      near.end(data);
      assert.equal((await readAll(near)).equals(data), true);
    });

    test(`takes a net.Socket that is connecting over ${version}`, async (scene) => {
      const server = await scene.listen(only(version), (far) => far.pipe(far));
      const socket = scene.track(net.connect(Scene.to(server)));
      assert.equal(socket.connecting, true);
      const near = scene.track(scene.client.connect({ ...trusted, socket }));
      near.end(data);
      assert.equal((await readAll(near)).equals(data), true);
    });

    test(`takes a pair of Duplex streams over ${version}`, async (scene) => {
      const [near, far] = trackedPair(scene);
      const [client, server] = wrap(scene, near, far, version);
      await Promise.all([once(client, 'secureConnect'), once(server, 'secure')]);
      assert.equal(client.getProtocol(), version);
      assert.equal(client.authorized, true);
      await exchange(client, server);
    });

    test(`goes through TLS in TLS over ${version}`, async (scene) => {
      const { near, far } = await scene.open(only(version));
      const [client, server] = wrap(scene, near, far, version);
      await once(client, 'secureConnect');
      await exchange(client, server);
    });

    test(`accepts with new TLSSocket on a net.Socket over ${version}`, async (scene) => {
      const context = scene.server.createSecureContext({
        ...certs.identity('p256'),
        ...only(version),
      });
      const accepted = [];
      const server = await scene.listenRaw((socket) => {
        const far = new scene.server.TLSSocket(socket, { isServer: true, secureContext: context });
        accepted.push(scene.track(far));
        far.pipe(far);
      });
      const near = scene.connect(server);
      near.end(data);
      assert.equal((await readAll(near)).equals(data), true);
      assert.equal(accepted.length, 1);
    });

    test(`accepts with key and cert in the options of TLSSocket over ${version}`, async (scene) => {
      const server = await scene.listenRaw((socket) => {
        const far = new scene.server.TLSSocket(socket, {
          isServer: true,
          ...certs.identity('p256'),
          ...only(version),
        });
        scene.track(far).end('hello');
      });
      assert.equal(String(await readAll(scene.connect(server))), 'hello');
    });

    test(`upgrades after plaintext over ${version}`, async (scene) => {
      const context = scene.server.createSecureContext({
        ...certs.identity('p256'),
        ...only(version),
      });
      const server = await scene.listenRaw((socket) => {
        socket.once('data', (chunk) => {
          assert.equal(String(chunk), 'STARTTLS');
          socket.write('GO');
          const far = new scene.server.TLSSocket(socket, {
            isServer: true,
            secureContext: context,
          });
          scene.track(far).pipe(far);
        });
      });
      const socket = await scene.connectRaw(server);
      socket.write('STARTTLS');
      const [reply] = await once(socket, 'data');
      assert.equal(String(reply), 'GO');
      const near = scene.track(scene.client.connect({ ...trusted, socket }));
      near.end(data);
      assert.equal((await readAll(near)).equals(data), true);
    });
  }

  for (const version of versions) {
    test.observe(
      `counts ciphertext below, and plaintext above, over ${version}`,
      async (scene) => {
        const server = await scene.listenRaw(async (below) => {
          server.below = below;
          await once(below, 'data');
          below.write('GO');
          // A signature of RSA always has the same length.
          const options = { isServer: true, ...certs.identity('rsa'), ...only(version) };
          const far = scene.track(new scene.server.TLSSocket(below, options));
          far.pipe(far);
          server.far = far;
        });
        const below = await scene.connectRaw(server);
        below.write('STARTTLS');
        await once(below, 'data');
        // Without a server name, for not every release acknowledges it.
        const near = scene.track(scene.client.connect({ ca: certs.ca, socket: below }));
        await once(near, 'secureConnect');
        near.write(block);
        await readExactly(near, block.length);
        const counts = (sockets) =>
          sockets.map(({ bytesRead, bytesWritten }) => [bytesRead, bytesWritten]);
        const sockets = [near, below, server.far, server.below];
        const open = counts(sockets);
        near.resume().end();
        await Promise.all(sockets.map((socket) => once(socket, 'close')));
        return { open, closed: counts(sockets) };
      },
      ({ open, closed }) => {
        assert.deepEqual(open[0], [block.length, block.length]);
        assert.deepEqual(open[2], [block.length, block.length]);
        assert(open[1].every((count) => count > block.length));
        assert.deepEqual(open[1].reverse(), open[3]);
        assert.deepEqual(closed[1].reverse(), closed[3]);
      },
    );
  }

  test('accepts a server socket through emit of connection', async (scene) => {
    const server = scene.createServer({}, (far) => far.end('emitted'));
    const raw = await scene.listenRaw((socket) => server.emit('connection', socket));
    assert.equal(String(await readAll(scene.connect(raw))), 'emitted');
  });

  test('is a client by default with new TLSSocket', async (scene) => {
    const server = await scene.listen({}, (far) => far.end('hello'));
    const socket = await scene.connectRaw(server);
    const near = scene.track(new scene.client.TLSSocket(socket));
    near.write('starts the handshake');
    assert.equal(near.encrypted, true);
    const received = readAll(near);
    assert.equal(String(await received), 'hello');
    assert.equal(near.authorized, false);
  });

  test('destroys the wrapped socket with the outer one', async (scene) => {
    const server = await scene.listen();
    const socket = await scene.connectRaw(server);
    const near = scene.track(scene.client.connect({ ...trusted, socket }));
    await once(near, 'secureConnect');
    near.destroy();
    await once(near, 'close');
    await new Promise(setImmediate);
    assert.equal(socket.destroyed, true);
  });

  test('closes when the wrapped socket is destroyed', async (scene) => {
    const server = await scene.listen();
    const socket = await scene.connectRaw(server);
    const near = scene.track(scene.client.connect({ ...trusted, socket }));
    await once(near, 'secureConnect');
    near.on('error', () => {});
    socket.destroy();
    await once(near, 'close').catch(() => {});
    assert.equal(near.destroyed, true);
  });

  test('ends both ends over Duplex streams', async (scene) => {
    const [client, server] = wrap(scene, ...trackedPair(scene));
    await once(client, 'secureConnect');
    const logs = [client, server].map((socket) =>
      record([], '', socket.resume(), ['end', 'close', 'error']),
    );
    server.on('end', () => server.end());
    client.end('x');
    await Promise.all([once(client, 'end'), once(server, 'end')]);
    for (const log of logs) assert.equal(log.includes('error'), false);
  });

  test('fails when a Duplex stream is destroyed with an error', async (scene) => {
    const [near, far] = trackedPair(scene);
    const [client] = wrap(scene, near, far);
    await once(client, 'secureConnect');
    const mine = new Error('stream failed');
    near.destroy(mine);
    const [error] = await once(client, 'error');
    assert.equal(error.message, 'stream failed');
  });

  test('carries much data over Duplex streams in both directions', async (scene) => {
    const [client, server] = wrap(scene, ...trackedPair(scene));
    const much = Buffer.alloc(3 << 20, 'much');
    client.end(much);
    server.end(much);
    const [one, two] = await Promise.all([readAll(client), readAll(server)]);
    assert.equal(one.equals(much) && two.equals(much), true);
  });

  test('verifies over Duplex streams', async (scene) => {
    const [near, far] = trackedPair(scene);
    const server = scene.track(
      new scene.server.TLSSocket(far, { isServer: true, ...certs.identity('expired') }),
    );
    server.on('error', () => {});
    const client = scene.track(scene.client.connect({ ...trusted, socket: near }));
    const [error] = await once(client, 'error');
    assert.equal(error.code, 'CERT_HAS_EXPIRED');
  });

  test.observe(
    'has the addresses of core over Duplex streams',
    async (scene) => {
      const [client, server] = wrap(scene, ...trackedPair(scene));
      await once(client, 'secureConnect');
      return [client, server].map(({ remoteAddress, remotePort, localPort, localAddress }) => ({
        remoteAddress,
        remotePort,
        localPort,
        localAddress,
      }));
    },
    ([near]) => assert.equal(near.remoteAddress, undefined),
  );

  test.observe(
    'refuses what is no stream as core does',
    (scene) =>
      ['x', 1, {}].map((socket) => thrownBy(() => new scene.client.TLSSocket(socket)) ?? 'nothing'),
    (errors) => assert(errors.every((error) => error !== undefined)),
  );

  test('works over a pipe', async (scene) => {
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'tls-'));
    const place =
      process.platform === 'win32'
        ? `\\\\.\\pipe\\${path.basename(folder)}`
        : path.join(folder, 's');
    try {
      const server = await scene.listen({}, (far) => far.pipe(far), place);
      const near = scene.connect(server);
      near.end(data);
      assert.equal((await readAll(near)).equals(data), true);

      const { near: other } = await scene.join(server);
      assert.equal(other.authorized, true);
      assert.equal(other.remotePort, undefined);
      assert.equal(server.address(), place);
    } finally {
      await scene.close();
      fs.rmSync(folder, { recursive: true });
    }
  });

  test('takes a path as the first argument of connect', async (scene) => {
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'tls-'));
    const place =
      process.platform === 'win32'
        ? `\\\\.\\pipe\\${path.basename(folder)}`
        : path.join(folder, 's');
    try {
      await scene.listen({}, (far) => far.end('hello'), place);
      const near = scene.track(scene.client.connect(place, trusted));
      assert.equal(String(await readAll(near)), 'hello');
      let called = 0;
      const other = scene.track(scene.client.connect(place, trusted, () => called++));
      await readAll(other);
      assert.equal(called, 1);
    } finally {
      await scene.close();
      fs.rmSync(folder, { recursive: true });
    }
  });

  const nowhere = path.join(os.tmpdir(), 'no-such-socket');
  test.observe(
    'prefers the path of the options, and goes to no host and port',
    async (scene) => {
      const { port } = (await scene.listen()).address();
      const near = scene.track(
        scene.client.connect('/another-path', { path: nowhere, port, host: '127.0.0.1' }),
      );
      const [error] = await once(near, 'error');
      return { code: error.code, address: error.address };
    },
    ({ address }) => assert.equal(address, nowhere),
  );

  test.observe(
    'prefers the socket, and goes to no path, host or port',
    async (scene) => {
      const server = await scene.listen();
      const socket = await scene.connectRaw(server);
      const near = scene.track(
        scene.client.connect({ ...trusted, socket, path: nowhere, port: 1, host: 'localhost' }),
      );
      await once(near, 'secureConnect');
      return near.remotePort === server.address().port;
    },
    (isSame) => assert.equal(isSame, true),
  );

  test.observe(
    'reports a path without a server as core does',
    async (scene) => {
      const near = scene.track(scene.client.connect({ path: nowhere }));
      const [error] = await once(near, 'error');
      return describeError(error).code;
    },
    (code) => assert.match(code, /ENOENT|EACCES/),
  );

  test('reads with the onread option', async (scene) => {
    const server = await scene.listen({}, (far) => far.end(data));
    const chunks = [];
    const buffer = Buffer.alloc(5000);
    const near = scene.connect(server, {
      onread: {
        buffer,
        callback(size, into) {
          assert.equal(into, buffer);
          chunks.push(Buffer.from(into.subarray(0, size)));
          return true;
        },
      },
    });
    near.on('data', () => assert.fail('onread replaces data events'));
    await once(near.resume(), 'close');
    assert.equal(Buffer.concat(chunks).equals(data), true);
  });

  test('pauses where onread answers false, and goes on with what is left', async (scene) => {
    const text = 'a text of several buffers';
    const server = await scene.listen({}, (far) => far.end(text));
    let received = '';
    const near = scene.connect(server, {
      onread: {
        buffer: () => Buffer.alloc(10),
        callback(size, into) {
          received += into.subarray(0, size);
          near.pause();
          setImmediate(() => near.resume());
          return false;
        },
      },
    });
    await once(near.resume(), 'close');
    assert.equal(received, text);
  });

  test('is written to before the wrapped socket connects', async (scene) => {
    const server = await scene.listen({}, (far) => far.pipe(far));
    const socket = scene.track(new net.Socket());
    const near = scene.track(scene.client.connect({ ...trusted, socket }));
    near.write('early');
    socket.connect(Scene.to(server));
    assert.equal(String(await readExactly(near, 5)), 'early');
  });
});
