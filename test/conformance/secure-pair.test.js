'use strict';

const assert = require('node:assert/strict');
const core = require('node:tls');
const { once } = require('node:events');
const certs = require('../certs');
const { topic } = require('./pairings');
const { describeError, only, readAll, readExactly, thrownBy, versions } = require('./scene');

const data = Buffer.alloc(100_000, 'pair');

/** Puts a pair before a raw socket. */
function join(scene, pair, socket) {
  for (const stream of [pair.encrypted, pair.cleartext]) scene.track(stream);
  pair.encrypted.pipe(socket);
  socket.pipe(pair.encrypted);
  return pair.cleartext;
}

/** A server whose connections are pairs, which echo. */
function listen(scene, options, ...rest) {
  return scene.listenRaw((socket) => {
    const context = scene.server.createSecureContext({ ...certs.identity('p256'), ...options });
    const pair = scene.server.createSecurePair(context, true, ...rest);
    const far = join(scene, pair, socket);
    far.pipe(far);
  });
}

// Node 24 has removed it.
if ('createSecurePair' in core) {
  topic('secure pairs', (test) => {
    for (const version of versions) {
      test(`serve a client over ${version}`, async (scene) => {
        const near = scene.connect(await listen(scene, only(version)));
        near.write(data);
        assert.equal((await readExactly(near, data.length)).equals(data), true);
        assert.equal(near.getProtocol(), version);
      });

      test(`are a client, and emit 'secure' over ${version}`, async (scene) => {
        const server = await scene.listen(only(version), (far) => far.pipe(far));
        const socket = await scene.connectRaw(server);
        const context = scene.client.createSecureContext({ ca: certs.ca });
        const pair = scene.client.createSecurePair(context, false, true, false);
        const near = join(scene, pair, socket);
        assert(near instanceof scene.client.TLSSocket);
        const received = readAll(near);
        const secure = once(pair, 'secure');
        near.end(data);
        assert.deepEqual(await secure, []);
        assert.equal((await received).equals(data), true);
      });

      test.observe(
        `ask a client for a certificate over ${version}`,
        async (scene) => {
          const seen = new Promise((resolve) => {
            scene.listening = scene.listenRaw((socket) => {
              const context = scene.server.createSecureContext({
                ...certs.identity('p256'),
                ...only(version),
                ca: certs.ca,
              });
              const pair = scene.server.createSecurePair(context, true, true, true);
              const far = join(scene, pair, socket);
              far.on('error', () => {});
              pair.on('secure', () => {
                const { authorized, authorizationError } = far;
                resolve({
                  authorized,
                  authorizationError: describeError(authorizationError),
                  subject: far.getPeerCertificate().subject,
                });
              });
            });
          });
          const near = scene.connect(await scene.listening, certs.identity('client'));
          near.on('error', () => {});
          return seen;
        },
        ({ subject }) => assert.equal(subject.CN, 'client'),
      );
    }
  });

  topic.api('secure pairs', (test) => {
    const calls = {
      'without arguments': [],
      'with null for a context': [null, true],
      'with what is no context': [{}],
    };
    for (const [title, args] of Object.entries(calls)) {
      test.observe(
        `are made ${title} as core does`,
        ({ tls }) => {
          let pair;
          const error = thrownBy(() => {
            pair = tls.createSecurePair(...args);
          });
          pair?.destroy();
          return (
            error ??
            Object.keys(pair)
              .filter((name) => !name.startsWith('_'))
              .sort()
          );
        },
        (outcome) => assert(outcome.code ?? outcome.includes('cleartext')),
      );
    }
  });
}
