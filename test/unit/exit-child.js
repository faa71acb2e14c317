'use strict';

/**
 * Usage: node exit-child.js MOMENT: makes connections in which every callback of the API is called, and exits with 7 in
 * the one of that name. `node exit-child.js` lists the moments.
 */

const { once } = require('node:events');
const certs = require('../certs');
const tls = require('../..');

const moment = process.argv[2];
const kNear = [
  'connect',
  'ready',
  'keylog',
  'secureConnect',
  'session',
  'OCSPResponse',
  'data',
  'end',
  'close',
];
const kFar = ['data', 'end', 'finish', 'close'];
const kServer = ['connection', 'keylog', 'secureConnection', 'tlsClientError', 'close'];
const kCallbacks = [
  ...[
    'SNICallback',
    'ALPNCallback',
    'server pskCallback',
    'client pskCallback',
    'OCSPRequest',
    'newSession',
  ],
  ...['resumeSession', 'checkServerIdentity', 'lookup', 'onread', 'write callback', 'end callback'],
  ...['renegotiate callback', 'secureConnect listener'],
];

if (moment === undefined) {
  const named = (prefix, names) => names.map((name) => `${prefix} ${name}`);
  console.log(
    [
      ...named('near', kNear),
      ...named('far', kFar),
      ...named('server', kServer),
      ...kCallbacks,
    ].join(),
  );
  process.exit();
}

/** What comes at the moment. */
const at = (name) => {
  if (name === moment) process.exit(7);
};

const psk = { psk: Buffer.alloc(16, 1), identity: 'me' };
const usesPsk = moment.endsWith('pskCallback');
const pskOptions = { ciphers: 'PSK', maxVersion: 'TLSv1.2' };

async function main() {
  const server = tls.createServer({
    ...certs.identity('p256'),
    maxVersion: 'TLSv1.2',
    SNICallback: (name, callback) => (at('SNICallback'), callback(null, undefined)),
    ALPNCallback: ({ protocols }) => (at('ALPNCallback'), protocols[0]),
    ...(usesPsk && { ...pskOptions, pskCallback: () => (at('server pskCallback'), psk.psk) }),
  });
  for (const name of kServer) server.on(name, () => at(`server ${name}`));
  server.on(
    'OCSPRequest',
    (certificate, issuer, callback) => (at('OCSPRequest'), callback(null, Buffer.alloc(9))),
  );
  const stored = new Map();
  server.on('newSession', (id, data, callback) => {
    at('newSession');
    stored.set(String(id), data);
    callback();
  });
  server.on(
    'resumeSession',
    (id, callback) => (at('resumeSession'), callback(null, stored.get(String(id)))),
  );
  server.on('tlsClientError', (error, socket) => socket.destroy());
  server.on('secureConnection', (far) => {
    for (const name of kFar) far.on(name, () => at(`far ${name}`));
    far.on('error', () => {});
    far.write(Buffer.alloc(5_000_000), () => at('write callback'));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');

  let session;
  const connect = async (more) => {
    const near = tls.connect(
      {
        port: server.address().port,
        host: 'localhost',
        ca: certs.ca,
        servername: 'localhost',
        ALPNProtocols: ['a'],
        requestOCSP: true,
        session,
        secureOptions: require('node:constants').SSL_OP_NO_TICKET,
        lookup: (name, { all }, callback) => {
          at('lookup');
          callback(null, all ? [{ address: '127.0.0.1', family: 4 }] : '127.0.0.1', 4);
        },
        checkServerIdentity: () => at('checkServerIdentity'),
        ...(usesPsk && { ...pskOptions, pskCallback: () => (at('client pskCallback'), psk) }),
        ...more,
      },
      () => at('secureConnect listener'),
    );
    for (const name of kNear) near.on(name, () => at(`near ${name}`));
    near.on('error', () => {});
    near.on('session', (ticket) => (session = ticket));
    const closed = new Promise((resolve) => near.on('close', resolve));
    near.once('secureConnect', () => {
      if (usesPsk) near.end();
      else {
        near.renegotiate(
          {},
          () => (at('renegotiate callback'), near.end('bye', () => at('end callback'))),
        );
      }
    });
    await closed;
  };
  await connect();
  await connect();
  await connect({ onread: { buffer: Buffer.alloc(1000), callback: () => at('onread') } });
  await connect({ minVersion: 'TLSv1.3' });
  server.close();
}

main();
