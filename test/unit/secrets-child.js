'use strict';

/**
 * Usage: node --expose-gc secrets-child.js KIND FOLDER [PORT], with an IPC channel.
 *
 * Uses a secret, and says 'held'; told to go on, lets go of it, and says 'freed'. What JavaScript has had
 * of the secret by itself is in one Buffer, which it wipes.
 */

const { once } = require('node:events');
const fs = require('node:fs');
const path = require('node:path');
const { setImmediate: turn } = require('node:timers/promises');
const certs = require('../certs');
const tls = require('../..');

const [kind, folder, port] = process.argv.slice(2);

/** What of the secret JavaScript has had. */
let own = Buffer.alloc(0);

function readSecret(name) {
  own = Buffer.alloc(fs.statSync(path.join(folder, name)).size);
  const file = fs.openSync(path.join(folder, name), 'r');
  // readFile() may leave copies.
  fs.readSync(file, own);
  fs.closeSync(file);
  return own;
}

const readFile = (name) => fs.readFileSync(path.join(folder, name));

async function connect(options) {
  const near = tls.connect({ port: Number(port), host: '127.0.0.1', ...options });
  await once(near, 'secureConnect');
  near.write('one');
  await once(near, 'data');
  return near;
}

/** Several: of what one leaves behind, the next allocation may overwrite some. */
const contexts = (options) => Array.from({ length: 30 }, () => tls.createSecureContext(options));

const kinds = {
  key: () => contexts(certs.identity('p256')),
  'encrypted key': () =>
    contexts({
      key: certs.read('p256-key-pkcs8.pem'),
      cert: certs.read('p256-cert.pem'),
      passphrase: certs.passphrase,
    }),
  pfx: () => contexts({ pfx: readFile('p256.pfx'), passphrase: readSecret('word') }),
  'ticket keys': () => contexts({ ticketKeys: readSecret('ticket-keys') }),
  'pre-shared key': () =>
    connect({
      ciphers: 'PSK',
      maxVersion: 'TLSv1.2',
      checkServerIdentity: () => undefined,
      pskCallback: () => ({ identity: 'someone', psk: readSecret('psk') }),
    }),
  session: () => connect({ ca: certs.ca, servername: 'localhost', maxVersion: 'TLSv1.2' }),
  'shared context': () =>
    connect({
      ca: certs.ca,
      servername: 'localhost',
      pfx: readFile('p256.pfx'),
      passphrase: readSecret('word'),
    }),
};

async function main() {
  let user = await kinds[kind]();
  process.send('held');
  await once(process, 'message');
  own.fill(0);
  if (user.destroy) {
    user.destroy();
    await once(user, 'close');
  }
  user = null;
  for (let i = 0; i < 5; i++) {
    await turn();
    globalThis.gc();
  }
  process.send('freed');
  await once(process, 'message');
  process.disconnect();
}

main();
