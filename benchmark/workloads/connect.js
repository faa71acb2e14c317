'use strict';

const assert = require('node:assert/strict');
const { once } = require('node:events');
const { connectOptions, listen } = require('../connection');
const { watch } = require('../window');

// Connections as fast as they go, a few at a time: TCP, handshake, one byte, orderly close.

const CONCURRENCY = 8;

const VARIANTS = {
  'full, ca': { resumed: false, trust: 'ca' },
  'full, key, cert and ca': { resumed: false, trust: 'ca', mutual: true },
  'full, explicit context': { resumed: false, trust: 'context' },
  'full, default roots': { resumed: false, trust: 'default' },
  'resumed, ca': { resumed: true, trust: 'ca' },
};

const cases = Object.entries(VARIANTS).map(([label, parameters]) => ({
  name: `connect ${label}`,
  parameters,
  metrics: [
    { key: 'rate', unit: 'connects/s', better: 'higher' },
    { key: 'clientCpu', label: 'CPU of client', unit: 'us/connect', better: 'lower' },
    { key: 'serverCpu', label: 'CPU of server', unit: 'us/connect', better: 'lower' },
  ],
}));

async function server(tls, parameters) {
  let accepted = 0;
  const port = await listen(tls, parameters, (socket) => {
    accepted++;
    socket.resume();
    // With nothing to write, core closes before the session tickets have gone out.
    socket.end('x');
  });
  const measure = async () => {
    const { cpu } = await watch(parameters, () => accepted);
    return { serverCpu: cpu };
  };
  return { port, measure };
}

async function client(tls, parameters) {
  const { resumed } = parameters;
  const options = trust(tls, parameters);
  if (resumed) options.session = await takeSession(tls, parameters);

  let connected = 0;
  const next = () => {
    const socket = tls.connect(options, () => {
      assert.equal(socket.isSessionReused(), resumed);
      connected++;
    });
    socket.resume();
    socket.once('close', next);
  };
  for (let i = 0; i < CONCURRENCY; i++) next();

  const measure = async () => {
    const { rate, cpu } = await watch(parameters, () => connected);
    return { rate, clientCpu: cpu };
  };
  return { measure };
}

function trust(tls, parameters) {
  const { ca, ciphers, minVersion, maxVersion, ...rest } = connectOptions(parameters);
  const suite = { ciphers, minVersion, maxVersion };
  const { mutual, key, cert } = parameters;
  switch (parameters.trust) {
    case 'ca':
      return { ...rest, ...suite, ca, ...(mutual && { key, cert }) };
    case 'context':
      return { ...rest, secureContext: tls.createSecureContext({ ...suite, ca }) };
    case 'default':
      // The default roots do not know the benchmark's authority; the search through them counts.
      return { ...rest, ...suite, rejectUnauthorized: false };
  }
}

async function takeSession(tls, parameters) {
  const socket = tls.connect(connectOptions(parameters));
  const [session] = await once(socket.resume(), 'session');
  return session;
}

module.exports = { cases, client, server };
