'use strict';

const assert = require('node:assert/strict');
const { AsyncLocalStorage } = require('node:async_hooks');
const { execFileSync } = require('node:child_process');
const { constants } = require('node:crypto');
const { once } = require('node:events');
const fs = require('node:fs');
const net = require('node:net');
const os = require('node:os');
const path = require('node:path');
const { setTimeout: sleep } = require('node:timers/promises');
const certs = require('../certs');
const tls = require('../..');

// Handshakes of servers on other threads (README, "Handshakes off the event loop").

const kThreads = 4; // of libuv's pool, unless UV_THREADPOOL_SIZE says otherwise
// In milliseconds (src/io/handshake_pool.cc): how long a pool may take no step, and gets no more then.
const kPatience = 50;
const kBlocked = 1000;

/**
 * Holds all threads of the pool: they open a pipe that nobody writes to.
 * @returns {() => Promise<void>} what lets them go
 */
function block() {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'napi-tls-'));
  const pipe = path.join(folder, 'pipe');
  execFileSync('mkfifo', [pipe]);
  const opened = Array.from({ length: kThreads }, () => fs.promises.open(pipe, 'r'));
  return async () => {
    const writer = fs.openSync(pipe, fs.constants.O_RDWR);
    for (const file of await Promise.all(opened)) await file.close();
    fs.closeSync(writer);
    fs.rmSync(folder, { recursive: true });
  };
}

async function listen(options, listener) {
  const server = tls.createServer({ ...certs.identity('p256'), ...options }, listener);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return server;
}

function connect(server, options) {
  return tls.connect({
    port: server.address().port,
    host: '127.0.0.1',
    ca: certs.ca,
    servername: 'localhost',
    ...options,
  });
}

async function close(server, ...sockets) {
  for (const socket of sockets) socket.destroy();
  server.close();
  await once(server, 'close');
}

