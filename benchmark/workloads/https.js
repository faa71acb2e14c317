'use strict';

const assert = require('node:assert/strict');
const { connectOptions, serverOptions } = require('../connection');
const { counter, downloadCase, requestsCase, requireOver, serve } = require('../http');

// Node's own https over the implementation under measurement, with connections that are kept alive.

const cases = [
  ...[1, 50].map((connections) =>
    requestsCase(`https requests, ${connections} connection${connections === 1 ? '' : 's'}, JSON`, {
      connections,
    }),
  ),
  downloadCase('https download of 100 MB', { connections: 1 }),
];

function server(tls, parameters) {
  const server = requireOver(tls, 'https').createServer(serverOptions(parameters));
  // While other pairs have their turns, the connections are idle.
  server.keepAliveTimeout = 0;
  return serve(server, tls, parameters);
}

async function client(tls, parameters) {
  const { connections, path } = parameters;
  const https = requireOver(tls, 'https');
  const agent = new https.Agent({ keepAlive: true, maxSockets: connections });
  const options = { ...connectOptions(parameters), agent, path };
  const { onData, onEnd, count } = counter(parameters);

  const request = (onStarted) => {
    const message = https.get(options, (response) => {
      assert.equal(response.statusCode, 200);
      assert.ok(response.socket instanceof tls.TLSSocket);
      response.on('data', onData);
      response.on('end', () => {
        onEnd();
        request();
      });
      onStarted?.();
    });
    message.on('error', (error) => {
      throw error;
    });
  };
  await Promise.all(Array.from({ length: connections }, () => new Promise(request)));

  return { count };
}

module.exports = { cases, client, server };
