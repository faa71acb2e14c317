'use strict';

/**
 * Usage: node --expose-gc test/leaks.js [CONNECTIONS [native|stream]]
 *
 * Makes connections one after the other (10,000 unless told otherwise), in turn of several kinds and
 * endings, and fails where descriptors remain open, or memory goes on growing after the first half.
 */

const assert = require('node:assert/strict');
const { once } = require('node:events');
const fs = require('node:fs');
const certs = require('./certs');
const tls = require('..');
const { NativeTransport } = require('../lib/native-transport');

const kMegabyte = 1024 * 1024;
/** What the second half may add to the process. A thousand leaked connections take 24 MB or more. */
const kGrowth = 14 * kMegabyte;

const count = Number(process.argv[2] ?? 10_000);
NativeTransport.isEnabled = process.argv[3] !== 'stream';

const descriptors = () =>
  fs.existsSync('/proc/self/fd') ? fs.readdirSync('/proc/self/fd').length : 0;

async function settle() {
  for (let i = 0; i < 10; i++) await new Promise(setImmediate);
  await new Promise((resolve) => setTimeout(resolve, 50));
  globalThis.gc();
  await new Promise(setImmediate);
  globalThis.gc();
}

async function main() {
  assert(globalThis.gc, 'needs --expose-gc');
  const server = tls.createServer(certs.identity('p256'), (far) => {
    far.on('error', () => {});
    far.on('data', (chunk) => far.write(chunk));
    far.on('end', () => far.end());
  });
  server.on('tlsClientError', (error, socket) => socket.destroy());
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  const context = tls.createSecureContext({ ca: certs.ca });
  let session;

  /** Each kind of connection resolves when it is closed. */
  const kinds = [
    (near) => near.end('bye'),
    (near) => near.write('hello') && near.once('data', () => near.destroy()),
    (near) => near.once('secureConnect', () => near.destroy()),
    (near) => near.once('connect', () => near.destroy()),
    (near) => near.end(Buffer.alloc(100_000)),
    (near) => near.write(Buffer.alloc(5 * kMegabyte)) || near.once('data', () => near.destroy()),
  ];
  const connect = async (i) => {
    const options = [{ ca: certs.ca }, { secureContext: context }, { ca: certs.ca, session }][
      i % 3
    ];
    const trusted = i % 7 === 0 ? { ...options, ca: undefined, secureContext: undefined } : options;
    const near = tls.connect({ port, host: '127.0.0.1', servername: 'localhost', ...trusted });
    near.on('error', () => {});
    near.on('session', (ticket) => (session = ticket));
    near.on('end', () => {});
    kinds[i % kinds.length](near);
    near.resume();
    await new Promise((resolve) => near.on('close', resolve));
  };

  await connect(0);
  await settle();
  const before = descriptors();
  for (let i = 0; i < count / 2; i++) await connect(i);
  await settle();
  const half = process.memoryUsage();
  for (let i = 0; i < count / 2; i++) await connect(i);
  await settle();
  const end = process.memoryUsage();
  const after = descriptors();
  server.close();

  const growth = {};
  for (const name of ['rss', 'heapUsed', 'external', 'arrayBuffers']) {
    growth[name] = end[name] - half[name];
  }
  console.log(JSON.stringify({ count, rss: end.rss, growth, descriptors: [before, after] }));
  assert.equal(after, before, 'descriptors are left open');
  for (const [name, bytes] of Object.entries(growth)) {
    const allowed = name === 'rss' ? kGrowth : kGrowth / 4;
    assert(bytes < allowed, `${name} has grown by ${bytes}`);
  }
}

main();
