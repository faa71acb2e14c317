'use strict';

/** What test/fuzz-calls has found, one case each. */

const assert = require('node:assert/strict');
const { once } = require('node:events');
const net = require('node:net');
const { setTimeout: delay } = require('node:timers/promises');
const certs = require('../certs');
const Scene = require('../conformance/scene');
const { transports } = require('../transports');

const { only, readAll, versions } = Scene;
const ignore = () => {};

/** Takes the memory of a view away. */
const transfer = ({ buffer }) => structuredClone(buffer, { transfer: [buffer] });

/** What is thrown meanwhile and nobody catches. */
async function uncaughtDuring(act) {
  const thrown = [];
  const listeners = process.listeners('uncaughtException');
  process.removeAllListeners('uncaughtException');
  process.on('uncaughtException', (error) => thrown.push(error));
  try {
    await act();
  } finally {
    process.removeAllListeners('uncaughtException');
    for (const listener of listeners) process.on('uncaughtException', listener);
  }
  return thrown;
}

transports('calls in an unusual order', (test) => {
  test('lose no write that an event makes while uncork() writes', async (scene) => {
    const server = await scene.listen();
    const near = scene.connect(server);
    near.cork();
    near.write('one ');
    near.write('two ');
    near.once('keylog', () => near.uncork());
    near.once('secureConnect', () => near.end('three'));
    const [far] = await once(server, 'secureConnection');
    far.setEncoding('utf8');
    assert.equal(await readAll(far), 'one two three');
  });

  for (const version of versions) {
    test(`change nothing with a session that comes too late, ${version}`, async (scene) => {
      const options = { servername: 'localhost', ALPNProtocols: ['a'] };
      const first = scene.connect(await scene.listen(only(version)), options);
      const [session] = await once(first, 'session');
      const late = {
        pskCallback(far) {
          far.setSession(session);
          return null;
        },
        ALPNCallback({ protocols: [protocol] }) {
          this.setSession(session);
          return protocol;
        },
      };
      for (const name of Object.keys(late)) {
        const server = await scene.listen({ [name]: late[name], ...only(version) }, (far) => {
          far.setSession(session);
          far.end('x');
        });
        const near = scene.connect(server, {
          ...options,
          pskCallback: () => ({ psk: Buffer.alloc(16), identity: 'nobody' }),
        });
        near.setEncoding('utf8');
        near.once('secureConnect', () => near.setSession(session));
        assert.equal(await readAll(near), 'x');
        assert.equal(near.isSessionReused(), false);
      }
    });
  }

  test('call each write callback once when the handshake fails', async (scene) => {
    const server = await scene.listen(only('TLSv1.2'));
    const near = scene.connect(server, {
      socket: await scene.connectRaw(server),
      ...only('TLSv1.3'),
    });
    near.on('error', ignore);
    const calls = [0, 0, 0];
    near.write('a', () => calls[0]++);
    near.cork();
    near.write('b', () => {
      calls[1]++;
      near.uncork();
    });
    near.write('c', () => calls[2]++);
    await once(near, 'close').catch(ignore);
    await delay(5);
    assert.deepEqual(calls, [1, 1, 1]);
  });

  test('end a write that waited for the handshake after all its events', async (scene) => {
    const server = await scene.listen();
    const near = scene.connect(server);
    const order = [];
    for (const event of ['keylog', 'secureConnect']) near.on(event, () => order.push(event));
    await new Promise((resolve) => near.write('early', resolve));
    // TLS 1.3 has five secrets.
    assert.deepEqual(order, [...Array(5).fill('keylog'), 'secureConnect']);
  });

  for (const [how, change] of Object.entries({
    'transferred away': (view) => transfer(view),
    'made smaller': (view) => view.buffer.resize(10),
  })) {
    test(`go on where the memory of a write is ${how}`, async (scene) => {
      const { near, far } = await scene.open();
      const view = new Uint8Array(new ArrayBuffer(20_000_000, { maxByteLength: 20_000_000 }));
      const written = new Promise((resolve) => near.write(view, resolve));
      await delay(5);
      change(view);
      const received = readAll(far);
      assert.equal((await written) ?? null, null);
      near.end('end');
      const data = await received;
      assert(data.length < 20_000_000);
      assert.equal(data.subarray(-3).toString(), 'end');
    });
  }

  for (const size of [100, 10_000]) {
    test(`write what is left of corked writes when ${size} bytes are transferred away`, async (scene) => {
      const { near, far } = await scene.open();
      const view = new Uint8Array(size);
      near.cork();
      near.write('one ');
      near.write(view);
      near.write('two ');
      transfer(view);
      near.uncork();
      near.end('end');
      assert.equal((await readAll(far)).toString(), 'one two end');
    });
  }

  for (const [callback, options] of [
    ['ALPNCallback', { ALPNCallback: ({ protocols }) => protocols[0] }],
    [
      'pskCallback',
      { ciphers: 'PSK+HIGH:TLS_AES_128_GCM_SHA256', pskCallback: () => Buffer.alloc(16) },
    ],
  ]) {
    test(`end a handshake whose transport ${callback} destroys`, async (scene) => {
      let raw;
      const select = options[callback];
      const server = await scene.listen({
        ...options,
        [callback]: (...args) => {
          raw.destroy();
          return select(...args);
        },
      });
      server.on('connection', (socket) => (raw = socket));
      const failed = once(server, 'tlsClientError');
      const near = scene.connect(server, {
        ALPNProtocols: ['a'],
        ...(callback === 'pskCallback' && {
          ciphers: options.ciphers,
          pskCallback: () => ({ psk: Buffer.alloc(16), identity: 'it' }),
        }),
      });
      near.on('error', ignore);
      const [error] = await failed;
      assert.equal(error.code, 'ECONNRESET');
      if (!near.closed) await once(near, 'close');
    });
  }

  test('close once where the signal was aborted before', async (scene) => {
    const server = await scene.listen();
    const raw = await scene.connectRaw(server);
    for (const options of [{}, { socket: raw }]) {
      const near = scene.connect(server, { ...options, signal: AbortSignal.abort() });
      const errors = [];
      let closes = 0;
      near.on('error', ({ code }) => errors.push(code));
      near.on('close', () => closes++);
      await once(near, 'close').catch(ignore);
      await delay(5);
      assert(near.destroyed);
      near.destroy();
      await delay(5);
      assert.deepEqual({ errors, closes }, { errors: ['ABORT_ERR'], closes: 1 });
    }
  });

  test('refuse resetAndDestroy() of a socket that connects', async (scene) => {
    const server = await scene.listen();
    const near = scene.connect(server);
    assert.throws(() => near.resetAndDestroy(), { code: 'ERR_INVALID_HANDLE_TYPE' });
    await once(near, 'secureConnect');
  });

  test("close over a socket whose listener for 'close' throws", async (scene) => {
    const server = await scene.listen();
    const raw = await scene.connectRaw(server);
    raw.once('close', () => {
      throw new Error('mine');
    });
    const near = scene.connect(server, { socket: raw });
    await once(near, 'secureConnect');
    const thrown = await uncaughtDuring(async () => {
      near.destroy();
      await once(near, 'close');
    });
    assert.deepEqual(thrown.map(String), ['Error: mine']);
  });

  test('leave no handle behind where lookup() throws', async (scene) => {
    const lookup = () => {
      throw new Error('mine');
    };
    const options = { port: 1, host: 'localhost', lookup };
    assert.throws(() => scene.client.connect(options), /mine/);
  });

  test('take memory that was transferred away for empty', async (scene) => {
    const view = new Uint8Array(48);
    transfer(view);
    const server = await scene.listen();
    const { near } = await scene.join(server, { ALPNProtocols: view, session: view });
    assert.equal(near.alpnProtocol, false);
  });

  test('read into the buffer of the user', async (scene) => {
    const server = await scene.listen();
    const sent = Buffer.alloc(1_000_000, 'abcdefghijklm');
    const chunks = [];
    const near = scene.connect(server, {
      onread: {
        buffer: Buffer.alloc(1000),
        callback(size, buffer) {
          chunks.push(Buffer.from(buffer.subarray(0, size)));
          if (chunks.length % 100 !== 0) return true;
          setImmediate(() => near.resume());
          return false;
        },
      },
    });
    const [far] = await once(server, 'secureConnection');
    far.end(sent);
    await once(near, 'end');
    assert(Buffer.concat(chunks).equals(sent));
  });

  test('take a context of somebody else for one without a certificate', async (scene) => {
    const { far } = await scene.open();
    const { message } = Scene.thrownBy(() => far.setKeyCert({ context: null }));
    for (const context of [{}, 1, () => {}]) {
      assert.equal(Scene.thrownBy(() => far.setKeyCert({ context })).message, message);
    }
  });

  test('take a missing argument of setKeyCert() for empty options', async (scene) => {
    const near = scene.track(new scene.client.TLSSocket(scene.track(new net.Socket())));
    for (const nothing of [null, undefined]) near.setKeyCert(nothing);
    assert.throws(() => near.setKeyCert({ key: certs.read('p256-key.pem'), cert: 1 }), {
      code: 'ERR_INVALID_ARG_TYPE',
    });
  });
});
