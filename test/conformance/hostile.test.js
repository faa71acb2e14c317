'use strict';

const assert = require('node:assert/strict');
const { randomBytes } = require('node:crypto');
const { once } = require('node:events');
const certs = require('../certs');
const { topic } = require('./pairings');
const Scene = require('./scene');
const { describeError, only, readAll, readExactly, versions } = Scene;

/** What a server makes of raw bytes: its one error, and that it works on. */
async function throwAt(scene, bytes, { end = true, options } = {}) {
  const server = await scene.listen(options);
  const errors = [];
  server.on('tlsClientError', (error, socket) => {
    errors.push(describeError(error));
    socket.destroy();
  });
  const failed = once(server, 'tlsClientError');
  const raw = await scene.connectRaw(server);
  raw.on('error', () => {});
  const reply = [];
  raw.on('data', (chunk) => reply.push(chunk));
  if (end) raw.end(bytes);
  else raw.write(bytes);
  await failed;
  if (!raw.closed) await new Promise((resolve) => raw.on('close', resolve));
  await scene.join(server);
  return { errors, reply: Buffer.concat(reply).toString('hex') };
}

const handshakeRecord = (type, body) =>
  Buffer.concat([Buffer.from([type, 3, 3, body.length >> 8, body.length & 255]), body]);

topic('a hostile client', (test) => {
  const attacks = {
    'sends an HTTP request': Buffer.from('GET / HTTP/1.1\r\n\r\n'),
    'sends an HTTP proxy request': Buffer.from('CONNECT a:1 HTTP/1.1\r\n\r\n'),
    'sends zeros': Buffer.alloc(100),
    'sends 0xff': Buffer.alloc(100, 255),
    'sends an empty record': handshakeRecord(22, Buffer.alloc(0)),
    'sends application data first': handshakeRecord(23, Buffer.alloc(20)),
    'sends an unknown record type': handshakeRecord(99, Buffer.alloc(20)),
    'sends a record that is too long': Buffer.concat([
      Buffer.from([22, 3, 3, 0xff, 0xff]),
      Buffer.alloc(70000),
    ]),
    'sends half a record': handshakeRecord(22, Buffer.alloc(50)).subarray(0, 20),
    'sends a fatal alert': handshakeRecord(21, Buffer.from([2, 40])),
    'sends close_notify first': handshakeRecord(21, Buffer.from([1, 0])),
    'sends a ServerHello': handshakeRecord(22, Buffer.from([2, 0, 0, 4, 3, 3, 0, 0])),
    'sends a broken ClientHello': handshakeRecord(22, Buffer.from([1, 0, 0, 4, 3, 3, 0, 0])),
    'sends an SSLv2 hello': Buffer.from([0x80, 0x2e, 1, 0, 2, 0, 0x15, 0, 0, 0, 0x10]),
  };
  for (const [title, bytes] of Object.entries(attacks)) {
    test.observe(
      `${title}, and the server goes on`,
      (scene) => throwAt(scene, bytes),
      ({ errors }) => {
        assert.equal(errors.length, 1);
        assert.match(errors[0].code, /^(ERR_SSL_|ECONNRESET)/);
      },
    );
  }

  test.observe(
    'connects and goes without a word',
    (scene) => throwAt(scene, ''),
    ({ errors }) =>
      assert.deepEqual(
        errors.map(({ code }) => code),
        ['ECONNRESET'],
      ),
  );

  test('sends random bytes twenty times, and the server goes on', async (scene) => {
    const server = await scene.listen();
    let failures = 0;
    server.on('tlsClientError', (error, socket) => {
      failures++;
      socket.destroy();
    });
    for (let i = 0; i < 20; i++) {
      const raw = await scene.connectRaw(server);
      raw.on('error', () => {});
      raw.resume();
      raw.end(randomBytes(1 + i * 50));
      if (!raw.closed) await new Promise((resolve) => raw.on('close', resolve));
    }
    await scene.join(server);
    assert.equal(failures, 20);
  });

  test('resets the connection in the handshake', async (scene) => {
    const server = await scene.listen();
    const failed = once(server, 'tlsClientError');
    const raw = await scene.connectRaw(server);
    raw.write(Buffer.from([22, 3, 1]));
    await new Promise((resolve) => setTimeout(resolve, 20));
    raw.resetAndDestroy();
    const [error] = await failed;
    assert.equal(error.code, 'ECONNRESET');
  });

  test.observe(
    'sends garbage after the handshake',
    async (scene) => {
      const server = await scene.listen(only('TLSv1.2'));
      const proxy = await scene.proxy(server);
      const { near, far } = await scene.join(server, Scene.to(proxy));
      near.on('error', () => {});
      const failed = new Promise((resolve) =>
        far.on('error', (error) => resolve(describeError(error))),
      );
      far.resume();
      proxy.onward[0].write(Buffer.alloc(100, 1));
      return failed;
    },
    (error) => assert.equal(error.code, 'ERR_SSL_WRONG_VERSION_NUMBER'),
  );

  for (const version of versions) {
    test.observe(
      `has a record changed on the way over ${version}`,
      async (scene) => {
        const server = await scene.listen(only(version));
        let spoil = false;
        const proxy = await scene.proxy(server, (chunk, direction) => {
          if (!spoil || direction !== 'in') return chunk;
          const changed = Buffer.from(chunk);
          changed[changed.length - 1] ^= 1;
          return changed;
        });
        const { near, far } = await scene.join(server, Scene.to(proxy));
        near.on('error', () => {});
        const failed = new Promise((resolve) =>
          far.on('error', (error) => resolve(describeError(error))),
        );
        far.on('data', () => assert.fail('forged data was delivered'));
        spoil = true;
        near.write('authentic');
        return failed;
      },
      (error) =>
        assert.match(
          error.code,
          /^ERR_SSL_(CIPHER_OPERATION_FAILED|DECRYPTION_FAILED_OR_BAD_RECORD_MAC)$/,
        ),
    );

    test(`comes in single bytes over ${version}`, async (scene) => {
      const server = await scene.listen(only(version), (far) => far.pipe(far));
      const proxy = await scene.listenRaw((socket) => {
        const onward = scene.track(require('node:net').connect(Scene.to(server)));
        onward.setNoDelay(true);
        socket.on('data', (chunk) => {
          for (const byte of chunk) onward.write(Buffer.from([byte]));
        });
        onward.on('data', (chunk) => {
          for (const byte of chunk) socket.write(Buffer.from([byte]));
        });
        socket.on('error', () => {});
        onward.on('error', () => {});
      });
      const near = scene.connect(server, Scene.to(proxy));
      near.write('one by one');
      assert.equal(String(await readExactly(near, 10)), 'one by one');
    });
  }
});

