// Prints which AsyncLocalStorage each event and callback of a connection sees, and what the channels of Node say.

import { AsyncLocalStorage } from 'node:async_hooks';
import dc from 'node:diagnostics_channel';
import { once } from 'node:events';
import http2 from 'node:http2';
import https from 'node:https';
import { createRequire } from 'node:module';
import net from 'node:net';
import tls from 'node:tls';

const certs = createRequire(import.meta.url)('../../certs');

const { ca } = certs;
const identity = certs.identity('p256');
const storage = new AsyncLocalStorage();
const seen = new Set();
const see = (what) => seen.add(`${what}: ${storage.getStore()}`);
const seeEvents = (emitter, label, names) => {
  for (const name of names) emitter.on(name, () => see(`${label} ${name}`));
};

async function listen(server) {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { port: server.address().port, host: '127.0.0.1', servername: 'localhost', ca };
}

async function connection(maxVersion) {
  const options = {
    ...identity,
    maxVersion,
    SNICallback(name, done) {
      see('SNICallback');
      setImmediate(() => storage.run('of the answer', done));
    },
    ALPNCallback() {
      see('ALPNCallback');
      return 'x';
    },
  };
  const server = storage.run('server', () => tls.createServer(options));
  server.on('newSession', (id, session, done) => {
    see('newSession');
    done();
  });
  server.on('secureConnection', (far) => {
    see('secureConnection');
    seeEvents(far, 'far', ['data', 'end', 'close', 'finish']);
    far.once('data', () => far.write('answer', () => see('far write')));
  });
  const to = await storage.run('listen', () => listen(server));
  const near = storage.run('client', () =>
    tls.connect({ ...to, ALPNProtocols: ['x'] }, () => see('near connect callback')),
  );
  seeEvents(near, 'near', ['connect', 'ready', 'secureConnect', 'session', 'keylog']);
  seeEvents(near, 'near', ['data', 'end', 'close']);
  await once(near, 'secureConnect');
  storage.run('writer', () => near.write('small', () => see('near small write')));
  await once(near, 'data');
  storage.run('writer', () => near.write(Buffer.alloc(300_000), () => see('near write')));
  storage.run('ender', () => near.end());
  await once(near, 'close');
  storage.run('closer', () => server.close(() => see('server close')));
  await once(server, 'close');
}

async function failure() {
  const server = net.createServer((socket) => socket.end('this is not TLS'));
  const to = await listen(server);
  const near = storage.run('client', () => tls.connect(to));
  near.on('error', ({ code }) => see(code));
  seeEvents(near, 'failed', ['close']);
  await new Promise((resolve) => near.once('close', resolve));
  server.close();
}

const kChannels = [
  'net.client.socket',
  'net.server.socket',
  'http.client.request.start',
  'http.client.request.error',
  'http.client.response.finish',
  'http.server.request.start',
  'http.server.response.finish',
  'http2.client.stream.start',
  'http2.server.stream.start',
];
const messages = [];

/** Name of the channel, and the classes of what it hands out. */
function subscribe() {
  const describe = (value) =>
    value instanceof tls.TLSSocket ? 'TLSSocket' : value?.constructor?.name;
  for (const channel of kChannels) {
    dc.subscribe(channel, (message) => {
      const parts = Object.entries(message).map(([key, value]) => `${key} ${describe(value)}`);
      messages.push(`${channel}: ${parts.join(', ')}`);
    });
  }
}

async function channels() {
  const server = https.createServer(identity, (request, response) => response.end('x'));
  const to = await listen(server);
  const [response] = await once(https.get({ ...to, agent: false }), 'response');
  await once(response.resume(), 'end');
  await once(https.get({ ...to, ca: [], agent: false }), 'error');
  server.close();
  const server2 = http2.createSecureServer(identity);
  server2.on('stream', (stream) => stream.respond(undefined, { endStream: true }));
  const { port } = await listen(server2);
  const session = http2.connect(`https://localhost:${port}`, { ca, host: '127.0.0.1' });
  await once(session.request().resume(), 'close');
  session.close();
  server2.close();
  await Promise.all([once(session, 'close'), once(server2, 'close')]);
}

for (const version of ['TLSv1.2', 'TLSv1.3']) await connection(version);
await failure();
subscribe();
await channels();
for (const line of [...seen, ...messages].sort()) console.log(line);
