'use strict';

/** Reads 600 MB, and copies them as http does. Prints how often V8 has collected the whole heap meanwhile. */

const { once } = require('node:events');
const { constants, PerformanceObserver } = require('node:perf_hooks');
const { isMainThread, parentPort, Worker } = require('node:worker_threads');
const certs = require('../certs');
const tls = require('../..');

const kTotal = 600e6;
/** Live objects make room for young ones grow, as those of an application do. */
const kLive = 200_000;

function serve() {
  const chunk = Buffer.alloc(64 * 1024);
  const server = tls.createServer(certs.identity('p256'), (far) => {
    far.on('error', () => {});
    const fill = () => {
      while (far.write(chunk));
    };
    far.on('drain', fill);
    fill();
  });
  server.listen(0, '127.0.0.1', () => parentPort.postMessage(server.address().port));
}

async function read(port) {
  const live = Array.from({ length: kLive }, (_, i) => ({ i }));
  const near = tls.connect({ port, host: '127.0.0.1', ca: certs.ca, servername: 'localhost' });
  let received = 0;
  let last;
  let major = 0;
  const observer = new PerformanceObserver((list) => {
    const { NODE_PERFORMANCE_GC_MAJOR: kMajor } = constants;
    major += list.getEntries().filter(({ detail }) => detail.kind === kMajor).length;
  });
  observer.observe({ entryTypes: ['gc'] });
  await new Promise((resolve) => {
    near.on('data', (chunk) => {
      last = Buffer.allocUnsafeSlow(chunk.length);
      chunk.copy(last);
      received += chunk.length;
      if (received >= kTotal) resolve();
    });
  });
  await new Promise(setImmediate);
  console.log(JSON.stringify({ major, live: live.length, last: last.length }));
  process.exit();
}

if (isMainThread) {
  const worker = new Worker(__filename);
  once(worker, 'message').then(([port]) => read(port));
} else {
  serve();
}
