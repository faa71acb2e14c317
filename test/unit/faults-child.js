'use strict';

/**
 * Usage: node faults-child.js MODULE descriptors | pool | clock. Prints as JSON what came of it.
 * descriptors: more connections than the process may have descriptors for.
 * pool: a connection, and a handshake, while all threads of libuv's pool are busy.
 * clock: connections while the clock of JavaScript jumps by years.
 */

const { pbkdf2 } = require('node:crypto');
const { once } = require('node:events');
const certs = require('../certs');
const tls = require(process.argv[2]);

const kConnections = 60;
const kYear = 365 * 24 * 3600 * 1000;

const options = { ca: certs.ca, servername: 'localhost', host: '127.0.0.1' };

async function listen(more) {
  const server = tls.createServer({ ...certs.identity('p256'), ...more }, (far) => {
    far.on('error', () => {});
    far.pipe(far);
  });
  server.on('tlsClientError', (error, socket) => socket.destroy());
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return server;
}

/** @returns {Promise<string>} what an echoing server sends back */
async function echo(server, more) {
  const near = tls.connect({ ...options, port: server.address().port, ...more });
  near.setEncoding('utf8');
  near.end('echo');
  let text = '';
  for await (const chunk of near) text += chunk;
  return text;
}

async function descriptors() {
  const server = await listen();
  const serverErrors = new Set();
  server.on('error', ({ code }) => serverErrors.add(code));
  // What is loaded when it is first needed needs descriptors.
  const first = await echo(server);
  const outcomes = new Set();
  const sockets = [];
  for (let i = 0; i < kConnections; i++) {
    const near = tls.connect({ ...options, port: server.address().port });
    sockets.push(near);
    await new Promise((resolve) => {
      near.on('secureConnect', () => resolve(outcomes.add('secureConnect')));
      near.on('error', ({ code }) => resolve(outcomes.add(code)));
    });
  }
  const closed = sockets.map((near) => near.destroyed || once(near, 'close'));
  for (const near of sockets) near.destroy();
  await Promise.all(closed);
  const last = await echo(server);
  server.close();
  return { first, outcomes: [...outcomes].sort(), serverErrors: [...serverErrors], last };
}

async function pool() {
  const server = await listen({ offloadHandshake: true });
  const near = tls.connect({ ...options, port: server.address().port });
  await once(near, 'secureConnect');
  let isBusy = true;
  pbkdf2('secret', 'salt', 1_000_000, 64, 'sha512', () => (isBusy = false));
  near.write('while all are busy');
  const [data] = await once(near, 'data');
  const result = { data: String(data), isBusy, echo: await echo(server) };
  near.destroy();
  server.close();
  return result;
}

async function clock() {
  const real = Date.now;
  let calls = 0;
  Date.now = () => real() + (calls++ % 2 === 0 ? 10 : -10) * kYear;
  const server = await listen({ handshakeTimeout: 5000 });
  let session;
  const first = tls.connect({ ...options, port: server.address().port, timeout: 5000 });
  first.on('session', (ticket) => (session = ticket));
  first.on('timeout', () => first.destroy(new Error('a timeout')));
  await once(first, 'session');
  first.destroy();
  const second = tls.connect({ ...options, port: server.address().port, session });
  await once(second, 'secureConnect');
  const result = { authorized: second.authorized, isReused: second.isSessionReused() };
  second.destroy();
  result.echo = await echo(server);
  server.close();
  return result;
}

const tasks = { clock, descriptors, pool };
tasks[process.argv[3]]().then((result) => console.log(JSON.stringify(result)));
