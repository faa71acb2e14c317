'use strict';

const {
  acceptConnections,
  cheapConnectOptions,
  connectRepeatedly,
  WARM_UP,
} = require('../connection');

// A server that takes new connections as fast as it can. The client is ours in all pairs, and as cheap
// as can be, since it shares the machine with the server.

/**
 * Connections at a time. Where they are few, client, event loop and thread pool work one after the other, and two of
 * them wait: with 16, a fifth of two CPUs.
 */
const CONCURRENCY = 64;

const cases = [{ offloadHandshake: undefined }, { offloadHandshake: true }].flatMap(
  (serverOptions) =>
    ['P-256', 'RSA-2048'].map((certificate) => ({
      name: `accept${serverOptions.offloadHandshake ? ' off the loop' : ''}, ${certificate} certificate`,
      unit: 'connection',
      countedBy: 'server',
      warmUp: WARM_UP,
      pairs: ['core/ours', 'ours/ours'],
      parameters: { certificate, serverOptions },
    })),
);

async function client(tls, parameters) {
  return connectRepeatedly(tls, cheapConnectOptions(tls, parameters), CONCURRENCY);
}

module.exports = { cases, client, server: acceptConnections };
