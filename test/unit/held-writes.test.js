'use strict';

const assert = require('node:assert/strict');
const { spawn } = require('node:child_process');
const { once } = require('node:events');
const path = require('node:path');
const certs = require('../certs');
const { only, readAll } = require('../conformance/scene');
const { transports } = require('../transports');

const ours = path.join(__dirname, '..', '..');

/** What the event loop turns for is done: every tick and promise that was due. */
const turn = () => new Promise((resolve) => setImmediate(resolve));

transports(
  'what is written in one tick',
  (test) => {
    for (const size of [100, 4096, 16_384, 40_000]) {
      test(`is held to its end, and no longer, in writes of ${size} bytes`, async (scene) => {
        const { near, far } = await scene.open();
        const block = Buffer.alloc(size, 'x');
        near.write(block);
        assert(near.bufferSize + near.ssl.writeQueueSize >= size);
        await turn();
        assert.equal(near.bufferSize + near.ssl.writeQueueSize, 0);
        const received = readAll(far);
        near.end();
        assert.equal((await received).length, size);
      });
    }

    test('leaves as soon as there is enough for one send', async (scene) => {
      const { near, far } = await scene.open();
      const received = readAll(far);
      const queued = [];
      // Not more than a turn may encrypt where others are active, as the peer here.
      for (let i = 0; i < 4; i++) {
        near.write(Buffer.alloc(16_384));
        queued.push(Math.floor(near.ssl.writeQueueSize / 16_384));
      }
      assert.deepEqual(queued, [1, 2, 3, 0]);
      near.end();
      assert.equal((await received).length, 4 * 16_384);
    });

    for (const error of [undefined, new Error('mine')]) {
      test(`reaches the peer when the socket is destroyed at once: ${error}`, async (scene) => {
        const { near, far } = await scene.open();
        const received = readAll(far);
        near.on('error', () => {});
        near.write('small');
        near.write(Buffer.alloc(20_000, 'x'));
        near.destroy(error);
        assert.equal((await received).length, 20_005);
      });
    }

    for (const size of [100, 4000, 16_384, 65_536]) {
      test(`reaches the peer when a stream of ${size} bytes a write is destroyed`, async (scene) => {
        // In TLS 1.3 the tickets that nobody has read would reset the connection.
        const { near, far } = await scene.open({ maxVersion: 'TLSv1.2' });
        const received = readAll(far);
        let left = 5_000_000;
        const next = () => {
          if (left === 0) return near.destroy();
          const length = Math.min(size, left);
          left -= length;
          return near.write(Buffer.alloc(length), next);
        };
        next();
        assert.equal((await received).length, 5_000_000);
      });
    }

    for (const size of [5, 20_000, 5_000_000]) {
      test(`reaches the peer when the process exits at once: ${size} bytes`, async (scene) => {
        const script = `
          const tls = require(${JSON.stringify(ours)});
          const socket = tls.connect({
            port: process.env.PORT, host: '127.0.0.1', rejectUnauthorized: false,
          }, () => {
            let left = ${size};
            const next = () => {
              if (left === 0) process.exit();
              const length = Math.min(20_000, left);
              left -= length;
              socket.write(Buffer.alloc(length, 'x'), ${size} > 20_000 ? next : undefined);
            };
            next();
            if (left === 0) process.exit();
          });`;
        // In TLS 1.3 the tickets that it has not read would reset the connection.
        const server = await scene.listen({ ...certs.identity('p256'), maxVersion: 'TLSv1.2' });
        const accepted = once(server, 'secureConnection');
        const env = { ...process.env, PORT: server.address().port };
        const child = spawn(process.execPath, ['-e', script], { env, stdio: 'inherit' });
        const exited = once(child, 'exit');
        const [far] = await accepted;
        far.on('error', () => {});
        assert.equal((await readAll(far)).length, size);
        assert.deepEqual(await exited, [0, null]);
      });
    }
  },
  ['native'],
);

transports('what was written before destroy()', (test) => {
  // In TLS 1.3 the tickets that nobody has read would reset the connection.
  const maxVersion = 'TLSv1.2';

  for (const size of [5, 20_000]) {
    for (const error of [undefined, new Error('mine')]) {
      test(`reaches the peer: ${size} bytes, ${error}`, async (scene) => {
        const { near, far } = await scene.open({ maxVersion });
        const received = readAll(far);
        near.on('error', () => {});
        near.write(Buffer.alloc(size, 'x'));
        near.destroy(error);
        assert.equal((await received).length, size);
      });
    }
  }

  test('reaches the peer after the events of its handshake', async (scene) => {
    const server = await scene.listen({ ...certs.identity('p256'), maxVersion });
    const accepted = once(server, 'secureConnection');
    const near = scene.connect(server);
    const order = [];
    for (const event of ['keylog', 'secureConnect', 'close']) {
      near.on(event, () => order.push(event));
    }
    near.write('early', () => {
      order.push('written');
      near.write(' and late');
      near.destroy();
    });
    const [far] = await accepted;
    assert.equal(String(await readAll(far)), 'early and late');
    if (!near.closed) await once(near, 'close');
    assert.deepEqual(order, ['keylog', 'secureConnect', 'written', 'close']);
  });
});

transports('the end of a handshake', (test) => {
  test('leaves in one piece with what waits for it, at either end', async (scene) => {
    const server = await scene.listen(only('TLSv1.3'), (far) => {
      far.once('data', () => far.write('answer'));
    });
    const pieces = { in: 0, out: 0 };
    const proxy = await scene.proxy(server, (chunk, direction) => {
      pieces[direction]++;
      return chunk;
    });
    const near = scene.connect(proxy, { socket: await scene.connectRaw(proxy) });
    near.write('question');
    assert.equal(String((await once(near, 'data'))[0]), 'answer');
    // ClientHello, Finished and question; ServerHello to Finished, tickets and answer.
    assert.deepEqual(pieces, { in: 2, out: 2 });
  });
});
