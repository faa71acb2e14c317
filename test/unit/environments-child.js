'use strict';

/**
 * Usage: node environments-child.js terminate ROUNDS | exit MOMENT
 * terminate: eight workers at a time make connections, to each other too, and are terminated at any moment.
 * exit: process.exit(7) at that moment of a connection.
 */

const assert = require('node:assert/strict');
const { once } = require('node:events');
const { setTimeout: delay } = require('node:timers/promises');
const { Worker, isMainThread, parentPort, workerData } = require('node:worker_threads');
const certs = require('../certs');
const tls = require('../..');

const kWorkers = 8;
const kFirstMeeting = 15_000; // milliseconds
const kPatience = 1000; // milliseconds
const kBlock = Buffer.alloc(1024 * 1024, 1);

/** Connections that never stop: to itself, to `port`, and to other workers, whose ports it is told. */
function busy(port) {
  const server = tls.createServer(certs.identity('p256'), (far) => {
    far.on('error', () => {});
    far.pipe(far);
  });
  const connect = (to, onData) => {
    const near = tls.connect({ port: to, ca: certs.ca, servername: 'localhost' });
    near.on('error', () => {});
    near.on('secureConnect', () => {
      const pump = () => near.write(kBlock, pump);
      pump();
    });
    let received = 0;
    near.on('data', (chunk) => {
      if (received === 0) onData?.();
      received += chunk.length;
      if (received > 4 * kBlock.length) near.destroy();
    });
    near.on('close', () => setImmediate(connect, to, onData));
  };
  server.listen(0, '127.0.0.1', () => {
    connect(server.address().port);
    connect(port);
    parentPort.on('message', (other) => {
      connect(other, () => parentPort.postMessage({ met: other }));
    });
    parentPort.postMessage({ port: server.address().port });
  });
}

/**
 * Workers that live for 0 to 60 ms: a quarter of them since they were made, a quarter since they have started,
 * the others since they have heard from another one, or could not for a while.
 */
async function terminate(rounds) {
  const server = tls.createServer(certs.identity('p256'), (far) => {
    far.on('error', () => {});
    far.pipe(far);
  });
  server.on('tlsClientError', (error, socket) => socket.destroy());
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  let terminated = 0;
  let meetings = 0;
  for (let round = 0; round < rounds; round++) {
    const workerData = { port: server.address().port };
    const workers = Array.from({ length: kWorkers }, () => new Worker(__filename, { workerData }));
    const lives = workers.map(async (worker, i) => {
      const started = once(worker, 'message');
      const met = once(worker, 'met');
      worker.on('message', ({ port }) => {
        if (port === undefined) worker.emit('met', meetings++);
        else for (const other of workers) if (other !== worker) other.postMessage(port);
      });
      const stage = (round + i) % 4;
      if (stage > 0) await started;
      // The first to meet have all the time that they need: the machine may have few processors.
      if (stage > 1) await Promise.race([met, delay(meetings > 0 ? kPatience : kFirstMeeting)]);
      await delay(((round * 7 + i * 13) % 30) * 2);
      await worker.terminate();
      terminated++;
    });
    await Promise.all(lives);
  }
  assert(meetings > 0, 'no worker has heard from another one');
  // This thread works on.
  const near = tls.connect({ port: server.address().port, ca: certs.ca, servername: 'localhost' });
  near.end('still here');
  const [data] = await once(near, 'data');
  near.destroy();
  server.close();
  console.log(`${terminated} terminated, ${data}`);
}

/** Ends this process in the middle of things. */
function exitAt(moment) {
  const exit = () => process.exit(7);
  const server = tls.createServer(certs.identity('p256'), (far) => {
    if (moment === 'secureConnection') exit();
    far.on('data', () => moment === 'server data' && exit());
    for (let i = 0; i < 8; i++) far.write(kBlock, () => moment === 'write callback' && exit());
  });
  server.listen(0, '127.0.0.1', () => {
    const near = tls.connect({
      port: server.address().port,
      ca: certs.ca,
      servername: 'localhost',
    });
    near.on('keylog', () => moment === 'keylog' && exit());
    near.on('connect', () => moment === 'connect' && setImmediate(exit));
    near.on('secureConnect', () => {
      if (moment === 'secureConnect') exit();
      for (let i = 0; i < 8; i++) near.write(kBlock);
    });
    near.on('data', () => {
      if (moment === 'data') exit();
      if (moment === 'writes in flight') setTimeout(exit, 5);
    });
  });
}

const [task, argument] = process.argv.slice(2);
if (!isMainThread) busy(workerData.port);
else if (task === 'terminate') terminate(Number(argument));
else exitAt(argument);
