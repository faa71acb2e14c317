'use strict';

const assert = require('node:assert/strict');
const { once } = require('node:events');
const net = require('node:net');
const core = require('node:tls');
const { setTimeout: delay } = require('node:timers/promises');
const certs = require('../certs');
const Scene = require('../conformance/scene');
const { transports } = require('../transports');
const { only, versions } = Scene;

const long = process.env.NAPI_TLS_LONG === '1';
const kSamples = long ? Infinity : 8; // positions in one direction
const kAtOnce = 6; // conversations
const kAttempts = 6; // until a race has come out as with core
const kStalled = 150; // milliseconds until somebody gives up where nothing passes
const kPatience = 10_000; // milliseconds until they do otherwise
const kRequest = Buffer.alloc(700, 'request');
// The size of its signatures is always the same, and so are all positions.
const identity = certs.identity('ed25519');

/** What may happen when `position` bytes have passed in one direction. */
const faults = {
  /** Both ends are reset. */
  reset(from, to) {
    from.resetAndDestroy();
    to.resetAndDestroy();
  },
  /** Both ends see the end of the stream. */
  close(from, to) {
    from.end();
    to.end();
  },
  /** Nothing passes any more. */
  stall() {},
  /** The rest comes later. */
  async split(from, to, rest) {
    await delay(3);
    to.write(rest);
  },
};

/**
 * A conversation through a proxy: the client sends a request, and ends when it has come back. In one direction, after
 * so many bytes, there is a fault.
 *
 * @returns {Promise<{ client: string[], server: string[], passed: { in: number, out: number } }>} what each end was
 *   told, in order
 */
async function converse(tls, version, { fault, direction, position } = {}) {
  const patience = fault === 'stall' ? kStalled : kPatience;
  const passed = { in: 0, out: 0 };
  const log = { client: [], server: [] };
  const sockets = new Set();
  let faulty = false;
  let broken = false;
  const pass = (from, to, way) => {
    let queue = Promise.resolve();
    const forward = async (chunk) => {
      if (broken) return;
      const room = way === direction && !faulty ? position - passed[way] : Infinity;
      passed[way] += chunk.length;
      if (chunk.length <= room) {
        to.write(chunk);
        return;
      }
      faulty = true;
      broken = fault !== 'split';
      to.write(chunk.subarray(0, room));
      await delay(4); // so that it is read before
      await faults[fault](from, to, chunk.subarray(room));
    };
    from.on('data', (chunk) => (queue = queue.then(() => forward(chunk))));
    from.on('end', () => (queue = queue.then(() => broken || to.end())));
    from.on('error', () => {});
    from.on('close', () => (queue = queue.then(() => fault === 'stall' || to.destroySoon())));
  };

  const server = tls.createServer({ ...identity, ...only(version), handshakeTimeout: patience });
  const finished = [];
  server.on('connection', (raw) => {
    sockets.add(raw);
    finished.push(new Promise((resolve) => raw.on('close', resolve)));
  });
  server.on('tlsClientError', (error, socket) => {
    log.server.push(`tlsClientError ${error.code}`);
    socket.destroy();
  });
  server.on('secureConnection', (far) => {
    log.server.push('secureConnection');
    far.on('error', (error) => log.server.push(`error ${error.code}`));
    far.on('close', (hadError) => log.server.push(`close ${hadError}`));
    far.setTimeout(patience, () => far.destroy());
    far.pipe(far);
  });
  server.listen(0, '127.0.0.1');
  const proxy = net.createServer((near) => {
    const far = net.connect(server.address().port, '127.0.0.1');
    for (const socket of [near, far]) sockets.add(socket.setNoDelay());
    pass(near, far, 'in');
    pass(far, near, 'out');
  });
  proxy.listen(0, '127.0.0.1');
  await Promise.all([once(server, 'listening'), once(proxy, 'listening')]);

  const { port } = proxy.address();
  // Without a server name, which not every core acknowledges: the flights are of one size.
  const near = tls.connect({ port, host: '127.0.0.1', ca: certs.ca });
  near.setTimeout(2 * patience, () => near.destroy());
  near.on('error', (error) => log.client.push(`error ${error.code}`));
  near.on('secureConnect', () => {
    log.client.push('secureConnect');
    near.write(kRequest);
  });
  let size = 0;
  near.on('data', (chunk) => {
    size += chunk.length;
    if (size === kRequest.length) near.end();
  });
  near.on('end', () => log.client.push(`end after ${size}`));
  await new Promise((resolve) =>
    near.on('close', (hadError) => {
      log.client.push(`close ${hadError}`);
      resolve();
    }),
  );
  await Promise.all(finished);
  await delay(0);
  for (const socket of sockets) socket.destroy();
  server.close();
  proxy.close();
  return { ...log, passed };
}

/** Runs `act` for each item, some at a time. */
async function forEachOf(items, act) {
  const rest = [...items];
  const work = async () => {
    while (rest.length > 0) await act(rest.shift());
  };
  await Promise.all(Array.from({ length: kAtOnce }, work));
}

/** The beginning, the edges of the first records, the end, and what lies evenly between them; or all. */
function positions(size) {
  if (size <= kSamples) return Array.from({ length: size }, (_, i) => i);
  if (long) return Array.from({ length: size }, (_, i) => i);
  const evenly = Array.from({ length: kSamples - 3 }, (_, i) =>
    Math.floor(((i + 1) * size) / (kSamples - 2)),
  );
  return [...new Set([0, 1, 5, ...evenly, size - 1])];
}

/** A reset is seen as the end of the stream by whoever has met it with a write before (as in core, now and then). */
const summarize = (events) => events.filter((event) => event !== 'end after 0').join(', ');

/** What both ends were told, as one string. */
async function observe(tls, version, at) {
  const { client, server } = await converse(tls, version, at);
  // Of a connection that the network has not brought, a server knows nothing.
  const announced = server.filter((event) => /^(tlsClientError|secureConnection)/.test(event));
  const count = server.length === 0 ? '' : ` (announced ${announced.length} times)`;
  return `client: ${summarize(client)}; server: ${summarize(server)}${count}`;
}

/** What core has told, by the fault. */
const ofCore = new Map();

function observeCore(version, at) {
  const key = JSON.stringify([version, at]);
  if (!ofCore.has(key)) ofCore.set(key, observe(core, version, at));
  return ofCore.get(key);
}

const ours = require('../..');

transports('a network that fails', (test) => {
  for (const version of versions) {
    for (const fault of Object.keys(faults)) {
      test(`with a ${fault} at any byte over ${version} is told as core tells it`, async function () {
        this.timeout(long ? 1_200_000 : 30_000);
        const { passed } = await converse(core, version);
        const all = ['in', 'out'].flatMap((direction) =>
          positions(passed[direction]).map((position) => ({ fault, direction, position })),
        );
        const differences = [];
        await forEachOf(all, async (at) => {
          const expected = new Set([await observeCore(version, at)]);
          let seen;
          for (let attempt = 0; attempt < kAttempts; attempt++) {
            seen = await observe(ours, version, at);
            if (expected.has(seen)) return;
            expected.add(await observe(core, version, at));
          }
          if (!expected.has(seen)) differences.push({ at, seen, expected: [...expected] });
        });
        assert.deepEqual(differences, []);
      });
    }
  }
});
