'use strict';

const assert = require('node:assert/strict');
const { once } = require('node:events');
const { connectOptions, serverOptions } = require('../connection');
const { counter, downloadCase, requestsCase, requireOver, serve } = require('../http');

// Node's own http2 over the implementation under measurement: one session, whose streams share a connection.

/** Room for data, of a stream and of the session: with the 64 KB of the standard a download waits for updates. */
const WINDOW = 8 * 1024 * 1024;

const cases = [
  ...[1, 50].map((streams) =>
    requestsCase(`http2 requests, ${streams} stream${streams === 1 ? '' : 's'}, JSON`, { streams }),
  ),
  downloadCase('http2 download of 100 MB', { streams: 1 }),
];

function server(tls, parameters) {
  const server = requireOver(tls, 'http2').createSecureServer(serverOptions(parameters));
  return serve(server, tls, parameters);
}

async function client(tls, parameters) {
  const { path, port, streams } = parameters;
  const http2 = requireOver(tls, 'http2');
  const session = http2.connect(`https://localhost:${port}`, {
    ...connectOptions(parameters),
    settings: { initialWindowSize: WINDOW },
  });
  await once(session, 'connect');
  assert.ok(session.socket instanceof tls.TLSSocket);
  session.setLocalWindowSize(WINDOW);
  const { onData, onEnd, count } = counter(parameters);

  const request = (onStarted) => {
    const stream = session.request({ ':path': path });
    stream.on('response', (headers) => {
      assert.equal(headers[':status'], 200);
      onStarted?.();
    });
    stream.on('data', onData);
    stream.on('end', () => {
      onEnd();
      request();
    });
  };
  await Promise.all(Array.from({ length: streams }, () => new Promise(request)));

  return { count };
}

module.exports = { cases, client, server };
