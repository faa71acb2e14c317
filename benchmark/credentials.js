'use strict';

const { execFileSync } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');

const NEW_KEY = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];

/**
 * Makes a certification authority and a certificate for `localhost` that it issued, both with P-256
 * keys. Two certificates, not a self-signed one: OpenSSL does not check the signature of a trusted
 * certificate, and a benchmark of handshakes should.
 *
 * @param {string} directory existing directory for the files of the openssl command
 * @returns {{ ca: string, cert: string, key: string }} PEM texts
 * @throws {Error} when the openssl command is missing or fails
 */
function createCredentials(directory) {
  const file = (name) => path.join(directory, name);
  fs.writeFileSync(
    file('leaf.ext'),
    'subjectAltName=DNS:localhost,IP:127.0.0.1\nextendedKeyUsage=serverAuth,clientAuth\n',
  );

  openssl(
    ['req', '-x509', ...NEW_KEY, '-days', '2', '-subj', '/CN=napi-tls benchmark CA'],
    ['-keyout', file('ca.key'), '-out', file('ca.pem')],
  );
  openssl(
    ['req', '-new', ...NEW_KEY, '-subj', '/CN=localhost'],
    ['-keyout', file('leaf.key'), '-out', file('leaf.csr')],
  );
  openssl(
    ['x509', '-req', '-sha256', '-days', '2', '-in', file('leaf.csr')],
    ['-CA', file('ca.pem'), '-CAkey', file('ca.key'), '-CAcreateserial'],
    ['-extfile', file('leaf.ext'), '-out', file('leaf.pem')],
  );

  const read = (name) => fs.readFileSync(file(name), 'utf8');
  return { ca: read('ca.pem'), cert: read('leaf.pem'), key: read('leaf.key') };
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
