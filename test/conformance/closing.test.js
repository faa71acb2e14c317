'use strict';

const assert = require('node:assert/strict');
const { once } = require('node:events');
const net = require('node:net');
const certs = require('../certs');
const { topic } = require('./pairings');
const Scene = require('./scene');
const { describeError, only, readAll, record, thrownBy, versions } = Scene;

const names = ['end', 'finish', 'close', 'error', 'drain'];
const ignore = () => {};

/** Both sockets' events until both are closed, as two lists. */
async function until(near, far) {
  const nearLog = record([], '', near, names);
  const farLog = record([], '', far, names);
  const hadError = [];
  near.on('close', (failed) => (hadError[0] = failed));
  far.on('close', (failed) => (hadError[1] = failed));
  return async () => {
    const closed = (socket) =>
      socket.closed || new Promise((resolve) => socket.on('close', resolve));
    await Promise.all([closed(near), closed(far)]);
    return { near: nearLog, far: farLog, hadError };
  };
}

topic('closing', (test) => {
  for (const version of versions) {
    // [title, what happens, expectation]
    const endings = [
      ['the client ends', (near) => near.end(), { hadError: [false, false] }],
      ['the server ends', (near, far) => far.end(), { hadError: [false, false] }],
      ['the client ends with data', (near) => near.end('bye'), { hadError: [false, false] }],
      [
        'both end at once',
        (near, far) => {
          near.end('a');
          far.end('b');
        },
        { hadError: [false, false] },
      ],
    ];
    for (const [title, act, expected] of endings) {
      test.observe(
        `emits end, finish and close when ${title} over ${version}`,
        async (scene) => {
          const { near, far } = await scene.open(only(version));
          const finished = await until(near, far);
          near.resume();
          far.resume();
          act(near, far);
          return finished();
        },
        (log) => {
          assert.deepEqual(log.hadError, expected.hadError);
          for (const side of ['near', 'far']) {
            assert.deepEqual([...log[side]].sort(), ['close', 'end', 'finish']);
            assert.equal(log[side].at(-1), 'close');
          }
        },
      );
    }

    test.observe(
      `emits only close on a socket that is destroyed over ${version}`,
      async (scene) => {
        const { near, far } = await scene.open(only(version));
        const finished = await until(near, far);
        far.resume();
        far.on('error', ignore);
        near.destroy();
        const { near: log, hadError } = await finished();
        return { log, hadError: hadError[0] };
      },
      (outcome) => assert.deepEqual(outcome, { log: ['close'], hadError: false }),
    );

    test(`ends the peer of a destroyed socket over ${version}`, async (scene) => {
      const { near, far } = await scene.open(only(version));
      near.resume();
      const log = record([], '', near, ['end', 'close']);
      near.on('error', ignore);
      far.destroy();
      await once(near, 'close');
      assert.equal(log.at(-1), 'close');
    });

    test(`passes an error to destroy on over ${version}`, async (scene) => {
      const { near } = await scene.open(only(version));
      const error = new Error('mine');
      const log = [];
      near.on('error', (received) => log.push(received));
      near.on('close', (failed) => log.push(failed));
      assert.equal(near.destroy(error), near);
      await once(near, 'close').catch(() => once(near, 'close'));
      assert.deepEqual(log, [error, true]);
    });

    test(`goes on writing after the peer's end with allowHalfOpen over ${version}`, async (scene) => {
      const server = await scene.listen({ ...only(version), allowHalfOpen: true });
      const { near, far } = await scene.join(server, { allowHalfOpen: true });
      near.end('question');
      assert.equal(String(await readAll(far)), 'question');
      assert.equal(far.writable, true);
      assert.equal(far.allowHalfOpen, true);
      far.end('answer');
      assert.equal(String(await readAll(near)), 'answer');
    });

    test(`answers after the client's end over ${version}`, async (scene) => {
      const server = await scene.listen({ ...only(version), allowHalfOpen: true }, (far) => {
        far.resume();
        far.on('end', () => setTimeout(() => far.end('late'), 20));
      });
      const near = scene.connect(server, { allowHalfOpen: true });
      near.end('x');
      assert.equal(String(await readAll(near)), 'late');
    });

    test.observe(
      `ends its own side after the peer's without allowHalfOpen over ${version}`,
      async (scene) => {
        const { near, far } = await scene.open(only(version));
        near.resume();
        far.resume();
        assert.equal(far.allowHalfOpen, near.allowHalfOpen);
        near.end();
        await once(far, 'end');
        await once(far, 'close');
        return { writableEnded: far.writableEnded, destroyed: far.destroyed };
      },
      (state) => assert.deepEqual(state, { writableEnded: true, destroyed: true }),
    );

    test(`delivers all data before end over ${version}`, async (scene) => {
      const data = Buffer.alloc(300000, 'x');
      const server = await scene.listen(only(version), (far) => far.end(data));
      const near = scene.connect(server);
      await new Promise((resolve) => setTimeout(resolve, 30));
      assert.deepEqual(await readAll(near), data);
    });

    test(`ends after a TCP FIN without close_notify over ${version}`, async (scene) => {
      const server = await scene.listen(only(version));
      const raw = once(server, 'connection').then(([socket]) => socket);
      const near = scene.connect(server);
      await Promise.all([once(near, 'secureConnect'), once(server, 'secureConnection')]);
      const log = record([], '', near, ['end', 'close', 'error']);
      near.resume();
      (await raw).destroySoon();
      await once(near, 'close');
      assert.deepEqual(log, ['end', 'close']);
    });

    test.observe(
      `fails on a TCP reset over ${version}`,
      async (scene) => {
        const server = await scene.listen(only(version));
        const proxy = await scene.proxy(server);
        const { near } = await scene.join(server, Scene.to(proxy));
        near.resume();
        proxy.sockets[0].resetAndDestroy();
        const [error] = await once(near, 'error');
        const { code, syscall } = error;
        const [hadError] = await once(near, 'close');
        return { code, syscall, hadError };
      },
      (outcome) => {
        assert.deepEqual(outcome, { code: 'ECONNRESET', syscall: 'read', hadError: true });
      },
    );
  }

  test.observe(
    'tells of the alert only when the connection is reset after it, as core does',
    async (scene) => {
      const server = await scene.listen({ requestCert: true, ca: certs.ca, ...only('TLSv1.3') });
      let reset;
      // Passes everything on but the end.
      const proxy = await scene.listenRaw((socket) => {
        const onward = scene.track(net.connect(Scene.to(server)));
        onward.on('data', (chunk) => socket.write(chunk)).on('error', ignore);
        socket.on('data', (chunk) => onward.write(chunk)).on('error', ignore);
        reset = () => socket.resetAndDestroy();
      });
      const near = scene.connect(proxy);
      const log = record([], '', near.resume(), names);
      await once(near, 'secureConnect');
      // In TLS 1.3 the server sees afterwards that a certificate is missing.
      const [error] = await once(near, 'error');
      near.on('close', (failed) => log.push(failed));
      reset();
      await once(near, 'close');
      return { error: describeError(error).code, log };
    },
    ({ error, log }) => {
      assert.equal(error, 'ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED');
      assert.equal(log.filter((event) => event === 'error').length, 1);
    },
  );

  test('calls the callback of end', async (scene) => {
    const { near, far } = await scene.open();
    far.resume();
    await new Promise((resolve) => near.end(resolve));
    assert.equal(near.writableFinished, true);
  });

  test.observe(
    'fails a second end with data',
    async (scene) => {
      const { near, far } = await scene.open();
      far.resume();
      near.end('one');
      near.on('error', ignore);
      return new Promise((resolve) => near.end('two', (error) => resolve(describeError(error))));
    },
    (error) => assert.equal(error.code, 'ERR_STREAM_WRITE_AFTER_END'),
  );

  test('destroySoon sends what waits, then closes', async (scene) => {
    // In 1.3, session tickets that arrive late make the kernel send a reset.
    const { near, far } = await scene.open(only('TLSv1.2'));
    const received = readAll(far);
    near.write(Buffer.alloc(500000, 'z'));
    near.destroySoon();
    assert.equal((await received).length, 500000);
    assert.equal(near.destroyed || (await once(near, 'close'), near.destroyed), true);
  });

  test.observe(
    'answers resetAndDestroy as core does',
    async (scene) => {
      const { near, far } = await scene.open();
      far.on('error', ignore);
      return thrownBy(() => near.resetAndDestroy());
    },
    (error) => assert.equal(error.code, 'ERR_INVALID_HANDLE_TYPE'),
  );

  test('is destroyed only once', async (scene) => {
    const { near } = await scene.open();
    const log = record([], '', near, ['close', 'error']);
    near.on('error', ignore);
    near.destroy();
    near.destroy(new Error('late'));
    await once(near, 'close');
    await new Promise(setImmediate);
    assert.deepEqual(log, ['close']);
  });

  test('is destroyed before it connects', async (scene) => {
    const server = await scene.listen();
    const near = scene.connect(server);
    const log = record([], '', near, ['connect', 'secureConnect', 'close', 'error']);
    near.destroy();
    await once(near, 'close');
    assert.deepEqual(log, ['close']);
  });

  test('is destroyed during the handshake', async (scene) => {
    const server = await scene.listen();
    const near = scene.connect(server);
    const failed = once(server, 'tlsClientError');
    const log = record([], '', near, ['secureConnect', 'close', 'error']);
    near.on('connect', () => setImmediate(() => near.destroy()));
    near.prependOnceListener('secureConnect', () => assert.fail('was not in the handshake'));
    server.on('secureConnection', () => assert.fail('was not in the handshake'));
    near.on('connect', () => near.destroy());
    const [error] = await failed;
    assert.equal(error.code, 'ECONNRESET');
    assert.deepEqual(log, ['close']);
  });

  test('is destroyed in the secureConnect and secureConnection listeners', async (scene) => {
    const server = await scene.listen({}, (far) => far.destroy());
    const near = scene.connect(server);
    near.on('error', ignore);
    near.on('secureConnect', () => near.destroy());
    await once(near, 'close').catch(() => once(near, 'close'));
    assert.equal(near.destroyed, true);
  });

  test('is destroyed in the data listener', async (scene) => {
    const { near, far } = await scene.open();
    let calls = 0;
    far.on('data', () => {
      calls++;
      far.destroy();
    });
    near.on('error', ignore);
    near.write(Buffer.alloc(1 << 20));
    await once(far, 'close');
    await new Promise((resolve) => setTimeout(resolve, 10));
    assert.equal(calls, 1);
  });

  test('supports Symbol.asyncDispose or has none, as core', async (scene) => {
    const { near } = await scene.open();
    const { Duplex } = require('node:stream');
    assert.equal(
      typeof near[Symbol.asyncDispose ?? 'none'],
      typeof Duplex.prototype[Symbol.asyncDispose ?? 'none'],
    );
  });

  test.observe(
    'reports an open connection that fails once, and the write on its way when it is destroyed',
    async (scene) => {
      const server = await scene.listen({}, (far) => far.on('error', ignore).pause());
      const relays = [];
      const relay = net.createServer((raw) => {
        const onward = net.connect(server.address().port, '127.0.0.1');
        scene.track(raw);
        scene.track(onward);
        relays.push(raw);
        raw.on('error', ignore).pipe(onward);
        onward.on('error', ignore).pipe(raw);
      });
      scene.track(relay);
      await once(relay.listen(0, '127.0.0.1'), 'listening');
      const near = scene.connect(relay);
      await once(near, 'secureConnect');
      const seen = [];
      near.on('error', ({ code }) => seen.push(code, near.destroyed));
      near.write(Buffer.alloc(32 << 20), (error) => seen.push('first', error?.code));
      near.write('more', (error) => seen.push('second', error?.code));
      // A record that nobody has encrypted.
      relays[0].write(Buffer.from(`1703030020${'00'.repeat(32)}`, 'hex'));
      await new Promise((resolve) => near.once('error', () => setTimeout(resolve, 20)));
      near.destroy();
      await new Promise((resolve) => near.on('close', () => setImmediate(resolve)));
      return seen;
    },
    (seen) => assert.equal(seen.filter((each) => /BAD_RECORD_MAC/.test(each)).length, 1),
  );

  for (const [title, write] of Object.entries({
    'nothing was written': () => {},
    'a write waits for it': (socket, note) => socket.write('hello', note),
    'several writes wait for it': (socket, note) => {
      socket.write('hello', note);
      socket.write(Buffer.alloc(100_000), note);
    },
    'the end waits for it': (socket) => socket.end('hello'),
  })) {
    test.observe(
      `reports a handshake that fails while ${title}`,
      async (scene) => {
        // Whose answer is no TLS.
        const server = net.createServer((raw) =>
          raw.on('error', ignore).resume().end('HTTP/1.1 400\r\n'),
        );
        scene.track(server);
        await once(server.listen(0, '127.0.0.1'), 'listening');
        const near = scene.connect(server);
        const seen = [];
        const tell = (error) => {
          const { code, errno, syscall, library, message } = error ?? {};
          // What begins the text of OpenSSL is the number of a thread.
          return { code, errno, syscall, library, message: message?.replace(/[0-9A-F]{16}/, '') };
        };
        write(near, (error) => seen.push('callback', tell(error)));
        near.on('error', (error) => seen.push('error', tell(error)));
        await new Promise((resolve) => near.on('close', resolve));
        return seen;
      },
      (seen) => {
        const expected = title.startsWith('nothing') ? 'ERR_SSL_WRONG_VERSION_NUMBER' : 'EPROTO';
        assert.equal(seen.at(-1).code, expected);
      },
    );
  }

  test.observe(
    'fails a write of a socket that is called back to life in its error',
    async (scene) => {
      const server = net.createServer((raw) => raw.destroy()).listen(0, '127.0.0.1');
      scene.track(server);
      await once(server, 'listening');
      const near = scene.connect(server);
      // As often as it fails.
      near.on('error', () => near._undestroy());
      return new Promise((resolve) => near.write('hello', (error) => resolve(error?.code)));
    },
    (code) => assert.equal(code, 'ECANCELED'),
  );

  test.observe(
    'has these states after the end',
    async (scene) => {
      const { near, far } = await scene.open();
      near.resume();
      far.resume();
      near.end('x');
      await Promise.all([once(near, 'close'), once(far, 'close')]);
      return [near, far].map((socket) => ({
        destroyed: socket.destroyed,
        closed: socket.closed,
        readable: socket.readable,
        writable: socket.writable,
        readyState: socket.readyState,
        pending: socket.pending,
        errored: socket.errored,
        address: socket.address(),
        remoteAddress: socket.remoteAddress,
        encrypted: socket.encrypted,
        authorized: socket.authorized,
      }));
    },
    (states) => {
      for (const state of states) {
        assert.equal(state.destroyed, true);
        assert.equal(state.readyState, 'closed');
        assert.equal(state.errored, null);
      }
    },
  );
});
