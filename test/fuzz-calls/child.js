'use strict';

/**
 * Usage: node --expose-gc child.js MODULE FIRST COUNT CONCURRENCY [trace]
 *
 * Runs COUNT sequences from the seed FIRST on, CONCURRENCY at a time. Tells its parent, one message each:
 * `{ started: seed }`, `{ ended: seed, findings }`, `{ stray, running }` for an exception that no user has thrown, and
 * at the end `{ left }` with what remains.
 */

const fs = require('node:fs');

const { Sequence } = require('./sequence');
const { Thrown } = require('./values');
const tls = require(process.argv[2]);

const [first, count, concurrency] = process.argv.slice(3, 6).map(Number);
const trace = process.argv[6] === 'trace' ? (line) => fs.writeSync(1, `${line}\n`) : undefined;

/** Milliseconds for what is to be collected. */
const kCollecting = 5000;

const running = new Set();
const natives = [];
let next = first;

const tell = (message) => new Promise((resolve) => process.send(message, resolve));

for (const event of ['uncaughtException', 'unhandledRejection']) {
  process.on(event, (error) => {
    // An AbortError has what the user aborts with; nobody hears it from a socket whose connect() has thrown.
    if (error instanceof Thrown || error?.cause instanceof Thrown) return;
    tell({ stray: `${event}: ${error?.stack ?? String(error)}`, running: [...running] });
  });
}

const descriptors = () => fs.readdirSync('/proc/self/fd').length;
const pause = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

async function lane() {
  while (next < first + count) {
    const seed = next++;
    running.add(seed);
    tell({ started: seed });
    const sequence = new Sequence(seed, tls, trace);
    const findings = await sequence.run();
    natives.push(...sequence.natives.map((reference) => ({ seed, reference })));
    running.delete(seed);
    tell({ ended: seed, findings });
  }
}

/** Native objects that somebody still holds. */
async function held() {
  const deadline = Date.now() + kCollecting;
  for (;;) {
    await pause(20);
    globalThis.gc();
    const alive = natives.filter(({ reference }) => reference.deref() !== undefined);
    if (alive.length === 0 || Date.now() > deadline) return alive;
  }
}

async function main() {
  await Promise.all(Array.from({ length: concurrency }, lane));
  const alive = await held();
  const left = [];
  if (alive.length > 0) {
    const seeds = [...new Set(alive.map(({ seed }) => seed))];
    const names = [...new Set(alive.map(({ reference }) => reference.deref()?.constructor.name))];
    left.push(`${alive.length} of ${natives.length} objects (${names}) of the seeds ${seeds}`);
  }
  const open = descriptors();
  if (open > before) left.push(`${open - before} descriptors`);
  await tell({ left });
  process.exit(0);
}

// The first sockets open what stays: the threads of the pool, and the like.
let before;
require('node:dns').lookup('127.0.0.1', () => {});
const server = require('node:net')
  .createServer()
  .listen(0, '127.0.0.1', () => {
    server.close(() => {
      before = descriptors();
      main();
    });
  });
