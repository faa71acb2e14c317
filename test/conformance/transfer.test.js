'use strict';

const assert = require('node:assert/strict');
const { createHash, randomBytes } = require('node:crypto');
const { once } = require('node:events');
const { topic } = require('./pairings');
const { only, readAll, readExactly, versions } = require('./scene');

const sizes = { 0: 0, 1: 1, 16383: 16383, 16384: 16384, 16385: 16385, 'a million': 1e6 };
const source = randomBytes(8 << 20);
const digest = (data) => createHash('sha256').update(data).digest('hex');

topic('transfer', (test) => {
  for (const version of versions) {
    for (const [name, size] of Object.entries(sizes)) {
      test(`echoes ${name} bytes over ${version}`, async (scene) => {
        const server = await scene.listen(only(version), (far) => far.pipe(far));
        const near = scene.connect(server);
        near.end(source.subarray(0, size));
        assert.equal(digest(await readAll(near)), digest(source.subarray(0, size)));
      });
    }

    test(`echoes 8 MB over ${version}`, async (scene) => {
      const server = await scene.listen(only(version), (far) => far.pipe(far));
      const near = scene.connect(server);
      near.end(source);
      assert.equal(digest(await readAll(near)), digest(source));
    });

    test(`sends 8 MB from the server over ${version}`, async (scene) => {
      const server = await scene.listen(only(version), (far) => far.end(source));
      const near = scene.connect(server);
      assert.equal(digest(await readAll(near)), digest(source));
    });

    test(`keeps many small writes in order over ${version}`, async (scene) => {
      const server = await scene.listen(only(version), (far) => far.pipe(far));
      const near = scene.connect(server);
      let expected = '';
      for (let i = 0; i < 2000; i++) {
        near.write(`${i},`);
        expected += `${i},`;
      }
      near.end();
      assert.equal(String(await readAll(near)), expected);
    });

    test(`sends in both directions at once over ${version}`, async (scene) => {
      const half = source.subarray(0, 2 << 20);
      const other = source.subarray(2 << 20, 5 << 20);
      const { near, far } = await scene.open(only(version));
      near.end(half);
      far.end(other);
      const [received, sent] = await Promise.all([readAll(near), readAll(far)]);
      assert.equal(digest(received), digest(other));
      assert.equal(digest(sent), digest(half));
    });

    test(`answers a question two hundred times over ${version}`, async (scene) => {
      const { near, far } = await scene.open(only(version));
      far.on('data', (chunk) => far.write(chunk));
      for (let i = 0; i < 200; i++) {
        const question = Buffer.from(`question ${i}`);
        near.write(question);
        assert.deepEqual(await readExactly(near, question.length), question);
      }
    });
  }

  for (const encoding of [
    'utf8',
    'latin1',
    'ascii',
    'ucs2',
    'utf16le',
    'base64',
    'base64url',
    'hex',
  ]) {
    test(`writes strings as ${encoding}`, async (scene) => {
      const { near, far } = await scene.open();
      const text = /base64|hex/.test(encoding)
        ? source.subarray(0, 99).toString(encoding)
        : 'plain text, naïve café, \u20ac\u{1f600}';
      near.write(text, encoding);
      near.end();
      assert.deepEqual(await readAll(far), Buffer.from(text, encoding));
    });
  }

  test('writes large strings as utf8', async (scene) => {
    const { near, far } = await scene.open();
    const text = 'aé\u20ac\u{1f600}'.repeat(50000);
    near.end(text);
    far.setEncoding('utf8');
    assert.equal(await readAll(far), text);
  });

  test('takes the encoding of setDefaultEncoding', async (scene) => {
    const { near, far } = await scene.open();
    near.setDefaultEncoding('hex');
    near.end('c0ffee');
    assert.deepEqual(await readAll(far), Buffer.from('c0ffee', 'hex'));
  });

  test('sends Uint8Array and other views', async (scene) => {
    const { near, far } = await scene.open();
    const whole = new Uint8Array([9, 1, 2, 3, 9]);
    near.write(whole.subarray(1, 4));
    near.end(Buffer.from([4, 5]));
    assert.deepEqual(await readAll(far), Buffer.from([1, 2, 3, 4, 5]));
  });

  test('gives Buffers', async (scene) => {
    const { near, far } = await scene.open();
    near.end('text');
    const [chunk] = await once(far, 'data');
    assert(Buffer.isBuffer(chunk));
    assert.equal(String(chunk), 'text');
  });

  test('gives memory that later data does not change', async (scene) => {
    const { near, far } = await scene.open();
    near.write('first');
    const first = await readExactly(far, 5);
    for (let i = 0; i < 50; i++) {
      near.write(Buffer.alloc(70000, i));
      await readExactly(far, 70000);
    }
    assert.equal(String(first), 'first');
  });

  test('sends memory as it was when the callback comes', async (scene) => {
    const { near, far } = await scene.open();
    const data = Buffer.alloc(1 << 20, 1);
    near.write(data, () => data.fill(2));
    near.end();
    assert.deepEqual(await readAll(far), Buffer.alloc(1 << 20, 1));
  });

  test('splits no character with setEncoding', async (scene) => {
    const { near, far } = await scene.open();
    far.setEncoding('utf8');
    const text = '\u20ac\u{1f600}';
    const received = readAll(far);
    for (const byte of Buffer.from(text)) {
      near.write(Buffer.from([byte]));
      await new Promise(setImmediate);
    }
    near.end();
    assert.equal(await received, text);
  });

  test('decodes as hex and base64', async (scene) => {
    for (const encoding of ['hex', 'base64']) {
      const { near, far } = await scene.open();
      far.setEncoding(encoding);
      near.end(source.subarray(0, 30000));
      assert.equal(await readAll(far), source.toString(encoding, 0, 30000));
    }
  });

  test('sends what is written before the connection is secure', async (scene) => {
    const server = await scene.listen({}, (far) => far.pipe(far));
    const near = scene.connect(server);
    assert.equal(near.secureConnecting, true);
    near.write('early ');
    near.once('connect', () => near.write('connected '));
    near.once('secureConnect', () => near.end('secure'));
    assert.equal(String(await readAll(near)), 'early connected secure');
  });

  test('ends before the connection is secure', async (scene) => {
    const server = await scene.listen({}, (far) => far.pipe(far));
    const near = scene.connect(server);
    near.end('all of it');
    assert.equal(String(await readAll(near)), 'all of it');
  });

  test('writes in the secureConnection listener', async (scene) => {
    const server = await scene.listen({}, (far) => far.write('hello'));
    const near = scene.connect(server);
    assert.equal(String(await readExactly(near, 5)), 'hello');
  });

  test('delivers data that arrives with the handshake', async (scene) => {
    // Both flights end in one segment: the client writes at once in 1.3.
    const server = await scene.listen(only('TLSv1.3'));
    const near = scene.connect(server);
    near.write('with Finished');
    const [far] = await once(server, 'secureConnection');
    assert.equal(String(await readExactly(far, 13)), 'with Finished');
  });

  test.observe(
    'counts bytesWritten and plaintext bytesRead as core does',
    async (scene) => {
      const { near, far } = await scene.open(only('TLSv1.2'), { servername: 'localhost' });
      near.write('x'.repeat(1000));
      await readExactly(far, 1000);
      far.end('y'.repeat(500));
      near.resume();
      await once(near, 'end');
      const { bytesWritten, bytesRead } = near;
      // A signature's length varies by some bytes.
      return { bytesWritten, far: far.bytesWritten, more: bytesRead > 500 };
    },
    (counts) => {
      assert.equal(counts.bytesWritten >= 1000, true);
      assert.equal(counts.far >= 500, true);
    },
  );

  test('reports bytesWritten of data that waits', async (scene) => {
    const server = await scene.listen();
    const near = scene.connect(server);
    near.write('abc');
    near.write('é');
    assert.equal(near.bytesWritten >= 5, true);
    await once(near, 'secureConnect');
  });

  test('transfers after setMaxSendFragment', async (scene) => {
    const { near, far } = await scene.open();
    assert.equal(near.setMaxSendFragment(512), true);
    near.end(source.subarray(0, 100000));
    assert.equal(digest(await readAll(far)), digest(source.subarray(0, 100000)));
  });

  test('iterates asynchronously', async (scene) => {
    const { near, far } = await scene.open();
    near.end(source.subarray(0, 200000));
    const chunks = [];
    for await (const chunk of far) chunks.push(chunk);
    assert.equal(digest(Buffer.concat(chunks)), digest(source.subarray(0, 200000)));
  });
});
