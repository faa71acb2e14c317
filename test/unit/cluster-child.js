'use strict';

/**
 * Child of ticket-sharing.test.js: a cluster of two workers with one server. The primary connects until each
 * worker has resumed a session of the other, and writes what it has seen.
 */

const cluster = require('node:cluster');
const { once } = require('node:events');
const certs = require('../certs');
const tls = require('../..');

const kAttempts = 20;

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
  let refused = 0;
  for (let i = 0; i < kAttempts && crossings.size < 2; i++) {
    const begun = await connect(port);
    const next = await connect(port, begun.session);
    if (!next.resumed) refused++;
    else if (next.worker !== begun.worker) crossings.add(`${begun.worker}-${next.worker}`);
    // Workers take turns: one more, so that the other one begins.
    await connect(port);
  }
  for (const worker of workers) worker.kill();
  process.stdout.write(JSON.stringify({ crossings: [...crossings].sort(), refused }));
}

if (cluster.isPrimary) lead();
else work();
