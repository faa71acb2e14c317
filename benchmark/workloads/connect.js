'use strict';

const { once } = require('node:events');
const { acceptConnections, connectOptions, connectRepeatedly, WARM_UP } = require('../connection');

// tls.connect() as fast as it goes, a few at a time: TCP, handshake, one byte, orderly close. The
// server is core's in all pairs.

const CONCURRENCY = 8;

const VARIANTS = {
  'default options': { trust: 'default' },
  ca: { trust: 'ca' },
  'key, cert and ca': { trust: 'ca', authenticate: true },
  'explicit secureContext': { trust: 'context' },
  'resumed session, ca': { trust: 'ca', resume: true },
};

const cases = Object.entries(VARIANTS).map(([label, parameters]) => ({
  name: `connect with ${label}`,
  unit: 'connection',
  pairs: ['core/core', 'core/ours'],
  parameters,
  warmUp: WARM_UP,
}));

function server(tls, parameters) {
  const { authenticate, credentials } = parameters;
  const asking = authenticate && { requestCert: true, ca: credentials.ca };
  return acceptConnections(tls, { ...parameters, serverOptions: asking });
}

async function client(tls, parameters) {
  const options = trust(tls, parameters);
  if (parameters.authenticate) Object.assign(options, parameters.credentials['P-256']);
  if (parameters.resume) options.session = await takeSession(tls, options);
  return connectRepeatedly(tls, options, CONCURRENCY);
}

function trust(tls, parameters) {
  const { ca, ciphers, minVersion, maxVersion, ...rest } = connectOptions(parameters);
  const suite = { ciphers, minVersion, maxVersion };
  switch (parameters.trust) {
    case 'ca':
      return { ...rest, ...suite, ca };
    case 'context':
      return { ...rest, secureContext: tls.createSecureContext({ ...suite, ca }) };
    case 'default':
      // The default roots do not know the benchmark's authority; the search through them counts.
      return { ...rest, ...suite, rejectUnauthorized: false };
  }
}

async function takeSession(tls, options) {
  const socket = tls.connect(options);
  const [session] = await once(socket.resume(), 'session');
  return session;
}

module.exports = { cases, client, server };
