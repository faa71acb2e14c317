'use strict';

const { execFile } = require('node:child_process');
const { promisify } = require('node:util');

// What `openssl speed` says of the cipher alone, on one CPU, for full records. The other limit.

const RECORD = '16384';

const cases = [
  {
    name: 'limit, openssl speed',
    measuresItself: true,
    metrics: [{ key: 'speed', label: '16 KB blocks', unit: 'MB/s', better: 'higher' }],
    pairs: ['core/core'],
    parameters: {},
  },
];

/** The ciphers of the suites, as EVP has them. */
function cipherOf(suite) {
  if (suite.includes('CHACHA20')) return 'chacha20-poly1305';
  const [, size, mode] = /AES_?(128|256)[-_](GCM|CCM)/.exec(suite);
  return `aes-${size}-${mode.toLowerCase()}`;
}

async function server(tls, { ciphers }) {
  const args = ['speed', '-mr', '-evp', cipherOf(ciphers), '-bytes', RECORD, '-seconds', '1'];
  const measure = async () => {
    const { stdout } = await promisify(execFile)('openssl', args);
    // +F:22:AES-128-GCM:3477478663.92
    return { speed: Number(stdout.trim().split(':').at(-1)) / 1e6 };
  };
  return { port: 0, measure };
}

async function client() {
  return {};
}

module.exports = { cases, client, server };
