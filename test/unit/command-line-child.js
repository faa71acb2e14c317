'use strict';

/**
 * Child of command-line.test.js: makes one connection with `core` or `ours` (the first argument), and
 * writes what it has seen as JSON.
 */

const crypto = require('node:crypto');
const { once } = require('node:events');
const net = require('node:net');
const certs = require('../certs');

const tls = process.argv[2] === 'core' ? require('node:tls') : require('../..');
// 'ca' where the client names its authorities; otherwise it trusts the default ones
const [, , , trust, serverOptions = '{}', clientOptions = '{}', act] = process.argv;

/** What a setting may do besides: before the connection, and with the client. */
const before = {
  'crypto.setFips()': () => crypto.setFips(1),
  'tls.setDefaultCACertificates()': () => tls.setDefaultCACertificates([String(certs.ca)]),
};
const connect = {
  'tlsSocket.enableTrace()': (options) => {
    const client = tls.connect(options);
    client.enableTrace();
    return client;
  },
  'new tls.TLSSocket()': (options) => {
    const client = new tls.TLSSocket(net.connect(options), options);
    client.write('starts the handshake');
    return client;
  },
};

const seen = {
  defaults: Object.fromEntries(
    Object.entries(tls).filter(
      ([name]) => name.startsWith('DEFAULT_') && name !== 'DEFAULT_CIPHERS',
    ),
  ),
  ciphers: tls.DEFAULT_CIPHERS,
  warnings: [],
};
process.on('warning', ({ name, code, message }) => seen.warnings.push({ name, code, message }));

async function main() {
  before[act]?.();
  const server = tls.createServer({
    ...certs.identity('p256'),
    ...JSON.parse(serverOptions),
  });
  server.on('tlsClientError', () => {});
  server.on('secureConnection', (socket) => socket.on('error', () => {}).end('x'));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const client = (connect[act] ?? tls.connect)({
    port: server.address().port,
    servername: 'localhost',
    ca: trust === 'ca' ? certs.ca : undefined,
    ...JSON.parse(clientOptions),
  });
  client.on('error', ({ code }) => (seen.error = code));
  client.on('secureConnect', () => {
    seen.protocol = client.getProtocol();
    seen.cipher = client.getCipher().name;
    seen.group = client.getEphemeralKeyInfo().name;
    seen.authorized = client.authorized;
    seen.authorizationError = client.authorizationError;
  });
  client.resume();
  await once(client, 'close').catch(() => {});
  if (!client.closed) await once(client, 'close');
  server.close();
}

main().then(
  () => setImmediate(() => process.stdout.write(JSON.stringify(seen))),
  ({ code, message }) =>
    process.stdout.write(JSON.stringify({ ...seen, thrown: { code, message } })),
);
