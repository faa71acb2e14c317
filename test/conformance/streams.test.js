'use strict';

const assert = require('node:assert/strict');
const { randomBytes } = require('node:crypto');
const { once } = require('node:events');
const { PassThrough, Readable } = require('node:stream');
const { pipeline } = require('node:stream/promises');
const { topic } = require('./pairings');
const { describeError, either, only, readAll, readExactly, record } = require('./scene');

const source = randomBytes(1 << 20);
const turn = () => new Promise(setImmediate);

topic('streams', (test) => {
  test('joins corked writes in order', async (scene) => {
    const { near, far } = await scene.open();
    near.cork();
    for (let i = 0; i < 100; i++) near.write(`${i} `);
    await turn();
    assert.equal(far.readableLength, 0);
    near.uncork();
    near.end();
    assert.equal(
      String(await readAll(far)),
      Array.from({ length: 100 }, (_, i) => `${i} `).join(''),
    );
  });

  test('joins corked strings and buffers of several encodings', async (scene) => {
    const { near, far } = await scene.open();
    near.cork();
    near.write('é');
    near.write('é', 'latin1');
    near.write(Buffer.from([0, 1]));
    near.write('ff', 'hex');
    near.uncork();
    near.end();
    assert.deepEqual(await readAll(far), Buffer.from([0xc3, 0xa9, 0xe9, 0, 1, 0xff]));
  });

  test('keeps nested corks closed until the last uncork', async (scene) => {
    const { near, far } = await scene.open();
    near.cork();
    near.cork();
    near.write('text');
    near.uncork();
    await turn();
    await turn();
    assert.equal(far.readableLength, 0);
    near.uncork();
    assert.equal(String(await readExactly(far, 4)), 'text');
  });

  test('ends for a reader that takes what it needs and no more', async (scene) => {
    const { near, far } = await scene.open();
    const ended = once(near, 'end');
    far.end('three');
    let text = '';
    while (text.length < 5) {
      const byte = near.read(1);
      if (byte === null) await once(near, 'readable');
      else text += byte;
    }
    assert.equal(text, 'three');
    await ended;
  });

  test('calls write callbacks in order, without an error', async (scene) => {
    const { near, far } = await scene.open();
    far.resume();
    const log = [];
    for (let i = 0; i < 50; i++) {
      near.write(Buffer.alloc(1 + i * 400), (error) => log.push(error ?? i));
    }
    await new Promise((resolve) => near.end('last', resolve));
    assert.deepEqual(
      log,
      Array.from({ length: 50 }, (_, i) => i),
    );
  });

  test('never calls a write callback within write', async (scene) => {
    const { near, far } = await scene.open();
    far.resume();
    let inside = true;
    const called = new Promise((resolve) => near.write('text', () => resolve(inside)));
    inside = false;
    assert.equal(await called, false);
  });

  test('calls back for an empty write', async (scene) => {
    const { near, far } = await scene.open();
    await new Promise((resolve) => near.write('', resolve));
    await new Promise((resolve) => near.write(Buffer.alloc(0), resolve));
    near.end('x');
    assert.equal(String(await readAll(far)), 'x');
  });

  test('returns false from write and emits drain', async (scene) => {
    const { near, far } = await scene.open();
    assert.equal(near.write(source), false);
    assert.equal(near.writableNeedDrain, true);
    let drained = false;
    near.on('drain', () => (drained = true));
    far.resume();
    await once(near, 'drain');
    assert.equal(drained, true);
    assert.equal(near.writableLength, 0);
  });

  test('holds back a sender whose peer does not read', async (scene) => {
    const { near, far } = await scene.open();
    far.pause();
    let written = 0;
    // Far more than the buffers of two loopback sockets.
    for (let i = 0; i < 64 && near.writableLength < 16 << 20; i++) {
      near.write(source, () => written++);
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
    assert(written < 60, `${written} MB sent`);
    let read = 0;
    far.on('data', (chunk) => (read += chunk.length));
    const expected = near.writableLength + written * source.length;
    far.resume();
    near.end();
    await once(far, 'end');
    assert.equal(read % source.length, 0);
    assert(read >= expected);
  });

  test('stops at pause and goes on at resume', async (scene) => {
    const { near, far } = await scene.open();
    let read = 0;
    far.on('data', (chunk) => {
      read += chunk.length;
      far.pause();
    });
    near.end(source);
    await once(far, 'data');
    await new Promise((resolve) => setTimeout(resolve, 30));
    const before = read;
    assert(before < source.length);
    assert.equal(far.isPaused(), true);
    far.removeAllListeners('data');
    far.on('data', (chunk) => (read += chunk.length));
    far.resume();
    await once(far, 'end');
    assert.equal(read, source.length);
  });

  test('pauses before the first data', async (scene) => {
    const server = await scene.listen({}, (far) => far.end('text'));
    const near = scene.connect(server);
    near.pause();
    await once(near, 'secureConnect');
    let data = false;
    near.on('data', () => (data = true));
    await new Promise((resolve) => setTimeout(resolve, 30));
    assert.equal(data, false);
    near.resume();
    await once(near, 'end');
    assert.equal(data, true);
  });

  test('takes pauseOnConnect on the server', async (scene) => {
    const server = await scene.listen({ pauseOnConnect: true });
    const near = scene.connect(server);
    near.write('text');
    const outcome = await Promise.race([
      once(server, 'secureConnection').then(() => 'secureConnection'),
      new Promise((resolve) => setTimeout(resolve, 200, 'nothing')),
    ]);
    assert.equal(outcome, 'secureConnection');
  });

  test('reads in chunks with readable and read(n)', async (scene) => {
    const { near, far } = await scene.open();
    near.end(source.subarray(0, 10000));
    const chunks = [];
    while (!far.readableEnded) {
      let chunk;
      while ((chunk = far.read(7)) !== null || (chunk = far.read()) !== null) chunks.push(chunk);
      if (!far.readableEnded) await either(far, 'readable', 'end');
    }
    assert.deepEqual(Buffer.concat(chunks), source.subarray(0, 10000));
  });

  test('unshifts', async (scene) => {
    const { near, far } = await scene.open();
    near.end('world');
    assert.equal(String(await readExactly(far, 5)), 'world');
    far.unshift('hello ');
    assert.equal(String(await readExactly(far, 6)), 'hello ');
  });

  test('pipes into another connection', async (scene) => {
    const echo = await scene.listen({}, (far) => far.pipe(far));
    const proxy = await scene.listen({ allowHalfOpen: true }, (far) => {
      const onward = scene.connect(echo, { allowHalfOpen: true });
      far.pipe(onward).pipe(far);
    });
    const near = scene.connect(proxy);
    near.end(source);
    assert.equal((await readAll(near)).equals(source), true);
  });

  test('works in a pipeline', async (scene) => {
    const server = await scene.listen({}, (far) => void pipeline(far, far));
    const near = scene.connect(server);
    const out = new PassThrough();
    const received = readAll(out);
    await pipeline(Readable.from([source, 'more']), near, out);
    assert.equal((await received).length, source.length + 4);
  });

  test('destroys a pipeline whose source fails', async (scene) => {
    const { near, far } = await scene.open();
    far.resume();
    const failing = new Readable({
      read() {
        this.destroy(new Error('source failed'));
      },
    });
    await assert.rejects(pipeline(failing, near), { message: 'source failed' });
    assert.equal(near.destroyed, true);
    await once(far, 'close');
  });

  test.observe(
    'fails writes after end',
    async (scene) => {
      const { near, far } = await scene.open();
      far.resume();
      near.end();
      const error = once(near, 'error').then(([error]) => describeError(error));
      const called = new Promise((resolve) =>
        near.write('x', (error) => resolve(describeError(error))),
      );
      return [await called, await error];
    },
    (errors) => {
      assert.equal(errors[0].code, 'ERR_STREAM_WRITE_AFTER_END');
      assert.deepEqual(errors[1], errors[0]);
    },
  );

  test.observe(
    'fails writes after destroy',
    async (scene) => {
      const { near } = await scene.open();
      near.destroy();
      return new Promise((resolve) => near.write('x', (error) => resolve(describeError(error))));
    },
    (error) => assert.equal(error.code, 'ERR_STREAM_DESTROYED'),
  );

  test.observe(
    'fails pending writes when destroyed',
    async (scene) => {
      const { near, far } = await scene.open();
      far.pause();
      const outcomes = [];
      const done = new Promise((resolve) => {
        for (let i = 0; i < 3; i++) {
          near.write(Buffer.alloc(24 << 20), (error) => {
            outcomes.push(error ? error.code : 'sent');
            if (outcomes.length === 3) resolve();
          });
        }
      });
      await turn();
      near.destroy();
      await done;
      return outcomes.slice(1);
    },
    (outcomes) => {
      for (const code of outcomes) assert.match(code, /^(ERR_STREAM_DESTROYED|ECANCELED)$/);
    },
  );

  for (const [name, value] of Object.entries({
    'a number': 1,
    'an object': {},
    null: null,
    undefined,
  })) {
    test.observe(
      `throws when ${name} is written`,
      async (scene) => {
        const { near } = await scene.open();
        try {
          near.write(value);
        } catch (error) {
          return describeError(error);
        }
        return undefined;
      },
      (error) => {
        const code = value === null ? 'ERR_STREAM_NULL_VALUES' : 'ERR_INVALID_ARG_TYPE';
        assert.equal(error.code, code);
      },
    );
  }

  test.observe(
    'throws for an unknown encoding',
    async (scene) => {
      const { near } = await scene.open();
      try {
        near.write('x', 'no-such-encoding');
      } catch (error) {
        return describeError(error);
      }
      return undefined;
    },
    (error) => assert.equal(error.code, 'ERR_UNKNOWN_ENCODING'),
  );

  test.observe(
    'has the stream properties of core',
    async (scene) => {
      const { near, far } = await scene.open();
      return [near, far].map((socket) => ({
        allowHalfOpen: socket.allowHalfOpen,
        readable: socket.readable,
        writable: socket.writable,
        readableFlowing: socket.readableFlowing,
        readableHighWaterMark: socket.readableHighWaterMark,
        writableHighWaterMark: socket.writableHighWaterMark,
        readableObjectMode: socket.readableObjectMode,
        writableObjectMode: socket.writableObjectMode,
        writableCorked: socket.writableCorked,
        readyState: socket.readyState,
        pending: socket.pending,
        connecting: socket.connecting,
        destroyed: socket.destroyed,
      }));
    },
    (states) => {
      assert.deepEqual(
        states.map(({ readable, writable }) => [readable, writable]),
        [
          [true, true],
          [true, true],
        ],
      );
    },
  );

  test('takes highWaterMark', async (scene) => {
    const { near, far } = await scene.open({ highWaterMark: 2345 }, { highWaterMark: 1234 });
    assert.equal(near.readableHighWaterMark, 1234);
    assert.equal(typeof far.readableHighWaterMark, 'number');
  });

  test('emits one readable end for several readers', async (scene) => {
    const { near, far } = await scene.open(only('TLSv1.3'));
    const log = record([], '', far, ['end', 'close']);
    far.resume();
    near.end('x');
    await once(far, 'close');
    assert.deepEqual(log, ['end', 'close']);
  });
});
