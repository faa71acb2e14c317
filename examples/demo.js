'use strict';

// Serves HTTPS through napi-tls, fetches it through napi-tls, then downloads as much through
// node:tls. Needs the openssl command for its certificates; uses nothing but loopback.

const { once } = require('node:events');
const http = require('node:http');
const { performance } = require('node:perf_hooks');
const coreTls = require('node:tls');
const napiTls = require('napi-tls');
const { createAuthority } = require('./authority');

const MB = 1e6;
const DOWNLOAD = 256 * MB;
const WARM_UP = 128 * MB;
const ROUNDS = 5;
const CHUNK = Buffer.alloc(64 * 1024, 'x');

/** Answers `/BYTES` with as many bytes, everything else with a greeting. */
function respond(request, response) {
  let left = Number(request.url.slice(1));
  if (!left) return void response.end('Hello over TLS!');

  response.setHeader('Content-Length', left);
  const fill = () => {
    while (left > 0) {
      const chunk = CHUNK.subarray(0, Math.min(left, CHUNK.length));
      left -= chunk.length;
      if (!response.write(chunk)) return void response.once('drain', fill);
    }
    response.end();
  };
  fill();
}

/**
 * HTTPS is HTTP over a TLS server: every TLSSocket becomes a connection of an http.Server that
 * never listens.
 *
 * @returns {Promise<object>} the listening tls.Server
 */
async function serve(tls, credentials) {
  const httpServer = http.createServer(respond);
  const tlsServer = tls.createServer(credentials);
  tlsServer.on('secureConnection', (socket) => httpServer.emit('connection', socket));
  tlsServer.listen(0, '127.0.0.1');
  await once(tlsServer, 'listening');
  return tlsServer;
}

/** @returns {Promise<http.IncomingMessage>} whose `socket` is the client's TLSSocket */
async function get(tls, server, ca, path) {
  const { address: host, port } = server.address();
  const createConnection = () => tls.connect({ host, port, servername: 'localhost', ca });
  const request = http.get({ createConnection, path, headers: { host: 'localhost' } });
  const [response] = await once(request, 'response');
  return response;
}

/** @returns {Promise<number>} speed in MB/s, connection included */
async function download(tls, server, ca, bytes) {
  const start = performance.now();
  const response = await get(tls, server, ca, `/${bytes}`);
  let received = 0;
  response.on('data', (chunk) => {
    received += chunk.length;
  });
  await once(response, 'end');
  if (received !== bytes) throw new Error(`received ${received} bytes of ${bytes}`);
  return bytes / MB / ((performance.now() - start) / 1000);
}

async function main() {
  const authority = createAuthority();
  const { key, cert } = authority.issue('localhost');
  const contenders = [];
  for (const [name, tls] of [
    ['node:tls', coreTls],
    ['napi-tls', napiTls],
  ]) {
    contenders.push({ name, tls, server: await serve(tls, { key, cert }), speeds: [] });
  }

  const { server } = contenders.find(({ tls }) => tls === napiTls);
  const response = await get(napiTls, server, authority.cert, '/');
  const { socket } = response;
  const peer = socket.getPeerCertificate();
  const cipher = socket.getCipher();
  const [body] = await once(response.setEncoding('utf8'), 'data');
  console.log(`HTTPS by napi-tls on Node ${process.version}
  response     ${response.statusCode} '${body}'
  protocol     ${socket.getProtocol()}
  cipher       ${cipher.standardName}
  verified     ${socket.authorized ? 'yes' : socket.authorizationError}
  subject      CN=${peer.subject.CN}
  issuer       CN=${peer.issuer.CN}
  valid        ${peer.valid_from} to ${peer.valid_to}
  fingerprint  ${peer.fingerprint256.slice(0, 47)}... (SHA-256)

Download of ${DOWNLOAD / MB} MB, server and client in this process, best of ${ROUNDS}`);

  for (const { tls, server } of contenders) await download(tls, server, authority.cert, WARM_UP);
  for (let round = 0; round < ROUNDS; round++) {
    // Each goes first in turn: whoever comes second finds another heap and other caches.
    const order = round % 2 === 0 ? contenders : contenders.toReversed();
    for (const { tls, server, speeds } of order) {
      speeds.push(await download(tls, server, authority.cert, DOWNLOAD));
    }
  }
  const [core, ours] = contenders.map(({ speeds }) => Math.max(...speeds));
  console.log(`  node:tls     ${core.toFixed(0)} MB/s
  napi-tls     ${ours.toFixed(0)} MB/s, ${(ours / core).toFixed(2)} x`);

  for (const { server } of contenders) server.close();
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
