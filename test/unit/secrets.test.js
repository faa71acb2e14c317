'use strict';

const assert = require('node:assert/strict');
const { execFileSync, fork } = require('node:child_process');
const { createPrivateKey, randomBytes } = require('node:crypto');
const { once } = require('node:events');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const core = require('node:tls');
const certs = require('../certs');

const kChunk = 1 << 22;
/** An anonymous mapping that is larger is reserved address space. */
const kLargest = 1 << 30;

/** @returns {string[]} which of `needles` are in the writable memory of a process. */
function search(pid, needles) {
  const found = new Set();
  const overlap = Math.max(...Object.values(needles).map((needle) => needle.length));
  const buffer = Buffer.alloc(kChunk + overlap);
  const memory = fs.openSync(`/proc/${pid}/mem`, 'r');
  for (const line of fs.readFileSync(`/proc/${pid}/maps`, 'latin1').split('\n')) {
    const [, from, to] = line.match(/^([0-9a-f]+)-([0-9a-f]+) rw/) ?? [];
    if (from === undefined || line.endsWith('[vvar]')) continue;
    const end = Number.parseInt(to, 16);
    const start = Number.parseInt(from, 16);
    if (end - start > kLargest) continue;
    for (let at = start; at < end; at += kChunk) {
      let size;
      try {
        size = fs.readSync(memory, buffer, 0, Math.min(buffer.length, end - at), at);
      } catch {
        break; // unmapped meanwhile
      }
      const content = buffer.subarray(0, size);
      for (const [name, needle] of Object.entries(needles)) {
        if (content.includes(needle)) found.add(name);
      }
    }
  }
  fs.closeSync(memory);
  return [...found].sort();
}

const describeWithMemory = fs.existsSync('/proc/self/mem') ? describe : describe.skip;

describeWithMemory('secrets in the memory of a process', function () {
  this.timeout(20_000);
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'napi-tls-secrets-'));
  const secrets = { word: Buffer.from(randomBytes(64).toString('hex')) };
  for (const [name, size] of Object.entries({ psk: 200, 'ticket-keys': 48 })) {
    secrets[name] = randomBytes(size);
  }
  for (const [name, secret] of Object.entries(secrets)) {
    fs.writeFileSync(path.join(folder, name), secret);
  }
  /** The allocator overwrites the beginning of what is given back. */
  const tail = (secret) => secret.subarray(secret.length / 2);
  const scalar = Buffer.from(
    createPrivateKey(certs.read('p256-key.pem')).export({ format: 'jwk' }).d,
    'base64url',
  );
  // As it stands in a file, and as OpenSSL computes with it.
  const key = { 'private key': scalar, 'private key, reversed': Buffer.from(scalar).reverse() };

  before(() => {
    const pkcs12 = ['pkcs12', '-export', '-out', path.join(folder, 'p256.pfx')];
    const identity = [
      ...['-inkey', path.join(certs.folder, 'p256-key.pem')],
      ...['-in', path.join(certs.folder, 'p256-cert.pem')],
    ];
    execFileSync('openssl', [...pkcs12, ...identity, '-passout', `pass:${secrets.word}`]);
  });
  after(() => fs.rmSync(folder, { recursive: true }));

  /** Runs the child, and searches it in both of its states. */
  async function observe(kind, needles, port = '') {
    const script = path.join(__dirname, 'secrets-child.js');
    const child = fork(script, [kind, folder, port], { execArgv: ['--expose-gc'] });
    try {
      const states = {};
      for (const state of ['held', 'freed']) {
        assert.deepEqual(await Promise.race([once(child, 'message'), once(child, 'exit')]), [
          state,
          undefined,
        ]);
        states[state] = search(child.pid, typeof needles === 'function' ? needles() : needles);
        child.send('go on');
      }
      return states;
    } finally {
      child.kill('SIGKILL');
    }
  }

  /** A server of core for the child, which knows the secret of the session. */
  async function withServer(options, run) {
    const server = core.createServer({ ...certs.identity('p256'), ...options }, (far) => {
      far.on('error', () => {});
      far.pipe(far);
    });
    let secret;
    server.on('keylog', (line) => {
      const [, hex] = line.toString().match(/^CLIENT_RANDOM \w+ (\w+)/) ?? [];
      if (hex !== undefined) secret = Buffer.from(hex, 'hex');
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    try {
      return await run(server.address().port, () => secret);
    } finally {
      server.close();
    }
  }

  it('has no private key left of a context', async () => {
    const { held, freed } = await observe('key', key);
    assert.notDeepEqual(held, []);
    assert.deepEqual(freed, []);
  });

  it('has no private key left that was encrypted', async () => {
    const { held, freed } = await observe('encrypted key', key);
    assert.notDeepEqual(held, []);
    assert.deepEqual(freed, []);
  });

  it('has neither the key nor the passphrase left of a PFX', async () => {
    const { held, freed } = await observe('pfx', { ...key, passphrase: tail(secrets.word) });
    assert(held.includes('passphrase') && held.length > 1);
    assert.deepEqual(freed, []);
  });

  it('has no ticket keys left', async () => {
    const ticketKeys = secrets['ticket-keys'];
    const needles = { hmac: ticketKeys.subarray(16, 32), aes: ticketKeys.subarray(32) };
    const { held, freed } = await observe('ticket keys', needles);
    assert.deepEqual(held, ['aes', 'hmac']);
    assert.deepEqual(freed, []);
  });

  it('has no pre-shared key left, and no secret of the session made with it', async () => {
    const options = { ciphers: 'PSK', pskCallback: () => secrets.psk };
    await withServer(options, async (port, session) => {
      const needles = () => ({ psk: tail(secrets.psk), session: session() });
      const { held, freed } = await observe('pre-shared key', needles, port);
      assert.deepEqual(held, ['psk', 'session']);
      assert.deepEqual(freed, []);
    });
  });

  it('has no secret left of a session', async () => {
    await withServer({}, async (port, session) => {
      const { held, freed } = await observe('session', () => ({ session: session() }), port);
      assert.deepEqual(held, ['session']);
      assert.deepEqual(freed, []);
    });
  });

  it('has the key, but not the passphrase, of a context that connections share', async () => {
    await withServer({}, async (port) => {
      const needles = { ...key, passphrase: tail(secrets.word) };
      const { held, freed } = await observe('shared context', needles, port);
      assert(held.includes('passphrase'));
      assert(freed.length > 0 && !freed.includes('passphrase'), String(freed));
    });
  });
});
