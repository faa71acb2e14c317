'use strict';

const { performance } = require('node:perf_hooks');
const { setTimeout: sleep } = require('node:timers/promises');
const { connect, listen } = require('../connection');
const { quantile } = require('../statistics');
const { attach } = require('./bulk');

// What one bulk connection does to the ping-pong of another between the same two processes.

/** Length of a phase, quiet or busy, in milliseconds. */
const PHASE = 300;

/** Phases of each kind, in turn. */
const PHASES = 2;

const cases = ['server', 'client'].map((sender) => ({
  name: `fairness, bulk ${sender === 'server' ? 'server to client' : 'client to server'}`,
  measuresItself: true,
  metrics: [
    { key: 'quiet', label: 'p99 of a trip when quiet', unit: 'us', better: 'lower' },
    { key: 'busy', label: 'p99 of a trip beside bulk', unit: 'us', better: 'lower' },
    { key: 'rise', label: 'rise of p99', unit: 'times', better: 'lower' },
    { key: 'bulk', label: 'bulk beside', unit: 'MB/s', better: 'higher' },
  ],
  parameters: { sender, size: 65536 },
}));

async function server(tls, parameters) {
  const port = await listen(tls, parameters, (socket) => {
    // The first byte tells what the connection is for.
    socket.once('data', (chunk) => {
      socket.on('error', () => {}); // The client drops a bulk connection in the midst of it.
      if (chunk.toString() === 'b') return void attach('server', socket, parameters);
      socket.write(chunk);
      socket.on('data', (message) => socket.write(message));
    });
  });
  return { port };
}

async function client(tls, parameters) {
  const trips = [];
  const message = Buffer.alloc(64, 'p');
  const socket = await connect(tls, parameters);
  let start;
  const next = () => {
    start = performance.now();
    socket.write(message);
  };
  let missing = message.length;
  socket.on('data', (chunk) => {
    missing -= chunk.length;
    if (missing > 0) return;
    missing = message.length;
    trips.push((performance.now() - start) * 1000);
    next();
  });
  next();

  const watch = async (onto) => {
    await sleep(PHASE / 3); // warm-up
    trips.length = 0;
    await sleep(PHASE);
    onto.push(...trips);
  };

  const measure = async () => {
    const [quiet, busy] = [[], []];
    let [moved, time] = [0, 0];
    for (let phase = 0; phase < PHASES; phase++) {
      await watch(quiet);
      const bulk = await connect(tls, parameters);
      bulk.write('b');
      const count = attach('client', bulk, parameters);
      const began = performance.now();
      await watch(busy);
      moved += count();
      time += (performance.now() - began) / 1000;
      bulk.destroy();
    }
    const p99 = { quiet: quantile(quiet, 0.99), busy: quantile(busy, 0.99) };
    return { ...p99, rise: p99.busy / p99.quiet, bulk: moved / time };
  };
  return { measure };
}

module.exports = { cases, client, server };
