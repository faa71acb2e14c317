'use strict';

/**
 * Usage: node --expose-gc test/soak.js [MINUTES [CONNECTIONS_PER_SECOND]]
 *
 * Connections of all kinds for a long time (30 minutes and 100 a second unless told otherwise), over both transports:
 * small requests, transfers, resumptions, half closes, destroys at any moment. Prints memory and descriptors
 * every 30 seconds, and at the end how they have grown; fails where that is more than kMaxSlope, where a descriptor
 * remains, where data is not what was sent, or where a connection has not closed.
 */

const assert = require('node:assert/strict');
const { createHash } = require('node:crypto');
const { once } = require('node:events');
const fs = require('node:fs');
const { setTimeout: delay } = require('node:timers/promises');
const certs = require('./certs');
const { readExactly } = require('./conformance/scene');
const tls = require('..');
const { NativeTransport } = require('../lib/native-transport');

const minutes = Number(process.argv[2] ?? 30);
const perSecond = Number(process.argv[3] ?? 100);
assert(minutes > 0 && perSecond > 0, 'Usage: test/soak.js [MINUTES [CONNECTIONS_PER_SECOND]]');

/**
 * Kilobytes of RSS that a minute may add, over a run of ten minutes or more; a shorter one shows more of the noise of
 * the allocators, and may add as much in all. A leak of 1 KB for each connection would add 6 MB at 100 a second.
 */
const kMaxSlope = 256;
const kShort = 10; // minutes
/** Until caches are full and the code is compiled, memory grows: this part of the samples does not count. */
const kWarmUp = 1 / 3;
const kSampling = Math.min(30_000, (minutes * 60_000) / 20);
const kPatience = 60_000; // milliseconds for one connection
const kMaxSize = 1024 * 1024;

/** Numbers that look random, and are the same in each run. */
let seed = 1;
const random = (bound) => (seed = (seed * 48271) % 2147483647) % bound;
const block = Buffer.alloc(kMaxSize);
for (let i = 0; i < block.length; i++) block[i] = random(256);

/** Sizes from 1 byte to 1 MB, small ones more often. */
const randomSize = () => 1 + random(2 ** random(21));

const sha = (bytes) => createHash('sha256').update(bytes).digest('hex');

/** Connections take turns on the transports; both ends choose when they are attached. */
function chooseTransport() {
  NativeTransport.isEnabled = random(2) !== 0;
}

async function readAll(socket) {
  const hash = createHash('sha256');
  for await (const chunk of socket) hash.update(chunk);
  return hash.digest('hex');
}

const sessions = new Map();

/** What a client does with its connection; those that end in the middle of it answer nothing. */
const kinds = {
  async request(near) {
    const data = block.subarray(0, 1 + random(4000));
    near.write(data);
    assert.deepEqual(await readExactly(near, data.length), data);
    near.end();
    near.resume();
  },
  async transfer(near) {
    const data = block.subarray(0, randomSize());
    near.end(data);
    assert.equal(await readAll(near), sha(data));
  },
  async 'many small writes'(near) {
    const hash = createHash('sha256');
    for (let i = 0; i < 200; i++) {
      const piece = block.subarray(i, i + random(300));
      near.write(piece);
      hash.update(piece);
      if (i % 50 === 0) await delay(0);
    }
    near.end();
    assert.equal(await readAll(near), hash.digest('hex'));
  },
  async 'half close'(near) {
    const data = block.subarray(0, randomSize());
    near.write(data);
    near.end();
    // What comes back has our end before it.
    await delay(random(30));
    assert.equal(await readAll(near), sha(data));
  },
  async 'destroy in the handshake'(near) {
    setTimeout(() => near.destroy(), random(5));
  },
  async 'destroy in a transfer'(near) {
    near.on('data', () => random(4) === 0 && near.destroy());
    near.write(block);
    near.write(block, () => near.destroy());
  },
  async 'refused certificate'(near) {
    await assert.rejects(once(near, 'secureConnect'), { code: 'ERR_TLS_CERT_ALTNAME_INVALID' });
  },
};
const names = Object.keys(kinds);

function connectionOptions(kind, version) {
  const options = {
    ca: certs.ca,
    servername: kind === 'refused certificate' ? 'elsewhere.example' : 'localhost',
    minVersion: version,
    maxVersion: version,
  };
  if (random(3) === 0) options.session = sessions.get(version);
  if (random(4) === 0) Object.assign(options, certs.identity('client'));
  return options;
}

const counts = { connections: 0, resumed: 0 };

