'use strict';

const assert = require('node:assert/strict');
const fs = require('node:fs');
const net = require('node:net');
const core = require('node:tls');
const { setTimeout: delay } = require('node:timers/promises');
const certs = require('../certs');
const { only, to, versions } = require('../conformance/scene');
const { transports } = require('../transports');

const long = process.env.NAPI_TLS_LONG === '1';
const kPatience = 4000; // milliseconds for one connection
const kParallel = 16;
/** Without NAPI_TLS_LONG=1, not every byte: the first ones, which are headers, and every so many. */
const kHeader = 12;
const kStep = 41;

/** How the proxy goes on after the last byte that it passes, given the one that would follow. */
const cuts = {
  'is ended': (socket) => socket.end(),
  'turns into garbage': (socket, next) =>
    socket.end(Buffer.alloc(100, next === 0xff ? 0xfe : 0xff)),
  'is reset': (socket) => socket.resetAndDestroy(),
};

const countDescriptors = () =>
  fs.existsSync('/proc/self/fd') ? fs.readdirSync('/proc/self/fd').length : 0;

/**
 * A connection through a proxy.
 *
 * @param {object} tls - for both sides
 * @param {{ version: string, victim: 'client' | 'server', after: number, cut: Function }} plan - the
 *   victim gets `after` bytes of the handshake, and then what `cut` does
 * @returns {Promise<{ client: string, server: string, flight: number }>} what became of both, and how many
 *   bytes the victim got in a handshake that was complete
 */
async function attempt(scene, tls, { version, victim, after, cut }) {
  const options = { ...certs.identity('ed25519'), ...only(version) };
  const server = scene.track(tls.createServer(options));
  const seen = { client: null, server: null, flight: 0 };
  const open = new Set();
  const keep = (socket) => {
    open.add(socket);
    socket.on('error', () => {});
    socket.on('close', () => open.delete(socket));
    return socket;
  };
  server.on('connection', keep);
  server.on('tlsClientError', (error, socket) => {
    seen.server ??= error.code;
    socket.destroy();
  });
  let passed = 0;
  let answers = 0;
  server.on('secureConnection', (socket) => {
    seen.server ??= 'secure';
    if (victim === 'server') seen.flight = passed;
    keep(socket).resume();
  });
  await scene.bind(server);

  const proxy = await scene.listenRaw((near) => {
    const onward = keep(net.connect(to(server)));
    keep(near);
    const [from, towards] = victim === 'client' ? [onward, near] : [near, onward];
    let done = false;
    const pass = (chunk) => {
      if (done || towards.destroyed) return;
      const next = chunk[after - passed];
      towards.write(chunk.subarray(0, after - passed));
      passed = Math.min(after, passed + chunk.length);
      if (passed < after) return;
      done = true;
      cut(towards, next);
    };
    // A cut before the first byte waits for nothing.
    if (after === 0) towards.once('ready', () => pass(Buffer.alloc(0)));
    if (after === 0 && victim === 'client') pass(Buffer.alloc(0));
    from.on('data', pass);
    towards.on('data', (chunk) => {
      // The second flight of a TLS 1.3 client says that it has all of the server's.
      if (victim === 'client' && ++answers === 2 && version === 'TLSv1.3') seen.flight = passed;
      if (!from.destroyed) from.write(chunk);
    });
    for (const [one, other] of [
      [near, onward],
      [onward, near],
    ]) {
      one.on('close', () => other.destroy());
    }
  });

  const client = keep(
    // Without a server name, which not every core acknowledges: the flights are of one size.
    tls.connect({ ...to(proxy), ca: certs.ca }, () => {
      seen.client ??= 'secure';
      if (victim === 'client') seen.flight ||= passed;
      if (after === Infinity) setTimeout(() => client.destroy(), 20);
    }),
  );
  client.on('error', (error) => (seen.client ??= error.code));
  client.resume();

  const deadline = Date.now() + kPatience;
  while (open.size > 0 || seen.server === null || seen.client === null) {
    const what = `${victim} of ${version} after ${after} bytes`;
    assert(Date.now() < deadline, `${what} hangs: ${JSON.stringify(seen)}`);
    await delay(1);
  }
  proxy.close();
  server.close();
  return seen;
}

/** Runs `act` for each item, some at a time. */
async function each(items, act) {
  const queue = [...items];
  const work = async () => {
    while (queue.length > 0) await act(queue.shift());
  };
  await Promise.all(Array.from({ length: kParallel }, work));
}

transports('a handshake that', (test) => {
  for (const version of versions) {
    for (const victim of ['client', 'server']) {
      for (const [title, cut] of Object.entries(cuts)) {
        test(`${title} at any byte gives the ${victim} core's error over ${version}`, async function (scene) {
          this.timeout(long ? 300_000 : 30_000);
          scene.ignoreHandles();
          const { flight } = await attempt(scene, core, { version, victim, after: Infinity, cut });
          assert(flight > 50, `a flight of ${flight} bytes`);
          const places = Array.from({ length: flight }, (_, n) => n).filter(
            (n) => long || n < kHeader || n % kStep === 0 || n > flight - 2,
          );
          const before = countDescriptors();
          const ours = new Map();
          await each(places, async (after) => {
            const seen = await attempt(scene, scene.client, { version, victim, after, cut });
            ours.set(after, seen[victim]);
          });
          await delay(5);
          assert(countDescriptors() <= before, 'descriptors are left open');
          await each(places, async (after) => {
            const seen = await attempt(scene, core, { version, victim, after, cut });
            assert.equal(ours.get(after), seen[victim], `after ${after} of ${flight} bytes`);
          });
          assert(!new Set(ours.values()).has('secure'));
        });
      }
    }
  }
});
