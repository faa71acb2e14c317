'use strict';

const assert = require('node:assert/strict');
const { AsyncLocalStorage } = require('node:async_hooks');
const { once } = require('node:events');
const { Duplex, PassThrough } = require('node:stream');
const { setTimeout: delay } = require('node:timers/promises');
const core = require('node:tls');
const certs = require('../certs');
const Scene = require('../conformance/scene');
const { transports } = require('../transports');
const { describeError, readAll, readExactly } = Scene;

const kBlock = Buffer.alloc(3 * 1024 * 1024, 5);
const kPatience = 500; // milliseconds; half of a connection stays open in core, too

/** Two streams, each of which reads what the other writes. */
function pair() {
  const ends = [new PassThrough(), new PassThrough()];
  return ends.map((way, i) => Duplex.from({ readable: way, writable: ends[1 - i] }));
}

/** A server's end on a stream. */
const accept = (tls, stream, options) =>
  new tls.TLSSocket(stream, {
    isServer: true,
    secureContext: tls.createSecureContext(certs.identity('p256')),
    ...options,
  });

const clientOptions = (stream) => ({ socket: stream, ca: certs.ca, servername: 'localhost' });

transports('TLS over other streams', (test, transport) => {
  test('begins after STARTTLS, with the ClientHello buffered already', async (scene) => {
    const server = await scene.listenRaw(async (raw) => {
      raw.write('220 ready\n');
      const line = await readExactly(raw, 9);
      assert.equal(String(line), 'STARTTLS\n');
      // What follows comes into the buffer of the stream.
      while (raw.readableLength < 200) await new Promise(setImmediate);
      const far = scene.track(accept(scene.server, raw));
      far.pipe(far);
    });
    const raw = await scene.connectRaw(server);
    assert.equal(String(await readExactly(raw, 10)), '220 ready\n');
    raw.write('STARTTLS\n');
    const near = scene.connect(server, { socket: raw });
    near.write('after the upgrade');
    assert.equal(String(await readExactly(near, 17)), 'after the upgrade');
    assert.equal(near.authorized, true);
  });

  for (const encoding of ['latin1', 'hex']) {
    // Core aborts the process there.
    test(`begins with the ClientHello buffered as ${encoding}`, async (scene) => {
      const server = await scene.listenRaw(async (raw) => {
        raw.read(0);
        while (raw.readableLength < 200) await new Promise(setImmediate);
        raw.setEncoding(encoding);
        const far = scene.track(accept(scene.server, raw));
        far.pipe(far);
      });
      const near = scene.connect(server);
      near.write('question');
      assert.equal(String(await readExactly(near, 8)), 'question');
    });
  }

  test('begins with data that was unshifted', async (scene) => {
    const server = await scene.listenRaw((raw) => {
      raw.once('data', (chunk) => {
        raw.pause();
        raw.unshift(chunk);
        const far = scene.track(accept(scene.server, raw));
        far.pipe(far);
      });
    });
    const near = scene.connect(server);
    near.write(kBlock);
    assert((await readExactly(near, kBlock.length)).equals(kBlock));
  });

  for (const depth of [2, 3]) {
    test(`goes through ${depth} layers of itself`, async (scene) => {
      const server = await scene.listen({}, (far) => {
        let socket = far;
        for (let i = 1; i < depth; i++) socket = scene.track(accept(scene.server, socket));
        socket.pipe(socket);
      });
      let near = scene.connect(server);
      for (let i = 1; i < depth; i++) near = scene.track(scene.client.connect(clientOptions(near)));
      near.end(kBlock);
      assert((await readAll(near)).equals(kBlock));
    });
  }

  test('goes through a layer of core', async (scene) => {
    const server = scene.track(core.createServer(certs.identity('p256')));
    await scene.bind(server);
    server.on('secureConnection', (far) => {
      scene.track(far);
      const top = scene.track(accept(scene.server, far));
      top.pipe(top);
    });
    const below = scene.track(core.connect({ ...Scene.to(server), ...clientOptions() }));
    const near = scene.connect(server, { socket: below });
    near.end(kBlock);
    assert((await readAll(near)).equals(kBlock));
  });

  for (const [title, connect, end] of [
    ['of a client and of a server', core, core],
    ['of a client', core, null],
    ['of a server', null, core],
  ]) {
    /** A layer of ours, on which TLS is core's where it is not null. */
    const listen = (scene, listener) =>
      scene.listen({}, (far) => listener(scene.track(accept(end ?? scene.server, far))));
    const join = (scene, below) =>
      scene.track((connect ?? scene.client).connect(clientOptions(below)));

    test(`goes under TLS of core ${title}, and ends it`, async (scene) => {
      const server = await listen(scene, (far) => far.pipe(far));
      const below = scene.connect(server);
      await once(below, 'secureConnect');
      const near = join(scene, below);
      near.end(kBlock);
      assert((await readAll(near)).equals(kBlock));
      await Promise.all([near, below].map((socket) => socket.closed || once(socket, 'close')));
    });

    test(`goes under TLS of core ${title} that pauses`, async (scene) => {
      const server = await listen(scene, (far) => far.end(kBlock));
      const below = scene.connect(server);
      await once(below, 'secureConnect');
      const near = join(scene, below);
      const ended = once(near, 'end');
      for (let size = 0; size < kBlock.length; size += kBlock.length / 3) {
        await readExactly(near, kBlock.length / 3);
        await delay(20);
      }
      near.resume();
      await ended;
    });

    test(`goes under TLS of core ${title}, and is destroyed`, async (scene) => {
      const closed = [];
      const server = await listen(scene, (far) => {
        closed.push(new Promise((resolve) => far.on('error', () => {}).on('close', resolve)));
        far.resume();
        far.write(kBlock);
      });
      const below = scene.connect(server);
      await once(below, 'secureConnect');
      const near = join(scene, below);
      await once(near, 'data');
      below.destroy();
      await once(
        near.on('error', () => {}),
        'close',
      );
      await Promise.all(closed);
    });
  }

  for (const [what, act, expected] of [
    ['ends with a TLS socket below that is ended', () => {}, null],
    ['tells what is written when it is', (near) => near.write('too late'), 'EPIPE'],
  ]) {
    test(what, async (scene) => {
      const server = await scene.listen({}, (far) => accept(scene.server, far).resume());
      const outer = scene.connect(server);
      await once(outer, 'secureConnect');
      const near = scene.track(scene.client.connect(clientOptions(outer)));
      await once(near, 'secureConnect');
      near.resume();
      let failure = null;
      near.on('error', ({ code }) => (failure = code));
      outer.on('error', (error) => (failure = error));
      const closed = Promise.all([once(outer, 'close'), once(near, 'close').catch(() => {})]);
      outer.end();
      act(near);
      await closed;
      assert.equal(failure, expected);
    });
  }

  test('goes through a pair of Duplex streams', async (scene) => {
    const [one, other] = pair();
    const far = scene.track(accept(scene.server, other));
    far.pipe(far);
    const near = scene.track(scene.client.connect(clientOptions(one)));
    near.end(kBlock);
    assert((await readAll(near)).equals(kBlock));
  });

  test("sends what 'secureConnect' writes together with the end of the handshake", async (scene) => {
    const play = async (tls) => {
      const [one, other] = pair();
      const { write } = one;
      let writes = 0;
      one.write = (...args) => {
        writes++;
        return write.apply(one, args);
      };
      const far = scene.track(accept(tls, other));
      far.pipe(far);
      const near = scene.track(tls.connect(clientOptions(one), () => near.write('question')));
      assert.equal(String(await readExactly(near, 8)), 'question');
      return writes;
    };
    assert.equal(await play(scene.client), await play(core));
  });

  if (transport === 'native') {
    // A stream of the user, which ends in every way at any step.
    const ways = {
      ends: (stream) => stream.push(null),
      'is destroyed': (stream) => stream.destroy(),
      fails: (stream) => stream.destroy(new Error('mine')),
      'fails to write': (stream) => (stream.failing = true),
    };
    for (const [title, act] of Object.entries(ways)) {
      for (const steps of [0, 1, 2, 3, 4]) {
        test(`over a stream that ${title} after ${steps} chunks ends as core's does`, async (scene) => {
          const play = async (tls) => {
            const [one, other] = pair();
            one.on('error', () => {});
            let chunks = 0;
            // What the client writes goes through a stream of the test.
            class Link extends Duplex {
              failing = false;
              step() {
                if (chunks++ === steps) act(this);
              }
              _read() {
                one.resume();
              }
              _write(chunk, encoding, callback) {
                this.step();
                if (this.failing) callback(new Error('no write'));
                else one.write(chunk, callback);
              }
              _final(callback) {
                one.end(callback);
              }
            }
            const link = scene.track(new Link());
            link.on('error', () => {});
            one.on('data', (chunk) => {
              if (link.destroyed || link.readableEnded || link._readableState.ended) return;
              link.step();
              if (!link._readableState.ended && !link.push(chunk)) one.pause();
            });
            one.on('end', () => link.destroyed || link._readableState.ended || link.push(null));
            const far = scene.track(accept(tls, other));
            far.on('error', () => {});
            far.pipe(far);
            const near = scene.track(tls.connect(clientOptions(link)));
            let error = null;
            near.on('error', (e) => (error ??= describeError(e)));
            near.on('secureConnect', () => near.write('a question'));
            let rounds = 0;
            near.on('data', () => (rounds++ < 3 ? near.write('another') : near.destroy()));
            const closed = new Promise((resolve) => near.on('close', resolve));
            const late = new Promise((resolve) => setTimeout(resolve, kPatience, 'late').unref());
            return { outcome: await Promise.race([closed, late]), error };
          };
          const ours = await play(scene.client);
          const expected = await play(core);
          // Whether a write was on its way at that moment is chance.
          for (const result of [ours, expected]) {
            if (result.error?.code === 'ECANCELED') result.error = null;
            if (result.outcome !== 'late') result.outcome = 'closed';
          }
          assert.deepEqual(ours, expected);
        });
      }
    }
  }

  test('keeps the context of AsyncLocalStorage in all events', async (scene) => {
    const play = async (tls) => {
      const storage = new AsyncLocalStorage();
      const seen = {};
      const watch = (socket, label) => {
        for (const name of [
          'secureConnect',
          'data',
          'end',
          'finish',
          'close',
          'session',
          'keylog',
        ]) {
          socket.on(name, () => (seen[`${label} ${name}`] = storage.getStore()));
        }
      };
      const server = scene.track(tls.createServer(certs.identity('p256')));
      await scene.bind(server);
      server.on('secureConnection', (far) => {
        scene.track(far);
        far.once('data', () => far.write('answer'));
        far.resume();
      });
      await storage.run('of the client', async () => {
        const near = scene.track(tls.connect({ ...Scene.to(server), ...clientOptions() }));
        watch(near, 'near');
        near.write('question', () => (seen['write callback'] = storage.getStore()));
        near.on('secureConnect', () => {
          near.end(kBlock, () => (seen['late write callback'] = storage.getStore()));
        });
        await once(near, 'close');
      });
      await new Promise((resolve) => setTimeout(resolve, 20));
      server.close();
      return seen;
    };
    const ours = await play(scene.client);
    assert.deepEqual(ours, await play(core));
    assert.equal(ours['near data'], 'of the client');
  });
});
