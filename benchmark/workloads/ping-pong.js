'use strict';

const { connectMany, listen } = require('../connection');

// A message goes to the server and comes back, on each connection one at a time.

const cases = [1, 50, 500].flatMap((connections) =>
  Object.entries({ '64 B': 64, '1 KB': 1024 }).map(([label, size]) => ({
    name: `ping-pong ${label}, ${connections} connection${connections === 1 ? '' : 's'}`,
    unit: 'trip',
    parameters: { connections, size },
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
  return { port, count: () => returned / parameters.size };
}

async function client(tls, parameters) {
  const { connections, size } = parameters;
  const message = Buffer.alloc(size, 'x');
  let roundTrips = 0;

  for (const socket of await connectMany(tls, parameters, connections)) {
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
  return { count: () => roundTrips };
}

module.exports = { cases, client, server };
