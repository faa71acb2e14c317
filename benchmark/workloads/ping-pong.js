'use strict';

const { connect, listen } = require('../connection');
const { watch } = require('../window');

// A message goes to the server and comes back, on each connection one at a time.

const cases = [1, 50].flatMap((connections) =>
  Object.entries({ '64 B': 64, '1 KB': 1024 }).map(([label, size]) => ({
    name: `ping-pong ${label}, ${connections} connection${connections === 1 ? '' : 's'}`,
    parameters: { connections, size },
    metrics: [
      { key: 'rate', unit: 'trips/s', better: 'higher' },
      { key: 'clientCpu', label: 'CPU of client', unit: 'us/trip', better: 'lower', detail: true },
      { key: 'serverCpu', label: 'CPU of server', unit: 'us/trip', better: 'lower', detail: true },
    ],
  })),
);

async function server(tls, parameters) {
  let returned = 0;
  const port = await listen(tls, parameters, (socket) => {
    socket.on('data', (chunk) => {
      returned += chunk.length;
      socket.write(chunk);
    });
  });
  const measure = async () => {
    const { cpu } = await watch(parameters, () => returned / parameters.size);
    return { serverCpu: cpu };
  };
  return { port, measure };
}

async function client(tls, parameters) {
  const { connections, size } = parameters;
  const message = Buffer.alloc(size, 'x');
  let roundTrips = 0;

  const sockets = await Promise.all(
    Array.from({ length: connections }, () => connect(tls, parameters)),
  );
  for (const socket of sockets) {
    let missing = size;
    socket.on('data', (chunk) => {
      missing -= chunk.length;
      if (missing > 0) return;
      roundTrips++;
      missing = size;
      socket.write(message);
    });
    socket.write(message);
  }
  const measure = async () => {
    const { rate, cpu } = await watch(parameters, () => roundTrips);
    return { rate, clientCpu: cpu };
  };
  return { measure };
}

module.exports = { cases, client, server };
