'use strict';

/**
 * Usage: node exceptions-child.js MODULE. Makes a connection for each case below, in which one handler of the
 * user throws, and prints as JSON what came of each: exceptions that went to 'uncaughtException', and
 * events.
 */

const certs = require('../certs');
const tls = require(process.argv[2]);

const kPatience = process.env.NAPI_TLS_ASAN ? 3000 : 400; // milliseconds for one case

const psk = { psk: Buffer.alloc(16, 1), identity: 'me' };
const pskOptions = { ciphers: 'PSK', maxVersion: 'TLSv1.2', checkServerIdentity: () => undefined };
const boom = () => {
  throw new Error('boom');
};
const throwOn = (event) => (emitter) => emitter.once(event, boom);

/** What throws: `near` and `far` get the socket of that side, `server` the server. */
const cases = {
  'secureConnect of the client': { near: throwOn('secureConnect') },
  'data of the client': { near: throwOn('data') },
  'end of the client': { near: throwOn('end') },
  'finish of the client': { near: throwOn('finish') },
  'close of the client': { near: throwOn('close') },
  'session of the client': { near: throwOn('session') },
  'keylog of the client': { near: throwOn('keylog') },
  'every keylog of the client': { near: (near) => near.on('keylog', boom) },
  'secure of the client': { near: throwOn('secure') },
  'a write callback of the client': { near: (near) => near.write('x', boom) },
  'a large write callback of the client': { near: (near) => near.write(Buffer.alloc(1e6), boom) },
  'OCSPResponse of the client': { near: throwOn('OCSPResponse'), client: { requestOCSP: true } },
  'checkServerIdentity of the client': { client: { checkServerIdentity: boom } },
  'pskCallback of the client': {
    client: { ...pskOptions, pskCallback: boom },
    options: { ciphers: 'PSK', maxVersion: 'TLSv1.2', pskCallback: () => psk.psk },
  },
  'secureConnection of the server': { server: throwOn('secureConnection') },
  'connection of the server': { server: throwOn('connection') },
  'data of the server': { far: throwOn('data') },
  'end of the server': { far: throwOn('end') },
  'close of the server': { far: throwOn('close') },
  'a write callback of the server': { far: (far) => far.write('y', boom) },
  'keylog of the server': { server: throwOn('keylog') },
  'newSession of the server': {
    server: throwOn('newSession'),
    options: { maxVersion: 'TLSv1.2' },
  },
  'OCSPRequest of the server': { server: throwOn('OCSPRequest'), client: { requestOCSP: true } },
  'tlsClientError of the server': {
    server: throwOn('tlsClientError'),
    client: { minVersion: 'TLSv1.3' },
    options: { maxVersion: 'TLSv1.2' },
  },
  'SNICallback of the server': { options: { SNICallback: boom } },
  'ALPNCallback of the server': {
    options: { ALPNCallback: boom },
    client: { ALPNProtocols: ['a'] },
  },
  'pskCallback of the server': {
    client: { ...pskOptions, pskCallback: () => psk },
    options: { ciphers: 'PSK', maxVersion: 'TLSv1.2', pskCallback: boom },
  },
  'a timer between them': { near: () => setTimeout(boom, 5) },
};

let current;
process.on('uncaughtException', (error) => current.uncaught.push(error.message));

function run({ near: onNear, far: onFar, server: onServer, client, options }) {
  return new Promise((resolve) => {
    current = { uncaught: [], near: [], far: [] };
    const { uncaught, near: nearEvents, far: farEvents } = current;
    const sockets = [];
    const server = tls.createServer({ ...certs.identity('p256'), ...options }, (far) => {
      sockets.push(far);
      onFar?.(far);
      far.on('error', (error) => farEvents.push(`error ${error.code ?? error.message}`));
      far.on('data', () => far.writableEnded || far.end('pong'));
      for (const name of ['end', 'close']) far.on(name, () => farEvents.push(name));
    });
    server.on('connection', (socket) => sockets.push(socket));
    server.on('tlsClientError', (error, socket) => {
      farEvents.push(`tlsClientError ${error.code ?? error.message}`);
      socket.destroy();
    });
    onServer?.(server);
    let open = 1;
    const done = () => {
      clearTimeout(limit);
      for (const socket of sockets) socket.destroy();
      server.close();
      setTimeout(() => resolve({ uncaught, near: nearEvents, far: farEvents }), 20);
    };
    const limit = setTimeout(() => (nearEvents.push('late'), done()), kPatience);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      const near = tls.connect({ port, ca: certs.ca, servername: 'localhost', ...client });
      sockets.push(near);
      onNear?.(near);
      near.on('error', (error) => nearEvents.push(`error ${error.code ?? error.message}`));
      near.on('secureConnect', () => near.write('ping'));
      // In one chunk or two: that depends on what comes together.
      near.on('data', () => nearEvents.at(-1) === 'data' || nearEvents.push('data'));
      near.on('end', () => nearEvents.push('end'));
      near.on('close', () => {
        nearEvents.push('close');
        if (--open === 0) setTimeout(done, 20);
      });
    });
  });
}

async function main() {
  const results = {};
  for (const [title, parts] of Object.entries(cases)) results[title] = await run(parts);
  console.log(JSON.stringify(results));
}

main();
