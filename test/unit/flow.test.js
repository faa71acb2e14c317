'use strict';

const assert = require('node:assert/strict');
const { execFile } = require('node:child_process');
const { createHash, randomBytes } = require('node:crypto');
const { once } = require('node:events');
const path = require('node:path');
const { setTimeout: delay } = require('node:timers/promises');
const { promisify } = require('node:util');
const { setFlagsFromString } = require('node:v8');
const { runInNewContext } = require('node:vm');
const Scene = require('../conformance/scene');
const { transports } = require('../transports');
const { readAll, readExactly } = Scene;

const kMegabyte = 1024 * 1024;
/**
 * Twice the budget of a turn, 256 KB, for between two setImmediate() there may be parts of two turns of libuv; and
 * what is gathered or buffered before it is seen to be spent.
 */
const kMaxTurn = 640 * 1024;
const long = process.env.NAPI_TLS_LONG === '1';

/** Ends as soon as `condition` holds. */
async function until(condition, what, patience = 5000) {
  const deadline = Date.now() + patience;
  while (!condition()) {
    assert(Date.now() < deadline, `not in time: ${what}`);
    await delay(5);
  }
}

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc');

/** Memory outside of the heap of V8 that buffers take. */
function bufferMemory() {
  collectGarbage();
  return process.memoryUsage().arrayBuffers;
}

