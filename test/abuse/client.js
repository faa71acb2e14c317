'use strict';

/**
 * Usage: node test/abuse/client.js, as a child with IPC
 * The healthy client. Answers { port, count } with the times, in milliseconds, of so many requests: each connects,
 * makes a full handshake, and has something echoed.
 */

const { once } = require('node:events');
const { setTimeout: delay } = require('node:timers/promises');
const tls = require('node:tls');
const certs = require('../certs');

const kPause = 4; // milliseconds
const secureContext = tls.createSecureContext({ ca: certs.ca });

async function request(port) {
  const started = performance.now();
  const near = tls.connect({ port, host: '127.0.0.1', servername: 'localhost', secureContext });
  near.setNoDelay(true);
  near.write('request');
  await once(near, 'data');
  near.destroy();
  return performance.now() - started;
}

process.on('message', async ({ port, count }) => {
  const times = [];
  for (let i = 0; i < count; i++) {
    times.push(await request(port));
    await delay(kPause);
  }
  process.send(times);
});
process.on('disconnect', () => process.exit());
