'use strict';

// The certificates of the examples: an authority of one day, made with the openssl command. Its files, and a
// folder for more, are gone when the process ends.

const { execFileSync } = require('node:child_process');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');

/** @returns {string} a folder that lives as long as the process */
function temporaryFolder() {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'napi-tls-example-'));
  process.once('exit', () => fs.rmSync(folder, { recursive: true, force: true }));
  for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit());
  return folder;
}

/**
 * Makes a P-256 key and its certificate.
 *
 * @param {string} stem - the files are `${stem}-key.pem` and `${stem}-cert.pem`
 * @param {string} name - the common name of the subject
 * @param {string[]} extensions - as for the option -addext of "openssl req"
 * @param {string[]} [issuer] - options that name it; without, the certificate is self-signed
 * @returns {{ keyFile: string, certFile: string, key: Buffer, cert: Buffer }}
 */
function certify(stem, name, extensions, issuer = []) {
  const keyFile = `${stem}-key.pem`;
  const certFile = `${stem}-cert.pem`;
  const args = [
    'req',
    '-x509',
    '-config',
    os.devNull,
    ...issuer,
    '-days',
    '1',
    '-subj',
    `/CN=${name}`,
  ];
  args.push('-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes');
  args.push(...extensions.flatMap((extension) => ['-addext', extension]));
  args.push('-keyout', keyFile, '-out', certFile);
  try {
    execFileSync('openssl', args, { stdio: ['ignore', 'pipe', 'pipe'], timeout: 30_000 });
  } catch (error) {
    if (error.code !== 'ENOENT') throw error;
    throw new Error('The examples make certificates with the openssl command: install it.');
  }
  return { keyFile, certFile, key: fs.readFileSync(keyFile), cert: fs.readFileSync(certFile) };
}

/**
 * @returns {{
 *   folder: string,
 *   certFile: string,
 *   cert: Buffer,
 *   issue: (name: string) => { keyFile: string, certFile: string, key: Buffer, cert: Buffer },
 * }} `issue` certifies a host name, or the name of a client
 */
function createAuthority() {
  const folder = temporaryFolder();
  const { keyFile, certFile, cert } = certify(path.join(folder, 'ca'), 'Example Authority', [
    'basicConstraints=critical,CA:TRUE',
    'keyUsage=critical,keyCertSign',
  ]);
  const issuer = ['-CA', certFile, '-CAkey', keyFile];
  const issue = (name) => {
    const extensions = ['basicConstraints=critical,CA:FALSE', `subjectAltName=DNS:${name}`];
    return certify(path.join(folder, name), name, extensions, issuer);
  };
  return { folder, certFile, cert, issue };
}

/** Whether the server of an example goes on when the example has shown what it shows. */
const stays = process.argv.includes('--serve');

module.exports = { createAuthority, stays };
