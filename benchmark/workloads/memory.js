'use strict';

const assert = require('node:assert/strict');
const { once } = require('node:events');
const { setTimeout: sleep } = require('node:timers/promises');
const { connectMany, listen } = require('../connection');

// Resident memory of connections that have exchanged one byte and are idle since.

const CONNECTIONS = 5000;

/** Connections before the baseline is taken: what is loaded or allocated once is not counted. */
const FIRST = 100;

const cases = [
  {
    name: `memory of ${CONNECTIONS} idle connections`,
    measuresItself: true,
    metrics: [
      { key: 'serverMemory', label: 'server', unit: 'KB/connection', better: 'lower' },
      { key: 'clientMemory', label: 'client', unit: 'KB/connection', better: 'lower' },
    ],
    parameters: {},
  },
];

async function server(tls, parameters) {
  let baseline;
  let exchanged = 0;
  let onComplete;
  const complete = new Promise((resolve) => (onComplete = resolve));

  const port = await listen(tls, parameters, (socket) => {
    socket.once('data', async (chunk) => {
      // Before the answer: the client goes on only when the baseline has been taken.
      if (++exchanged === FIRST) baseline = await residentMemory();
      socket.write(chunk);
      if (exchanged === FIRST + CONNECTIONS) onComplete();
    });
  });
  const measure = async () => {
    await complete;
    return { serverMemory: ((await residentMemory()) - baseline) / CONNECTIONS };
  };
  return { port, measure };
}

async function client(tls, parameters) {
  const limit = process.report.getReport().userLimits.open_files.soft;
  assert.ok(limit === 'unlimited' || limit > CONNECTIONS + 2 * FIRST, `ulimit -n is ${limit}`);

  const sockets = await open(tls, parameters, FIRST);
  const baseline = await residentMemory();
  const measure = async () => {
    sockets.push(...(await open(tls, parameters, CONNECTIONS)));
    return { clientMemory: ((await residentMemory()) - baseline) / CONNECTIONS };
  };
  return { measure };
}

async function open(tls, parameters, count) {
  const sockets = await connectMany(tls, parameters, count);
  await Promise.all(
    sockets.map((socket) => {
      socket.write('x');
      return once(socket, 'data');
    }),
  );
  return sockets;
}

async function residentMemory() {
  await sleep(200);
  global.gc();
  global.gc();
  return process.memoryUsage.rss() / 1024;
}

module.exports = { cases, client, server };
