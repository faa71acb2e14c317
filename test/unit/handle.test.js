'use strict';

const assert = require('node:assert/strict');
const dgram = require('node:dgram');
const { once } = require('node:events');
const http = require('node:http');
const net = require('node:net');
const { Duplex, PassThrough } = require('node:stream');
const { setTimeout: delay } = require('node:timers/promises');
const core = require('node:tls');
const { binding } = require('../../lib/binding');
const certs = require('../certs');
const Scene = require('../conformance/scene');
const { transports } = require('../transports');
const { readExactly } = Scene;

/** A client over a net.Socket of the test's own. */
async function overSocket(scene, server, socket, options) {
  const near = scene.connect(server, { socket, ...options });
  const [[far]] = await Promise.all([
    once(server, 'secureConnection'),
    once(near, 'secureConnect'),
  ]);
  return { near, far };
}

transports('the handle below', (test, transport) => {
  if (transport === 'native') {
    test('is never read by net while C++ has it', async (scene) => {
      const server = await scene.listen();
      const raw = await scene.connectRaw(server);
      let reads = 0;
      const { readStart } = raw._handle;
      raw._handle.readStart = function () {
        reads++;
        return readStart.call(this);
      };
      raw.on('data', () => assert.fail('ciphertext came up'));
      const { near, far } = await overSocket(scene, server, raw);
      raw.pause();
      raw.resume();
      raw.read(0);
      far.end('to the end');
      assert.equal(String(await readExactly(near, 10)), 'to the end');
      near.resume();
      await once(near, 'end');
      assert.equal(reads, 0);
    });
  }

  test('counts plaintext, and the raw socket still knows its addresses', async (scene) => {
    const server = await scene.listen({}, (far) => far.pipe(far));
    const raw = await scene.connectRaw(server);
    const { near } = await overSocket(scene, server, raw);
    near.write('12345');
    near.write(Buffer.alloc(100_000));
    await readExactly(near, 100_005);
    assert.equal(near.bytesWritten, 100_005);
    assert.equal(near.bytesRead, 100_005);
    assert.equal(near.remotePort, server.address().port);
    assert.equal(near.localPort, raw.localPort);
    assert.equal(raw.remoteAddress, '127.0.0.1');
    near.setNoDelay(true);
    near.setKeepAlive(true, 1000);
    near.unref();
    near.ref();
  });

  test('says whether the kernel has bytes for it, where that can be asked', async (scene) => {
    const { near, far } = await scene.open();
    const canBeAsked = near.ssl._parent.hasPendingRead !== undefined;
    // The tickets are still to come.
    await delay(20);
    assert.equal(near._handle.hasPendingRead(), canBeAsked ? false : undefined);
    near.pause();
    far.write(Buffer.alloc(3_000_000));
    await delay(50);
    assert.equal(near._handle.hasPendingRead(), canBeAsked ? true : undefined);
  });

  test('is given the options of TCP', async (scene) => {
    const server = await scene.listen();
    const raw = await scene.connectRaw(server);
    const { near } = await overSocket(scene, server, raw);
    const set = [];
    raw._handle.setNoDelay = (...args) => set.push(['setNoDelay', ...args]);
    raw._handle.setKeepAlive = (...args) => set.push(['setKeepAlive', ...args]);
    near.setNoDelay(true);
    // An agent does so with each socket that it keeps.
    near.setKeepAlive(true, 5000);
    assert.equal(set.length, 2);
    assert.deepEqual(set[0], ['setNoDelay', true]);
    // In seconds.
    assert.deepEqual(set[1].slice(0, 3), ['setKeepAlive', true, 5]);
  });

  test('can be asked for anything after it is closed', async (scene) => {
    const { near } = await scene.open();
    const handle = near._handle;
    near.destroy();
    await once(near, 'close');
    for (const member of ['readStart', 'readStop', 'ref', 'unref', 'getAsyncId', 'setNoDelay']) {
      handle[member]();
    }
    handle.getpeername({});
    handle.getsockname({});
    assert.equal(handle.hasRef(), false);
    handle.close(() => {});
    assert.equal(near._handle, null);
    assert.equal(near.remotePort, undefined);
  });

  test('answers when it is gone and had not told yet that a send has failed', async (scene) => {
    const server = await scene.listen();
    server.on('connection', (raw) => (server.raw = raw));
    const { near, far } = await scene.join(server);
    for (const socket of [near, far]) socket.on('error', () => {});
    const closed = once(near, 'close').catch(() => {});
    const handle = near.ssl;
    server.raw.resetAndDestroy();
    await delay(0);
    // The reset is there, and a write is the first to meet it.
    const deadline = Date.now() + 20;
    while (Date.now() < deadline);
    near.write(Buffer.alloc(70_000));
    near.write('more');
    near.destroy();
    await closed;
    await delay(5);
    for (const method of ['turn', 'flush', 'sent', 'proceed', 'closeNotify', 'shutdownTransport']) {
      assert.equal(handle[method](), 0, method);
    }
  });

  test('is kept awake by data in either direction, and times out when idle', async (scene) => {
    for (const direction of ['reads', 'writes']) {
      const { near, far } = await scene.open();
      far.resume();
      near.resume();
      let idle = false;
      near.setTimeout(120, () => (idle = true));
      const source = direction === 'reads' ? far : near;
      for (let i = 0; i < 12; i++) {
        source.write('still there');
        await delay(25);
        assert.equal(idle, false, `while it ${direction}`);
      }
      const timeout = once(near, 'timeout');
      const started = Date.now();
      await timeout;
      assert(Date.now() - started < 1000);
    }
  });

  test('is found among 2,000 others', async (scene) => {
    const server = await scene.listen({}, (far) => far.pipe(far));
    const raw = await scene.connectRaw(server);
    const others = [];
    try {
      for (let i = 0; i < 2000; i++) others.push(dgram.createSocket('udp4').unref());
      const { near } = await overSocket(scene, server, raw);
      near.write('here');
      assert.equal(String(await readExactly(near, 4)), 'here');
      const { _handle: tcp } = raw;
      const readByNode = Reflect.get(tcp.constructor.prototype, 'bytesRead', tcp);
      if (transport === 'native') assert.equal(readByNode, 0);
    } finally {
      for (const other of others) other.close();
    }
  });

  test('is known to `_handle._parentWrap`, as in core', async (scene) => {
    const { near, far } = await scene.open();
    assert.equal(near._handle._parentWrap, null);
    assert.ok(far._handle._parentWrap instanceof net.Socket);
    assert.equal(far._handle._parentWrap, far._parent);
    const inner = scene.track(scene.client.connect({ socket: near }));
    assert.equal(inner._handle._parentWrap, near);
  });

  test('gives packages the class of Node for a Duplex in the place of a net.Socket', async (scene) => {
    // Word for word what http2-wrapper does, under got.
    const JSStreamSocket = new scene.client.TLSSocket(new PassThrough())._handle._parentWrap
      .constructor;
    const expected = new core.TLSSocket(new PassThrough())._handle._parentWrap.constructor;
    assert.equal(JSStreamSocket, expected);
    const server = await scene.listen({}, (far) => far.pipe(far));
    const raw = await scene.connectRaw(server);
    const socket = scene.track(new JSStreamSocket(Duplex.from({ readable: raw, writable: raw })));
    const near = scene.connect(server, { socket });
    near.write(Buffer.alloc(300_000, 'x'));
    assert.equal((await readExactly(near, 300_000)).length, 300_000);
    assert.equal(near._handle._parentWrap, socket);
  });

  test('is written to and destroyed by what stands for a Duplex', async (scene) => {
    const written = [];
    const duplex = new Duplex({
      read() {},
      write(chunk, encoding, callback) {
        written.push(String(chunk));
        callback();
      },
    });
    const { _handle } = scene.track(new scene.client.TLSSocket(duplex));
    const stand = _handle._parentWrap;
    assert.equal(stand.stream, duplex);
    assert.equal(_handle._parentWrap, stand);
    await new Promise((resolve) => stand.write('raw', resolve));
    assert.deepEqual(written, ['raw']);
    stand.destroy();
    await once(duplex, 'close');
  });

  test('belongs to a subclass of net.Socket with a write of its own', async (scene) => {
    class Counted extends net.Socket {
      writes = 0;

      write(...args) {
        this.writes++;
        return super.write(...args);
      }
    }
    const server = await scene.listen({}, (far) => far.pipe(far));
    const socket = scene.track(new Counted());
    socket.connect(server.address().port, '127.0.0.1');
    await once(socket, 'connect');
    const { near } = await overSocket(scene, server, socket);
    near.write('plain');
    assert.equal(String(await readExactly(near, 5)), 'plain');
    near.end();
    near.resume();
    await once(near, 'close');
    assert.equal(socket.destroyed, true);
  });

  test("passes every write when its own 'write' is replaced", async (scene) => {
    const { near, far } = await scene.open();
    const { write } = near;
    const seen = [];
    near.write = function (chunk, ...rest) {
      seen.push(String(chunk));
      return write.call(this, chunk, ...rest);
    };
    near.write('one');
    near.end('two');
    assert.equal(String(await Scene.readAll(far)), 'onetwo');
    assert.deepEqual(seen.slice(0, 1), ['one']);
  });

  test('serves a keep-alive agent, which reuses it', async (scene) => {
    const app = http.createServer((request, response) => {
      request.resume();
      request.on('end', () => response.end(request.url));
    });
    const server = await scene.listen({}, (far) => app.emit('connection', far));
    const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
    agent.createConnection = () => scene.connect(server);
    const ports = new Set();
    try {
      for (let i = 0; i < 5; i++) {
        const request = http.request({ agent, method: 'POST', path: `/${i}` });
        request.end('body');
        const [response] = await once(request, 'response');
        ports.add(response.socket.localPort);
        assert.equal(response.socket._handle.isStreamBase, true);
        assert.equal(String(await Scene.readAll(response)), `/${i}`);
        await new Promise(setImmediate);
      }
    } finally {
      agent.destroy();
    }
    assert.equal(ports.size, 1);
  });

  test('is watched by the agent that keeps it, as in core', async (scene) => {
    const play = async (tls) => {
      const answer = 'HTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\nx';
      const server = await scene.listen({}, (far) => {
        far.on('error', () => {});
        far.once('data', () => far.write(answer));
      });
      const agent = new http.Agent({ keepAlive: true });
      agent.createConnection = () =>
        scene.track(tls.connect({ ...Scene.to(server), ca: certs.ca, servername: 'localhost' }));
      const accepted = once(server, 'secureConnection');
      const request = http.get({ agent });
      const [response] = await once(request, 'response');
      const { socket } = response;
      assert.equal(String(await Scene.readAll(response)), 'x');
      while (Object.keys(agent.freeSockets).length === 0) await delay(1);
      // What nobody has asked for: from Node 22 on, no request gets that connection any more.
      const [far] = await accepted;
      far.write(answer);
      const closed = once(socket, 'close').then(() => 'closed');
      const outcome = await Promise.race([closed, delay(200, 'open')]);
      agent.destroy();
      return outcome;
    };
    assert.equal(await play(scene.client), await play(core));
  });

  test('keeps the loop alive, or not after unref()', async (scene) => {
    const { near, far } = await scene.open();
    assert.equal(near._handle.hasRef(), true);
    near.unref();
    assert.equal(near._handle.hasRef(), false);
    far.write('x');
    assert.equal(String(await readExactly(near, 1)), 'x');
    near.ref();
    assert.equal(near._handle.hasRef(), true);
  });

  test('refuses what is no socket context with an exception', async (scene) => {
    const { TLSWrap } = require('../../lib/binding').binding;
    for (const junk of [undefined, null, 1, {}, Object.create(TLSWrap.prototype)]) {
      assert.throws(() => new TLSWrap(junk, false), TypeError);
    }
    const { near } = await scene.open();
    for (const name of Object.getOwnPropertyNames(TLSWrap.prototype)) {
      const property = Object.getOwnPropertyDescriptor(TLSWrap.prototype, name);
      const method = property.value ?? property.get;
      if (name === 'constructor' || typeof method !== 'function') continue;
      for (const self of [undefined, {}, Object.create(TLSWrap.prototype), certs]) {
        let result;
        try {
          result = method.call(self, 1, 2);
        } catch (error) {
          assert.match(error.message, /^(Illegal invocation|Invalid argument)$/, name);
        }
        assert.equal(result, undefined, name);
      }
    }
    assert.equal(near.encrypted, true);
  });
});

describe('binding.moveTogether', () => {
  const block = Buffer.alloc(16);

  it('copies chunks one behind the other, and frees those that are alone in their memory', () => {
    const shared = Buffer.from(new ArrayBuffer(16), 4, 3).fill('b');
    const alone = [Buffer.alloc(2, 'a'), Buffer.alloc(4, 'c')];
    binding.moveTogether([alone[0], shared, alone[1]], block);
    assert.equal(String(block.subarray(0, 9)), 'aabbbcccc');
    assert.equal(String(shared), 'bbb');
    assert.deepEqual(
      alone.map((chunk) => chunk.length),
      [0, 0],
    );
  });

  it('writes nothing behind the block', () => {
    const chunks = [Buffer.alloc(10, 'a'), Buffer.alloc(7, 'b')];
    assert.throws(() => binding.moveTogether(chunks, block.subarray(0, 16)), RangeError);
    assert.equal(chunks[1].length, 7);
  });
});
