'use strict';

/**
 * Child of command-line.test.js: makes one connection with `core` or `ours` (the first argument), and
 * writes what it has seen as JSON.
 */

const { once } = require('node:events');
const certs = require('../certs');

const tls = process.argv[2] === 'core' ? require('node:tls') : require('../..');
// 'ca' where the client names its authorities; otherwise it trusts the default ones
const [, , , trust, serverOptions = '{}', clientOptions = '{}'] = process.argv;

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
  const server = tls.createServer({
    ...certs.identity('p256'),
    ...JSON.parse(serverOptions),
  });
  server.on('tlsClientError', () => {});
  server.on('secureConnection', (socket) => socket.on('error', () => {}).end('x'));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const client = tls.connect({
    port: server.address().port,
    servername: 'localhost',
    ca: trust === 'ca' ? certs.ca : undefined,
    ...JSON.parse(clientOptions),
  });
  client.on('error', ({ code }) => (seen.error = code));
  client.on('secureConnect', () => {
    seen.protocol = client.getProtocol();
    seen.cipher = client.getCipher().name;
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