describe('the handshake of a server', function () {
  this.timeout(10_000);

  it('has its place in options.offloadHandshake', async () => {
    for (const offloadHandshake of [true, false, 'auto', undefined]) {
      const server = await listen({ offloadHandshake }, (socket) => socket.end('hello'));
      const client = connect(server);
      const [data] = await once(client, 'data');
      assert.equal(data.toString(), 'hello');
      await close(server, client);
    }
    for (const offloadHandshake of [null, 1, 'always', {}]) {
      const expected = { code: 'ERR_INVALID_ARG_VALUE', name: 'TypeError' };
      assert.throws(() => tls.createServer({ offloadHandshake }), expected);
      assert.throws(
        () => new tls.TLSSocket(new net.Socket(), { isServer: true, offloadHandshake }),
        expected,
      );
    }
  });

  for (const maxVersion of ['TLSv1.2', 'TLSv1.3']) {
    describe(`on another thread, with ${maxVersion}`, () => {
      const offloadHandshake = true;

      it('asks JavaScript in the order of one on the loop', async () => {
        const orders = {};
        for (const offload of [false, true]) {
          const order = (orders[offload] = []);
          const context = tls.createSecureContext(certs.identity('p256'));
          const options = {
            maxVersion,
            offloadHandshake: offload,
            SNICallback(name, answer) {
              order.push(`SNI ${name}`);
              setTimeout(answer, 2, null, context);
            },
            ALPNProtocols: ['a', 'b'],
          };
          const server = await listen(options, (socket) => {
            order.push(`secureConnection ${socket.alpnProtocol} ${socket.servername}`);
            socket.end('done');
          });
          server.on('keylog', () => order.push('keylog'));
          server.on('OCSPRequest', (certificate, issuer, answer) => {
            order.push('OCSPRequest');
            setImmediate(answer, null, Buffer.from('staple'));
          });
          server.on('newSession', (id, data, done) => {
            order.push('newSession');
            setImmediate(done);
          });
          const client = connect(server, { requestOCSP: true, ALPNProtocols: ['b'] });
          const [response] = await once(client, 'OCSPResponse');
          assert.equal(response.toString(), 'staple');
          const [data] = await once(client, 'data');
          assert.equal(data.toString(), 'done');
          await close(server, client);
        }
        assert.deepEqual(orders.true, orders.false);
        assert.ok(orders.true.length >= 4);
      });

      it('resumes sessions, with tickets and with resumeSession', async () => {
        for (const secureOptions of [0, constants.SSL_OP_NO_TICKET]) {
          const server = await listen({ maxVersion, offloadHandshake, secureOptions }, (socket) =>
            socket.end(socket.isSessionReused() ? 'again' : 'first'),
          );
          const stored = new Map();
          server.on('newSession', (id, data, done) => {
            stored.set(id.toString('hex'), data);
            done();
          });
          server.on('resumeSession', (id, answer) =>
            setTimeout(answer, 2, null, stored.get(id.toString('hex'))),
          );
          let session;
          for (const expected of ['first', 'again']) {
            const client = connect(server, { session });
            client.on('session', (newest) => (session = newest));
            const [data] = await once(client, 'data');
            assert.equal(data.toString(), expected);
            client.end();
            await once(client, 'close');
          }
          await close(server);
        }
      });

      it('verifies clients', async () => {
        const options = { maxVersion, offloadHandshake, requestCert: true, ca: certs.ca };
        const server = await listen(options, (socket) => socket.end(String(socket.authorized)));
        const client = connect(server, certs.identity('client'));
        const [data] = await once(client, 'data');
        assert.equal(data.toString(), 'true');
        const stranger = connect(server);
        stranger.on('error', () => {});
        const [error] = await once(server, 'tlsClientError');
        assert.equal(error.code, 'ERR_SSL_PEER_DID_NOT_RETURN_A_CERTIFICATE');
        await close(server, client, stranger);
      });

      it('answers the getters of its socket at any moment', async () => {
        let ended = 0;
        const server = net.createServer((raw) => {
          const socket = new tls.TLSSocket(raw, {
            isServer: true,
            offloadHandshake,
            maxVersion,
            ...certs.identity('rsa'),
          });
          socket.on('error', () => {});
          const ask = () => {
            if (socket.destroyed || ended > 0) return;
            socket.getProtocol();
            socket.getCipher();
            socket.getPeerCertificate();
            socket.getFinished();
            socket.getSession();
            setImmediate(ask);
          };
          ask();
          socket.on('secure', () => {
            ended++;
            assert.equal(socket.getProtocol(), maxVersion);
            socket.end('secure');
          });
        });
        server.listen(0, '127.0.0.1');
        await once(server, 'listening');
        const client = connect(server, { rejectUnauthorized: false });
        const [data] = await once(client, 'data');
        assert.equal(data.toString(), 'secure');
        await close(server, client);
      });

      it('survives being destroyed at any moment', async () => {
        const server = await listen(
          { maxVersion, offloadHandshake, ...certs.identity('rsa') },
          (socket) => {
            socket.on('error', () => {});
            socket.resume();
          },
        );
        server.on('tlsClientError', () => {});
        const sockets = [];
        server.on('connection', (socket) => sockets.push(socket));
        for (let round = 0; round < 40; round++) {
          const client = connect(server, { rejectUnauthorized: false });
          client.on('error', () => {});
          const closed = once(client, 'close');
          const victim = round % 2 === 0 ? client : undefined;
          const end = () => (victim ?? sockets.at(-1) ?? client).destroy();
          if (round % 8 < 2) await once(client, 'connect').then(() => sleep(round % 5));
          else await sleep(round % 7);
          end();
          client.destroy();
          await closed;
        }
        await close(server);
      });

      it('emits one tlsClientError for garbage, a reset and a time-out', async () => {
        const server = await listen({ maxVersion, offloadHandshake, handshakeTimeout: 50 });
        const errors = [];
        server.on('tlsClientError', (error, socket) => {
          errors.push(error.code);
          socket.destroy();
        });
        for (const act of [
          (raw) => raw.write(Buffer.from('160303000563000001ff', 'hex')),
          (raw) => raw.write('GET / HTTP/1.1\r\n\r\n'),
          (raw) => raw.write(Buffer.from('1603010200', 'hex')),
          (raw) => raw.resetAndDestroy(),
        ]) {
          const raw = net.connect(server.address().port, '127.0.0.1');
          raw.on('error', () => {});
          await once(raw, 'connect');
          act(raw);
          raw.resume();
          await once(raw, 'close');
        }
        while (errors.length < 4) await once(server, 'tlsClientError');
        assert.equal(errors[0], 'ERR_SSL_UNEXPECTED_MESSAGE');
        assert.equal(errors[1], 'ERR_SSL_HTTP_REQUEST');
        assert.equal(errors[2], 'ERR_TLS_HANDSHAKE_TIMEOUT');
        assert.equal(errors[3], 'ECONNRESET');
        await close(server);
      });

      it('keeps the context of AsyncLocalStorage', async () => {
        const storage = new AsyncLocalStorage();
        const seen = [];
        const server = await storage.run('server', () =>
          listen({ maxVersion, offloadHandshake }, (socket) => {
            seen.push(storage.getStore());
            socket.end('x');
          }),
        );
        const onLoop = await storage.run('server', () =>
          listen({ maxVersion, offloadHandshake: false }, (socket) => {
            seen.push(storage.getStore());
            socket.end('x');
          }),
        );
        for (const each of [server, onLoop]) {
          const client = connect(each);
          await once(client, 'data');
          await close(each, client);
        }
        assert.equal(seen[0], seen[1]);
      });
    });
  }

  it('stays on the loop where OpenSSL waits for JavaScript', async () => {
    const psk = Buffer.alloc(16, 7);
    const pskServer = await listen(
      {
        offloadHandshake: true,
        pskCallback: () => psk,
        ciphers: 'PSK+HIGH',
        maxVersion: 'TLSv1.2',
      },
      (socket) => socket.end('psk'),
    );
    const alpnServer = await listen(
      { offloadHandshake: true, ALPNCallback: ({ protocols }) => protocols[0] },
      (socket) => socket.end(socket.alpnProtocol),
    );
    const pskClient = connect(pskServer, {
      ciphers: 'PSK+HIGH',
      pskCallback: () => ({ psk, identity: 'me' }),
      checkServerIdentity() {},
    });
    assert.equal(String((await once(pskClient, 'data'))[0]), 'psk');
    const alpnClient = connect(alpnServer, { ALPNProtocols: ['one', 'two'] });
    assert.equal(String((await once(alpnClient, 'data'))[0]), 'one');
    await close(pskServer, pskClient);
    await close(alpnServer, alpnClient);
  });
});

describe('the handshake of a server whose thread pool is blocked', () => {
  let release;

  before(function () {
    if (process.platform === 'win32') this.skip();
    release = block();
  });
  after(() => release?.());
  afterEach(() => sleep(kBlocked));

  async function handshakeTime(options) {
    const server = await listen(options, (socket) => socket.end('done'));
    const start = performance.now();
    const client = connect(server);
    const [data] = await once(client, 'data');
    const time = performance.now() - start;
    assert.equal(data.toString(), 'done');
    await close(server, client);
    return time;
  }

  it('waits for it, and comes back to the loop soon', async () => {
    const time = await handshakeTime({ offloadHandshake: true });
    assert.ok(time >= kPatience, `after ${time} ms: it has not been with the pool`);
  });

  it('has been sent there because the loop was busy', async () => {
    let busy = true;
    const spin = () => busy && setImmediate(spin);
    spin();
    await handshakeTime({}); // from here on, the loop is watched
    await sleep(50);
    const time = await handshakeTime({});
    busy = false;
    assert.ok(time >= kPatience, `after ${time} ms: it has not been with the pool`);
  });
});
