'use strict';

const assert = require('node:assert/strict');
const { once } = require('node:events');
const { setTimeout: delay } = require('node:timers/promises');
const attacker = require('../abuse/record-layer');
const Scene = require('../conformance/scene');
const { ClientPeer } = require('../interop/protocol/client-peer');
const wire = require('../interop/protocol/wire');
const { transports } = require('../transports');

const kMegabyte = 1024 * 1024;

/** A server and the one connection that an attacker has made to it. */
async function attack(scene) {
  const server = await scene.listen();
  const [[far], { socket, writer }] = await Promise.all([
    once(server, 'secureConnection'),
    attacker.connect(Scene.to(server)),
  ]);
  scene.track(socket);
  return { far, socket, writer };
}

const repeat = (count, make) => Buffer.concat(Array.from({ length: count }, make));

/** Counts how often the event loop turns, and so anybody else is served, until `done`. */
async function countTurns(done) {
  let turns = 0;
  let running = true;
  const turn = () => {
    turns++;
    if (running) setImmediate(turn);
  };
  setImmediate(turn);
  await done;
  running = false;
  return turns;
}

/** Resolves when `size` bytes have come. */
function received(far, size) {
  return new Promise((resolve) => {
    far.on('data', () => {
      if (far.bytesRead === size) resolve();
    });
  });
}

transports('a flood of records', (test) => {
  for (const requested of [false, true]) {
    const kind = requested ? 'KeyUpdates that want an answer' : 'KeyUpdates';
    test(`of ${kind} leaves others their turns`, async (scene) => {
      const { far, socket, writer } = await attack(scene);
      socket.resume();
      const flood = repeat(2000, () => writer.keyUpdate(requested));
      const done = received(far, 4);
      const turns = countTurns(done);
      socket.write(Buffer.concat([flood, writer.data('done')]));
      assert((await turns) > 80, `${await turns} turns`);
    });
  }

  test('of single bytes leaves others their turns, and its end comes last', async (scene) => {
    const { far, socket, writer } = await attack(scene);
    const ended = once(far, 'end');
    const done = received(far, 20_000);
    const turns = countTurns(done);
    socket.end(repeat(20_000, () => writer.data('x')));
    assert((await turns) > 30, `${await turns} turns`);
    await ended;
    assert.equal(far.bytesRead, 20_000);
  });

  test('of single bytes stops while its reader is paused', async (scene) => {
    const { far, socket, writer } = await attack(scene);
    const chunks = [];
    far.on('data', (chunk) => {
      chunks.push(chunk);
      far.pause();
      setImmediate(() => far.resume());
    });
    const ended = once(far, 'end');
    let i = 0;
    socket.end(repeat(5000, () => writer.data([i++ & 255])));
    await ended;
    const expected = Uint8Array.from({ length: 5000 }, (_, index) => index);
    assert(Buffer.concat(chunks).equals(expected));
  });

  test('of KeyUpdates by somebody who does not read takes no memory', async (scene) => {
    const { far, socket, writer } = await attack(scene);
    far.resume();
    // More than the kernel takes.
    far.write(Buffer.alloc(32 * kMegabyte));
    await delay(50);
    const before = far.ssl.writeQueueSize;
    assert(before > 0, 'the kernel has taken everything');
    const count = 5000;
    const flood = repeat(count, () => writer.keyUpdate(true));
    socket.write(Buffer.concat([flood, writer.data('done')]));
    await delay(200);
    const grown = far.ssl.writeQueueSize - before;
    assert(grown < 64 * 1024, `${grown} bytes of answers are queued`);
    const done = received(far, 4);
    socket.resume();
    await done;
  });

  test('of pre-shared keys in one ClientHello takes no time', async (scene) => {
    const { ContentType, Extension, HandshakeType, vector8, vector16 } = wire;
    const server = await scene.listen({ pskCallback: () => null });
    server.on('tlsClientError', () => {});
    const count = 6000;
    /** CPU time in microseconds until the server has answered. */
    const timeOf = async (identity) => {
      const identities = repeat(count, (_, i) =>
        Buffer.concat([vector16(identity(i)), Buffer.alloc(4)]),
      );
      const keys = Buffer.concat([vector16(identities), vector16(vector8(Buffer.alloc(32)))]);
      const peer = new ClientPeer(await scene.connectRaw(server));
      const hello = peer.clientHello('TLSv1.3', {
        add: [
          [Extension.pskKeyExchangeModes, Buffer.from([1, 1])],
          [Extension.preSharedKey, keys],
        ],
      });
      const message = peer.message(HandshakeType.clientHello, hello);
      const start = process.cpuUsage();
      for (let sent = 0; sent < message.length; sent += 16384) {
        peer.send(ContentType.handshake, message.subarray(sent, sent + 16384));
      }
      await peer.serverHello();
      const { user, system } = process.cpuUsage(start);
      peer.end();
      return user + system;
    };
    const least = async (identity) =>
      Math.min(await timeOf(identity), await timeOf(identity), await timeOf(identity));
    const same = await least(() => Buffer.from([1, 1, 0]));
    const different = await least((i) => Buffer.from([1 + (i % 120), 1 + Math.floor(i / 120), 0]));
    assert(different < 8 * same, `${different} us, and ${same} us for one key again and again`);
  });
});