topic('a hostile server', (test) => {
  const replies = {
    'answers with text': Buffer.from('220 mail.example.com ESMTP\r\n'),
    'answers with an HTTP error': Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n'),
    'answers with zeros': Buffer.alloc(100),
    'answers with a fatal alert': handshakeRecord(21, Buffer.from([2, 40])),
    'answers with a ClientHello': handshakeRecord(22, Buffer.from([1, 0, 0, 4, 3, 3, 0, 0])),
    'answers with a broken ServerHello': handshakeRecord(22, Buffer.from([2, 0, 0, 4, 3, 3, 0, 0])),
    'answers with a record that is too long': Buffer.concat([
      Buffer.from([22, 3, 3, 0xff, 0xff]),
      Buffer.alloc(70000),
    ]),
  };
  for (const [title, bytes] of Object.entries(replies)) {
    test.observe(
      title,
      async (scene) => {
        const server = await scene.listenRaw((socket) => {
          socket.on('error', () => {});
          socket.once('data', () => socket.write(bytes));
        });
        const near = scene.connect(server);
        near.on('secureConnect', () => assert.fail('is not secure'));
        const error = await new Promise((resolve) => near.on('error', resolve));
        return describeError(error);
      },
      (error) => assert.match(error.code, /^ERR_SSL_/),
    );
  }

  test.observe(
    'closes before an answer',
    async (scene) => {
      const server = await scene.listenRaw((socket) => socket.end());
      const near = scene.connect(server);
      const error = await new Promise((resolve) => near.on('error', resolve));
      const { code, message, path, host, port, localAddress } = error;
      return { code, message, path, host, port: typeof port, localAddress };
    },
    ({ code, message }) => {
      assert.equal(code, 'ECONNRESET');
      assert.match(message, /Client network socket disconnected before secure TLS connection/);
    },
  );

  test.observe(
    'resets before an answer',
    async (scene) => {
      const server = await scene.listenRaw((socket) => {
        socket.once('data', () => socket.resetAndDestroy());
      });
      const near = scene.connect(server);
      const error = await new Promise((resolve) => near.on('error', resolve));
      return { code: error.code, syscall: error.syscall };
    },
    ({ code }) => assert.equal(code, 'ECONNRESET'),
  );

  test.observe(
    'answers with an unknown alert',
    async (scene) => {
      const server = await scene.listenRaw((socket) => {
        socket.on('error', () => {});
        socket.once('data', () => socket.write(handshakeRecord(21, Buffer.from([2, 200]))));
      });
      const near = scene.connect(server);
      const failed = new Promise((resolve) => near.on('error', (error) => resolve(error.code)));
      const patience = new Promise((resolve) => setTimeout(resolve, 100, 'nothing'));
      return Promise.race([failed, patience]);
    },
    (outcome) => assert.match(outcome, /^(nothing|ERR_SSL_.*)$/),
  );

  test('never answers, and the client can give up', async (scene) => {
    const server = await scene.listenRaw(() => {});
    const near = scene.connect(server, { timeout: 30 });
    await once(near, 'timeout');
    near.destroy();
    await once(near, 'close');
  });

  test('cuts the stream, and the client sees what came and an end', async (scene) => {
    const server = await scene.listen({}, (far) => far.write('partial'));
    const proxy = await scene.proxy(server);
    const near = scene.connect(server, Scene.to(proxy));
    const received = readAll(near);
    await once(near, 'data');
    proxy.sockets[0].destroySoon();
    assert.equal(String(await received), 'partial');
  });

  test('dies while the client writes', async (scene) => {
    const server = await scene.listen(certs.identity('p256'));
    const proxy = await scene.proxy(server);
    const { near } = await scene.join(server, Scene.to(proxy));
    const error = new Promise((resolve) => near.on('error', resolve));
    const timer = setInterval(() => near.write(Buffer.alloc(10000)), 1);
    try {
      proxy.sockets[0].resetAndDestroy();
      assert.match((await error).code, /ECONNRESET|EPIPE/);
    } finally {
      clearInterval(timer);
    }
  });
});
