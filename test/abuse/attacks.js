'use strict';

/**
 * What an attacker does, with the client of core or with bytes of its own. Each attack is called with where the server
 * is and an AbortSignal, and resolves when it is in full swing; it goes on until the signal, or has its connections
 * open until then.
 */

const { randomBytes } = require('node:crypto');
const { once } = require('node:events');
const net = require('node:net');
const { setTimeout: delay } = require('node:timers/promises');
const tls = require('node:tls');
const certs = require('../certs');
const records = require('./record-layer');

/** A plain connection that ends with the attack. */
function open(to, signal) {
  const socket = net.connect({ ...to, host: '127.0.0.1' });
  socket.on('error', () => {}).resume();
  signal.addEventListener('abort', () => socket.destroy());
  return socket;
}

/** Calls `act` every few milliseconds. */
function repeat(signal, milliseconds, act) {
  const timer = setInterval(act, milliseconds);
  signal.addEventListener('abort', () => clearInterval(timer));
}

/** Writes what `make` gives, as fast as it is taken. */
async function flood(to, signal, make) {
  const { socket, writer } = await records.connect({ ...to, host: '127.0.0.1' });
  socket.resume();
  const pump = () => {
    if (signal.aborted) return;
    if (socket.write(make(writer))) setImmediate(pump);
    else socket.once('drain', pump);
  };
  signal.addEventListener('abort', () => socket.destroy());
  pump();
}

const many = (count, make) => Buffer.concat(Array.from({ length: count }, make));

/** A TLS connection with the client of core, until it is closed or has done `act`. */
async function connect(to, options, act = () => {}) {
  const near = tls.connect({ ...to, host: '127.0.0.1', rejectUnauthorized: false, ...options });
  near.on('error', () => near.destroy());
  near.on('secureConnect', () => act(near));
  await once(near, 'close').catch(() => {});
}

/** The first half of a ClientHello, taken from a real one. */
async function halfHello() {
  const server = net.createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const near = tls.connect({ port: server.address().port, servername: 'localhost' });
  near.on('error', () => {});
  const [socket] = await once(server, 'connection');
  const [hello] = await once(socket, 'data');
  near.destroy();
  server.close();
  return hello.subarray(0, hello.length / 2);
}

/** A chain of a client that is `count` certificates longer than it has to be. */
function longChain(count) {
  const { key, cert } = certs.identity('client');
  return { key, cert: cert + String(certs.read('intermediate-cert.pem')).repeat(count) };
}

const attacks = {
  async 'unfinished handshakes'(to, signal, { connections }) {
    const hello = await halfHello();
    for (let i = 0; i < connections; i++) {
      const socket = open(to, signal);
      await once(socket, 'connect');
      if (i % 2 === 0) socket.write(hello);
    }
  },
  async 'ClientHellos in single bytes'(to, signal) {
    const hello = await halfHello();
    const sockets = Array.from({ length: 50 }, () => open(to, signal));
    let i = 0;
    repeat(signal, 20, () => {
      for (const socket of sockets) socket.write(hello.subarray(i, i + 1));
      i = (i + 1) % hello.length;
    });
  },
  async 'long chains of certificates'(to, signal) {
    const chain = longChain(100);
    repeat(signal, 100, () => connect(to, chain, (near) => near.destroy()));
  },
  async 'chains beyond the limit'(to, signal) {
    const chain = longChain(250);
    repeat(signal, 100, () => connect(to, chain, (near) => near.resume()));
  },
  async 'server names'(to, signal) {
    let i = 0;
    repeat(signal, 20, () => {
      const servername = `a.tenant-${(i = (i * 7 + 1) % 1000)}.example.com`;
      connect(to, { servername }, (near) => near.destroy());
    });
  },
  'empty records': (to, signal) =>
    flood(to, signal, (writer) =>
      Buffer.concat([many(31, () => writer.data('')), writer.data('x')]),
    ),
  'single bytes': (to, signal) => flood(to, signal, (writer) => many(200, () => writer.data('x'))),
  KeyUpdates: (to, signal) => flood(to, signal, (writer) => many(200, () => writer.keyUpdate())),
  'KeyUpdates with answers': (to, signal) =>
    flood(to, signal, (writer) => many(200, () => writer.keyUpdate(true))),
  async renegotiations(to, signal) {
    repeat(signal, 25, () =>
      connect(to, { maxVersion: 'TLSv1.2' }, (near) => {
        const again = (error) => !error && !near.destroyed && near.renegotiate({}, again);
        again();
      }),
    );
  },
  async tickets(to, signal) {
    let session;
    repeat(signal, 20, () =>
      connect(to, { session, maxVersion: 'TLSv1.2' }, (near) => {
        session = near.getSession();
        near.destroy();
      }),
    );
  },
  async garbage(to, signal) {
    repeat(signal, 5, () => {
      const socket = open(to, signal);
      socket.end(randomBytes(2000));
    });
    await delay(50);
  },
};

module.exports = attacks;
