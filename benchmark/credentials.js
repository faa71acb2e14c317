'use strict';

const { execFileSync } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');

const KEYS = {
  'P-256': ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'],
  'RSA-2048': ['-newkey', 'rsa:2048', '-nodes'],
};

/**
 * Makes a certification authority with a P-256 key, and certificates for `localhost` that it issued,
 * for servers and clients alike. Not self-signed ones: OpenSSL does not check the signature of a
 * trusted certificate, and a benchmark of handshakes should.
 *
 * @param {string} directory existing directory for the files of the openssl command
 * @returns {{ ca: string, 'P-256': object, 'RSA-2048': object }} PEM texts; of each kind of key a
 *   `cert` and its `key`
 * @throws {Error} when the openssl command is missing or fails
 */
function createCredentials(directory) {
  const file = (name) => path.join(directory, name);
  const read = (name) => fs.readFileSync(file(name), 'utf8');
  fs.writeFileSync(
    file('leaf.ext'),
    'subjectAltName=DNS:localhost,IP:127.0.0.1\nextendedKeyUsage=serverAuth,clientAuth\n',
  );

  openssl(
    ['req', '-x509', ...KEYS['P-256'], '-days', '2', '-subj', '/CN=napi-tls benchmark CA'],
    ['-keyout', file('ca.key'), '-out', file('ca.pem')],
  );
  const credentials = { ca: read('ca.pem') };
  for (const [kind, newKey] of Object.entries(KEYS)) {
    openssl(
      ['req', '-new', ...newKey, '-subj', '/CN=localhost'],
      ['-keyout', file(`${kind}.key`), '-out', file(`${kind}.csr`)],
    );
    openssl(
      ['x509', '-req', '-sha256', '-days', '2', '-in', file(`${kind}.csr`)],
      ['-CA', file('ca.pem'), '-CAkey', file('ca.key'), '-CAcreateserial'],
      ['-extfile', file('leaf.ext'), '-out', file(`${kind}.pem`)],
    );
    credentials[kind] = { cert: read(`${kind}.pem`), key: read(`${kind}.key`) };
  }
  return credentials;
}

function openssl(...args) {
  try {
    execFileSync('openssl', args.flat(), { stdio: ['ignore', 'ignore', 'pipe'], timeout: 30_000 });
  } catch (error) {
    if (error.code !== 'ENOENT') throw error;
    throw new Error('The benchmark makes its certificates with the openssl command: install it.');
  }
}

module.exports = { createCredentials };
