'use strict';

/**
 * Child of ticket-sharing.test.js: a cluster of two workers with one server. The primary connects until each
 * worker has served a connection that was resumed from a session of the other, and writes what it has seen.
 */

const cluster = require('node:cluster');
const { once } = require('node:events');
const certs = require('../certs');
const tls = require('../..');

const kAttempts = 40;

function work() {
  const server = tls.createServer(certs.identity('p256'), (socket) => {
    socket.on('error', () => {});
    socket.end(String(cluster.worker.id));
  });
  server.listen(0, '127.0.0.1', () => process.send(server.address().port));
}

/** @returns {Promise<{ worker: string, session: Buffer, resumed: boolean }>} */
async function connect(port, session) {
  const socket = tls.connect({
    port,
    host: '127.0.0.1',
    ca: certs.ca,
    checkServerIdentity() {},
    session,
  });
  let latest;
  let worker = '';
  socket.on('session', (fresh) => (latest = fresh));
  socket.on('data', (chunk) => (worker += chunk));
  await once(socket, 'secureConnect');
  const resumed = socket.isSessionReused();
  await once(socket, 'close');
  return { worker, session: latest, resumed };
}

async function lead() {
  cluster.schedulingPolicy = cluster.SCHED_RR;
  const workers = [cluster.fork(), cluster.fork()];
  const [[port]] = await Promise.all(workers.map((worker) => once(worker, 'message')));
  const crossings = new Set();
  let last = await connect(port);
  let full = 0;
  for (let i = 0; i < kAttempts && crossings.size < 2; i++) {
    const next = await connect(port, last.session);
    if (!next.resumed) full++;
    else if (next.worker !== last.worker) crossings.add(`${last.worker}-${next.worker}`);
    last = next;
  }
  for (const worker of workers) worker.kill();
  process.stdout.write(JSON.stringify({ crossings: [...crossings].sort(), full }));
}

if (cluster.isPrimary) lead();
else work();
