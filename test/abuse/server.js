'use strict';

/**
 * Usage: node --expose-gc test/abuse/server.js core|ours, as a child with IPC
 * An echo server with a thousand names that asks for certificates. Answers each message with its memory.
 */

const certs = require('../certs');
const tls = process.argv[2] === 'core' ? require('node:tls') : require('../..');

const kNames = 1000;
const kHandshakeTimeout = 20_000; // milliseconds

const server = tls.createServer(
  {
    ...certs.identity('p256'),
    ca: certs.ca,
    requestCert: true,
    rejectUnauthorized: false,
    handshakeTimeout: kHandshakeTimeout,
    noDelay: true,
  },
  (far) => {
    far.on('error', () => far.destroy());
    far.on('data', (chunk) => {
      if (!far.write(chunk)) far.pause();
    });
    far.on('drain', () => far.resume());
  },
);
for (let i = 0; i < kNames; i++) {
  server.addContext(`*.tenant-${i}.example.com`, certs.identity('wild'));
}
server.on('tlsClientError', (error, socket) => socket.destroy());
server.listen(0, '127.0.0.1', () => process.send({ port: server.address().port }));

process.on('message', async () => {
  for (let i = 0; i < 4; i++) {
    globalThis.gc();
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  server.getConnections((error, connections) =>
    process.send({ rss: process.memoryUsage().rss, connections }),
  );
});
process.on('disconnect', () => process.exit());
