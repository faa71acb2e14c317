'use strict';

const { performance } = require('node:perf_hooks');
const { connect, listen } = require('../connection');

// One connection, one direction, as fast as it goes. The rate is the receiver's.

/** Longest time that the sender keeps the event loop, in milliseconds. */
const YIELD_INTERVAL = 50;

const SIZES = { '64 B': 64, '1 KB': 1024, '16 KB': 16384, '64 KB': 65536, '1 MB': 1048576 };

/** Sizes that ours meets core with. */
const MIXED = [SIZES['16 KB'], SIZES['1 MB']];

const cases = Object.entries(SIZES).flatMap(([label, size]) =>
  ['server', 'client'].map((sender) => ({
    name: `bulk ${sender === 'server' ? 'server to client' : 'client to server'}, ${label} writes`,
    unit: 'MB',
    countedBy: sender === 'server' ? 'client' : 'server',
    parameters: { sender, size },
    pairs: ['core/core', 'ours/ours', ...(MIXED.includes(size) ? ['core/ours', 'ours/core'] : [])],
  })),
);

async function server(tls, parameters) {
  let onAttach;
  const attached = new Promise((resolve) => (onAttach = resolve));
  const port = await listen(tls, parameters, (socket) => onAttach(socket));
  let counter = () => 0;
  attached.then((socket) => (counter = attach('server', socket, parameters)));
  // In TLS 1.3 the client ends its handshake, and may be asked for samples, before the server does.
  return { port, count: () => counter() };
}

async function client(tls, parameters) {
  return { count: attach('client', await connect(tls, parameters), parameters) };
}

/** @returns {function(): number} the counter, in MB */
function attach(role, socket, { sender, size }) {
  return role === sender ? send(socket, size) : receive(socket);
}

/**
 * @param {object} socket writable
 * @param {number} size of the writes
 * @returns {function(): number} the MB that have been written
 */
function send(socket, size) {
  const chunk = Buffer.alloc(size, 'x');
  let turn = performance.now();
  let sent = 0;

  const fill = () => {
    do sent += size;
    while (socket.write(chunk));
  };
  socket.on('drain', () => {
    // While the kernel takes everything at once, core's 'drain' comes back before the event loop
    // turns, for seconds on end: let it turn now and then, so that this process can answer.
    if (performance.now() - turn < YIELD_INTERVAL) return fill();
    setImmediate(() => {
      turn = performance.now();
      fill();
    });
  });
  fill();
  return () => sent / 1e6;
}

/**
 * @param {object} socket readable
 * @returns {function(): number} the MB that have been read
 */
function receive(socket) {
  let received = 0;
  socket.on('data', (chunk) => {
    received += chunk.length;
  });
  return () => received / 1e6;
}

module.exports = { attach, cases, client, server };
