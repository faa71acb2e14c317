'use strict';

/**
 * Child of warnings.test.js: does everything that `core` or `ours` (the first argument) may warn of, twice,
 * and writes the warnings as JSON.
 */

const certs = require('../certs');

const tls = process.argv[2] === 'core' ? require('node:tls') : require('../..');

const warnings = [];
process.on('warning', ({ name, code, message }) => warnings.push({ name, code, message }));

/** Ours keeps quiet where core would refuse, and the other way round: other tests look at that. */
function attempt(act) {
  try {
    act();
  } catch {
    // Not a warning.
  }
}

const dial = (options) =>
  tls
    .connect({ port: 1, ...options })
    .on('error', () => {})
    .destroy();

for (let i = 0; i < 2; i++) {
  attempt(() => tls.createSecurePair());
  attempt(() => tls.createServer().setOptions({}));
  attempt(() => dial({ servername: '127.0.0.1' }));
  attempt(() => tls.createSecureContext({ dhparam: certs.read('dh1024.pem') }));
  attempt(() => tls.createSecureContext({ clientCertEngine: 'no-such-engine' }));
  attempt(() => tls.createSecureContext({ privateKeyEngine: 'x', privateKeyIdentifier: 'x' }));
  attempt(() => {
    process.env.NODE_TLS_REJECT_UNAUTHORIZED = '0';
    dial({});
  });
}

setImmediate(() => process.stdout.write(JSON.stringify(warnings)));
