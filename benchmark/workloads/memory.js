'use strict';

const { once } = require('node:events');
const { setTimeout: sleep } = require('node:timers/promises');
const { connect, listen } = require('../connection');

// Resident memory of connections that have exchanged one byte and are idle since.

const CONNECTIONS = 1000;

/** Connections before the baseline is taken: what is loaded or allocated once is not counted. */
const FIRST = 50;

/** Connections made at a time, below any backlog. */
const BATCH = 50;

const cases = [
  {
    name: `memory of ${CONNECTIONS} idle connections`,
    parameters: {},
    metrics: [
      { key: 'serverMemory', label: 'server', unit: 'KB/connection', better: 'lower' },
      { key: 'clientMemory', label: 'client', unit: 'KB/connection', better: 'lower' },
    ],
  },
];

async function server(tls, parameters) {
  const sockets = [];
  let baseline;
  let onComplete;
  const complete = new Promise((resolve) => (onComplete = resolve));

  const port = await listen(tls, parameters, (socket) => {
    sockets.push(socket);
    socket.on('data', async (chunk) => {
      // Before the answer: the client goes on only when the baseline has been taken.
      if (sockets.length === FIRST) baseline ??= await residentMemory();
      socket.write(chunk);
      if (sockets.length === FIRST + CONNECTIONS) onComplete();
    });
  });
  const measure = async () => {
    await complete;
    return { serverMemory: ((await residentMemory()) - baseline) / CONNECTIONS };
  };
  return { port, measure };
}

async function client(tls, parameters) {
  const sockets = await open(tls, parameters, FIRST);
  const baseline = await residentMemory();
  const measure = async () => {
    sockets.push(...(await open(tls, parameters, CONNECTIONS)));
    return { clientMemory: ((await residentMemory()) - baseline) / CONNECTIONS };
  };
  return { measure };
}

async function open(tls, parameters, count) {
  const sockets = [];
  while (sockets.length < count) {
    const length = Math.min(BATCH, count - sockets.length);
    sockets.push(...(await Promise.all(Array.from({ length }, () => exchange(tls, parameters)))));
  }
  return sockets;
}

async function exchange(tls, parameters) {
  const socket = await connect(tls, parameters);
  socket.write('x');
  await once(socket, 'data');
  return socket;
}

async function residentMemory() {
  await sleep(200);
  global.gc();
  global.gc();
  return process.memoryUsage.rss() / 1024;
}

module.exports = { cases, client, server };
