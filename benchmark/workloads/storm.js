'use strict';

const { once } = require('node:events');
const net = require('node:net');
const { monitorEventLoopDelay } = require('node:perf_hooks');
const { setTimeout: sleep } = require('node:timers/promises');
const { cheapConnectOptions, HOST, listen } = require('../connection');

// How late a server's timers are while new connections storm in, wave upon wave. The client replays one
// ClientHello on TCP connections and leaves after the server's answer, which has cost the server its
// signature and the client next to nothing: a client that did its part would need as much of the machine
// as the server. The ClientHellos come a round trip after the connections, as they do over a network. On
// loopback without this each would be there before its connection is accepted, of which libuv does one in
// each turn of the event loop, and the storm would wait in the kernel.

/** Connections of a wave. */
const WAVE = 100;

/** In milliseconds. */
const ROUND_TRIP = 20;

/** Of the watch over the event loop, in milliseconds. */
const RESOLUTION = 1;

const WARM_UP = 500;

const DURATION = 2_000;

const cases = [
  {
    name: 'storm of RSA-2048 connections',
    measuresItself: true,
    metrics: [
      { key: 'delay', label: 'event-loop delay p99', unit: 'ms', better: 'lower' },
      { key: 'answered', label: 'answered', unit: 'connections/s', better: 'higher' },
    ],
    parameters: { certificate: 'RSA-2048', serverOptions: {} },
  },
];

async function server(tls, parameters) {
  // Every connection is one that fails.
  const port = await listen(
    tls,
    parameters,
    () => {},
    () => {},
  );
  const measure = async () => {
    await sleep(WARM_UP);
    const histogram = monitorEventLoopDelay({ resolution: RESOLUTION });
    histogram.enable();
    await sleep(DURATION);
    histogram.disable();
    // What it has recorded is the distance of two ticks.
    return { delay: histogram.percentile(99) / 1e6 - RESOLUTION };
  };
  return { port, measure };
}

async function client(tls, parameters) {
  const clientHello = await recordClientHello(tls, parameters);
  let answered = 0;
  const wave = async () => {
    const sockets = Array.from({ length: WAVE }, () => net.connect(parameters.port, HOST));
    await Promise.all(sockets.map((socket) => once(socket, 'connect')));
    await sleep(ROUND_TRIP);
    const answers = sockets.map(async (socket) => {
      socket.write(clientHello);
      await once(socket, 'data');
      answered++;
      socket.destroy();
    });
    await Promise.all(answers);
  };
  const storm = async () => {
    for (;;) await wave();
  };
  storm();

  const measure = async () => {
    await sleep(WARM_UP);
    const before = answered;
    await sleep(DURATION);
    return { answered: (answered - before) / (DURATION / 1000) };
  };
  return { measure };
}

/** @returns {Promise<Buffer>} what a client of this implementation says first */
async function recordClientHello(tls, parameters) {
  const recorder = net.createServer().listen(0, HOST);
  await once(recorder, 'listening');
  const options = { ...cheapConnectOptions(tls, parameters), port: recorder.address().port };
  const socket = tls.connect(options).on('error', () => {});
  const [connection] = await once(recorder, 'connection');
  const [clientHello] = await once(connection, 'data');
  socket.destroy();
  recorder.close();
  return clientHello;
}

module.exports = { cases, client, server };
