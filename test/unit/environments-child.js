'use strict';

/**
 * Usage: node environments-child.js terminate ROUNDS | exit MOMENT
 * terminate: eight workers at a time make connections, and are terminated at any moment.
 * exit: process.exit(7) at that moment of a connection.
 */

const { once } = require('node:events');
const { setTimeout: delay } = require('node:timers/promises');
const { Worker, isMainThread, parentPort, workerData } = require('node:worker_threads');
const certs = require('../certs');
const tls = require('../..');

const kWorkers = 8;
const kBlock = Buffer.alloc(1024 * 1024, 1);

/** Connections that never stop: to itself, and to `port`. */
function busy(port) {
  const server = tls.createServer(certs.identity('p256'), (far) => {
    far.on('error', () => {});
    far.pipe(far);
  });
  const connect = (to) => {
    const near = tls.connect({ port: to, ca: certs.ca, servername: 'localhost' });
    near.on('error', () => {});
    near.on('secureConnect', () => {
      const pump = () => near.write(kBlock, pump);
      pump();
    });
    let received = 0;
    near.on('data', (chunk) => {
      received += chunk.length;
      if (received > 4 * kBlock.length) near.destroy();
    });
    near.on('close', () => setImmediate(connect, to));
  };
  server.listen(0, '127.0.0.1', () => {
    for (let i = 0; i < 3; i++) connect(server.address().port);
    if (port) connect(port);
    parentPort?.postMessage('busy');
  });
}

/** Workers that live for 0 to 60 ms after they have started, some of them never starting up. */
async function terminate(rounds) {
  const server = tls.createServer(certs.identity('p256'), (far) => {
    far.on('error', () => {});
    far.pipe(far);
  });
  server.on('tlsClientError', (error, socket) => socket.destroy());
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  let terminated = 0;
  for (let round = 0; round < rounds; round++) {
    const lives = Array.from({ length: kWorkers }, async (_, i) => {
      const worker = new Worker(__filename, { workerData: { port: server.address().port } });
      if ((round + i) % 4 === 0) await delay(i * 10);
      else await once(worker, 'message');
      await delay(((round * 7 + i * 13) % 30) * 2);
      await worker.terminate();
      terminated++;
    });
    await Promise.all(lives);
  }
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