transports('the flow of data', (test) => {
  test('delivers 50 MB that were written before end()', async (scene) => {
    const { near, far } = await scene.open();
    const block = randomBytes(kMegabyte);
    const sent = createHash('sha256');
    for (let i = 0; i < 50; i++) {
      near.write(block);
      sent.update(block);
    }
    near.end();
    const received = createHash('sha256');
    let size = 0;
    far.on('data', (chunk) => {
      size += chunk.length;
      received.update(chunk);
    });
    await once(far, 'end');
    assert.equal(size, 50 * kMegabyte);
    assert.equal(received.digest('hex'), sent.digest('hex'));
  });

  test('leaves others their turn while short pieces are written', async () => {
    const child = path.join(__dirname, 'turns-child.js');
    const { stdout } = await promisify(execFile)(process.execPath, [child], { timeout: 9000 });
    const most = Number(stdout);
    assert.ok(most > 0 && most <= kMaxTurn, `${stdout.trim()} bytes in one turn`);
  });

  test('delivers small and large writes in their order, whatever their form', async (scene) => {
    const { near, far } = await scene.open();
    const sent = createHash('sha256');
    const write = (chunk, encoding) => {
      sent.update(Buffer.from(chunk, encoding));
      near.write(chunk, encoding);
    };
    let random = 1;
    const next = (bound) => (random = (random * 48271) % 2147483647) % bound;
    for (let i = 0; i < 3000; i++) {
      const size = next(10) === 0 ? next(100_000) : next(300);
      if (i % 3 === 0) write('é'.repeat(size), 'utf8');
      else if (i % 3 === 1) write('ab'.repeat(size), 'hex');
      else write(new Uint8Array(size).fill(i));
      if (i % 100 === 0) near.cork();
      if (i % 100 === 50) near.uncork();
      if (i % 500 === 0) await delay(1);
    }
    near.uncork();
    near.end();
    const received = createHash('sha256');
    far.on('data', (chunk) => received.update(chunk));
    await once(far, 'end');
    assert.equal(received.digest('hex'), sent.digest('hex'));
    assert.equal(far.bytesRead, near.bytesWritten);
  });

  test('holds a writer back whose peer never reads', async (scene) => {
    const { near, far } = await scene.open();
    far.pause();
    const block = Buffer.alloc(64 * 1024, 1);
    let accepted = 0;
    let written = 0;
    const before = process.memoryUsage();
    const fill = () => {
      while (accepted < 1024 * kMegabyte && near.write(block, () => (written += block.length))) {
        accepted += block.length;
      }
    };
    near.on('drain', fill);
    fill();
    await delay(300);
    const reached = written;
    await delay(200);
    assert.equal(written, reached, 'it goes on');
    // What the two kernel buffers of loopback hold, and some of ours.
    assert(written < 40 * kMegabyte, `${written} bytes were taken`);
    const grown = process.memoryUsage().rss - before.rss;
    assert(grown < 64 * kMegabyte, `${grown} bytes of memory`);
    assert(far.bytesRead < 2 * kMegabyte, `${far.bytesRead} bytes were read`);
    assert.equal(near.writableNeedDrain, true);
  });

  test('reads on exactly where a paused reader has stopped', async (scene) => {
    const { near, far } = await scene.open();
    const size = (long ? 64 : 8) * kMegabyte;
    const data = randomBytes(size);
    near.end(data);
    const received = createHash('sha256');
    let pauses = 0;
    far.on('data', (chunk) => {
      received.update(chunk);
      if (++pauses % 4 === 0) {
        far.pause();
        setTimeout(() => far.resume(), 1);
      }
    });
    await once(far, 'end');
    assert(pauses > 8);
    assert.equal(received.digest('hex'), createHash('sha256').update(data).digest('hex'));
  });

  test('keeps what a late reader has not read when both directions have ended', async (scene) => {
    const server = await scene.listen({}, (far) => far.pipe(far));
    const near = scene.connect(server);
    near.end('not read yet');
    await once(near, 'finish');
    await until(() => near.readableLength > 0, 'the echo');
    await delay(100); // for the end of the other side, and of the socket below
    assert.equal(String(await readAll(near)), 'not read yet');
  });

  test('lets timers run in a loop of writes that never stops', async (scene) => {
    const { near, far } = await scene.open();
    far.resume();
    const block = Buffer.alloc(16 * 1024, 1);
    let stopped = false;
    let rounds = 0;
    const pump = () => {
      do rounds++;
      while (near.write(block) && !stopped);
      if (!stopped) near.once('drain', pump);
    };
    const started = Date.now();
    const ticks = [];
    const timer = setInterval(() => ticks.push(Date.now()), 10);
    const stop = delay(300).then(() => (stopped = true));
    pump();
    await stop;
    clearInterval(timer);
    assert(Date.now() - started < 2000, 'the timer came late');
    assert(ticks.length >= 5, `${ticks.length} ticks in 300 ms`);
    assert(rounds > 20);
  });

  test('answers a small request beside a bulk transfer', async (scene) => {
    const server = await scene.listen({}, (far) => {
      far.once('data', (chunk) => {
        if (String(chunk) === 'bulk') far.on('data', () => {});
        else far.pipe(far);
      });
    });
    const bulk = scene.connect(server);
    await once(bulk, 'secureConnect');
    bulk.write('bulk');
    const ping = scene.connect(server);
    await once(ping, 'secureConnect');
    ping.write('x');
    await delay(20);
    const block = Buffer.alloc(kMegabyte, 1);
    let stopped = false;
    const pump = () => !stopped && bulk.write(block, pump);
    for (let i = 0; i < 16; i++) pump();
    const times = [];
    for (let i = 0; i < 30; i++) {
      const started = performance.now();
      ping.write('p');
      await readExactly(ping, 1);
      times.push(performance.now() - started);
    }
    stopped = true;
    times.sort((a, b) => a - b);
    assert(times[15] < 60, `median of ${times[15]} ms`);
    assert(bulk.bytesWritten > kMegabyte);
  });

  test('does not keep slabs alive for small slices', async (scene) => {
    const { near, far } = await scene.open();
    const kept = [];
    far.on('data', (chunk) => kept.push(chunk));
    const before = bufferMemory();
    let size = 0;
    const sent = Array.from({ length: 10_000 }, (_, i) => String(i).padStart(20));
    for (const [i, text] of sent.entries()) {
      near.write(text);
      size += 20;
      // Each in a record of its own.
      if (i % 50 === 0) await delay(0);
      else await null;
    }
    await until(() => far.bytesRead === size, 'all chunks');
    const grown = bufferMemory() - before;
    assert(grown < 4 * kMegabyte, `${grown} bytes for ${kept.length} chunks, ${size} bytes`);
    // What was kept has not been overwritten by what came later.
    assert.equal(Buffer.concat(kept).latin1Slice(), sent.join(''));
  });

  test('keeps at most a few times what was received in middle-sized slices', async (scene) => {
    const { near, far } = await scene.open();
    const kept = [];
    let size = 0;
    far.on('data', (chunk) => {
      // One small piece of each chunk, as a parser keeps it.
      kept.push(chunk);
      size += chunk.length;
    });
    const before = bufferMemory();
    const block = Buffer.alloc(9000, 7);
    for (let i = 0; i < 1000; i++) {
      near.write(block);
      await new Promise(setImmediate);
    }
    await until(() => far.bytesRead === 9_000_000, 'all chunks');
    const grown = bufferMemory() - before;
    assert(grown < 3 * size + 4 * kMegabyte, `${grown} bytes hold ${size}`);
  });
});