async function converse(port) {
  chooseTransport();
  const kind = names[random(names.length)];
  const version = random(2) === 0 ? 'TLSv1.2' : 'TLSv1.3';
  const near = tls.connect({ port, host: '127.0.0.1', ...connectionOptions(kind, version) });
  near.on('session', (session) => sessions.set(version, session));
  near.on('secureConnect', () => (counts.resumed += near.isSessionReused()));
  const mayFail = /destroy|refused/.test(kind);
  near.on('error', (error) => mayFail || fail(new Error(`${kind}: ${error.stack}`)));
  const closed = new Promise((resolve) => near.on('close', resolve));
  const timer = setTimeout(() => fail(new Error(`${kind} does not close`)), kPatience);
  near.setMaxListeners(20);
  try {
    await kinds[kind](near);
  } catch (error) {
    fail(new Error(`${kind} over ${version}`, { cause: error }));
  }
  await closed;
  clearTimeout(timer);
  counts.connections++;
}

function fail(error) {
  console.error(error);
  process.exit(1);
}

const descriptors = () =>
  fs.existsSync('/proc/self/fd') ? fs.readdirSync('/proc/self/fd').length : 0;

async function settle(open) {
  await Promise.all(open);
  await delay(200);
  for (let i = 0; i < 3; i++) {
    globalThis.gc();
    await new Promise(setImmediate);
  }
}

/** The least-squares line through points: what a minute adds. */
function slope(samples, name) {
  const mean = (key) => samples.reduce((sum, sample) => sum + sample[key], 0) / samples.length;
  const minute = mean('minute');
  const value = mean(name);
  const covariance = samples.reduce((sum, s) => sum + (s.minute - minute) * (s[name] - value), 0);
  const variance = samples.reduce((sum, s) => sum + (s.minute - minute) ** 2, 0);
  return covariance / variance;
}

async function main() {
  assert(globalThis.gc, 'needs --expose-gc');
  const server = tls.createServer(
    {
      ...certs.identity('p256'),
      ca: certs.ca,
      requestCert: true,
      rejectUnauthorized: false,
    },
    (far) => {
      far.on('error', () => {});
      far.pipe(far);
    },
  );
  server.on('connection', chooseTransport);
  server.on('tlsClientError', (error, socket) => socket.destroy());
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();

  const open = new Set();
  const started = performance.now();
  const elapsed = () => performance.now() - started;
  const samples = [];
  const before = descriptors();
  let nextSample = kSampling;
  for (let due = 0; elapsed() < minutes * 60_000 + kSampling / 2; due += 1000 / perSecond) {
    if (elapsed() >= nextSample) {
      await settle(open);
      const { rss, heapUsed, external } = process.memoryUsage();
      const kilobytes = Object.fromEntries(
        Object.entries({ rss, heapUsed, external }).map(([name, size]) => [name, size / 1024]),
      );
      samples.push({ minute: elapsed() / 60_000, ...kilobytes, descriptors: descriptors() });
      console.log(
        `${samples.at(-1).minute.toFixed(1)} min: ${counts.connections} connections ` +
          `(${counts.resumed} resumed), RSS ${(rss / 1e6).toFixed(1)} MB, ` +
          `heap ${(heapUsed / 1e6).toFixed(1)} MB, descriptors ${descriptors()}`,
      );
      nextSample += kSampling;
    }
    due = Math.max(due, elapsed() - 1000);
    if (due > elapsed()) await delay(due - elapsed());
    // Not more at a time than a small machine serves.
    while (open.size >= 32) await Promise.race(open);
    const connection = converse(port)
      .catch(fail)
      .finally(() => open.delete(connection));
    open.add(connection);
  }
  await settle(open);
  server.close();

  const counted = samples.slice(Math.floor(samples.length * kWarmUp));
  const rss = slope(counted, 'rss');
  const allowed = kMaxSlope * Math.max(1, kShort / minutes);
  console.log(
    `RSS ${rss.toFixed(1)} KB/min, heap ${slope(counted, 'heapUsed').toFixed(1)} KB/min, ` +
      `descriptors ${slope(counted, 'descriptors').toFixed(3)} /min ` +
      `(${counts.connections} connections, ${counts.resumed} resumed; at most ${allowed} KB/min)`,
  );
  assert(descriptors() <= before, `${descriptors() - before} descriptors are left open`);
  const isInstrumented = process.env.NAPI_TLS_ASAN || process.env.NAPI_TLS_VALGRIND;
  assert(rss < allowed || isInstrumented, 'RSS grows');
}

main();
