'use strict';

const { performance } = require('node:perf_hooks');
const { connect, listen } = require('../connection');
const { watch } = require('../window');

// One connection, one direction, as fast as it goes. The rate is the receiver's.

/** Longest time that the sender keeps the event loop, in milliseconds. */
const YIELD_INTERVAL = 50;

const SIZES = { '64 B': 64, '1 KB': 1024, '16 KB': 16384, '64 KB': 65536, '1 MB': 1048576 };

const cases = ['server', 'client'].flatMap((sender) =>
  Object.entries(SIZES).map(([label, size]) => ({
    name: `bulk ${sender === 'server' ? 'server to client' : 'client to server'}, ${label} writes`,
    parameters: { sender, size },
    metrics: [
      { key: 'rate', unit: 'MB/s', better: 'higher' },
      { key: 'senderCpu', label: 'CPU of sender', unit: 'us/MB', better: 'lower', detail: true },
      {
        key: 'receiverCpu',
        label: 'CPU of receiver',
        unit: 'us/MB',
        better: 'lower',
        detail: true,
      },
    ],
  })),
);

async function server(tls, parameters) {
  let onAttach;
  const attached = new Promise((resolve) => (onAttach = resolve));
  const attach = parameters.sender === 'server' ? send : receive;
  const port = await listen(tls, parameters, (socket) => onAttach(attach(socket, parameters)));
  // In TLS 1.3 the client ends its handshake, and may be told to measure, before the server does.
  return { port, measure: async () => (await attached)() };
}

async function client(tls, parameters) {
  const attach = parameters.sender === 'client' ? send : receive;
  return { measure: attach(await connect(tls, parameters), parameters) };
}

/** @returns {function(): Promise<object>} that measures */
function send(socket, parameters) {
  const { size } = parameters;
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

  return async () => {
    const { cpu } = await watch(parameters, () => sent);
    return { senderCpu: cpu * 1e6 };
  };
}

/** @returns {function(): Promise<object>} that measures */
function receive(socket, parameters) {
  let received = 0;
  socket.on('data', (chunk) => {
    received += chunk.length;
  });
  return async () => {
    const { rate, cpu } = await watch(parameters, () => received);
    return { rate: rate / 1e6, receiverCpu: cpu * 1e6 };
  };
}

module.exports = { cases, client, server };
