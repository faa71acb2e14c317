'use strict';

const { acceptConnections, cheapConnectOptions, connectRepeatedly } = require('../connection');

// A server that takes new connections as fast as it can. The client is ours in all pairs, and as cheap
// as can be, since it shares the machine with the server.

const CONCURRENCY = 16;

const cases = [{ offloadHandshake: undefined }, { offloadHandshake: true }].flatMap(
  (serverOptions) =>
    ['P-256', 'RSA-2048'].map((certificate) => ({
      name: `accept${serverOptions.offloadHandshake ? ' off the loop' : ''}, ${certificate} certificate`,
      unit: 'connection',
      countedBy: 'server',
      pairs: ['core/ours', 'ours/ours'],
      parameters: { certificate, serverOptions },
    })),
);

async function client(tls, parameters) {
  return connectRepeatedly(tls, cheapConnectOptions(tls, parameters), CONCURRENCY);
}

module.exports = { cases, client, server: acceptConnections };
