'use strict';

const { execFileSync } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');

const folder = path.join(__dirname, 'certs');

execFileSync('bash', [path.join(__dirname, 'certs.sh')], {
  stdio: ['ignore', 'inherit', 'inherit'],
});

const cache = new Map();

/**
 * Reads a file that test/certs.sh has made.
 * @param {string} name its name in test/certs, such as 'ca-cert.pem'
 * @returns {Buffer} the content; always the same object for the same name
 */
function read(name) {
  if (!cache.has(name)) cache.set(name, fs.readFileSync(path.join(folder, name)));
  return cache.get(name);
}

/**
 * The key and the certificate of one identity, ready to be spread into options.
 * @param {string} name such as 'p256' for p256-key.pem and p256-cert.pem
 * @param {string} [chain] the ending of the certificate's file: '-cert.pem' or '-full.pem'
 * @returns {{key: Buffer, cert: Buffer}}
 */
function identity(name, chain = '-cert.pem') {
  return { key: read(`${name}-key.pem`), cert: read(`${name}${chain}`) };
}

module.exports = {
  folder,
  read,
  identity,
  /** The passphrase of every encrypted key and PFX. */
  passphrase: 'sesame',
  get ca() {
    return read('ca-cert.pem');
  },
};
