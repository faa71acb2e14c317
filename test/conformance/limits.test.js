'use strict';

const assert = require('node:assert/strict');
const { once } = require('node:events');
const { setTimeout: delay } = require('node:timers/promises');
const attacker = require('../abuse/record-layer');
const certs = require('../certs');
const { topic } = require('./pairings');
const Scene = require('./scene');

const kEmptyRecords = 32; // MAX_EMPTY_RECORDS of OpenSSL

topic('limits on a peer', (test) => {
  for (const count of [kEmptyRecords, kEmptyRecords + 1]) {
    test.observe(
      `are ${kEmptyRecords} empty records in a row: ${count} of them`,
      async (scene) => {
        const server = await scene.listen();
        const secure = once(server, 'secureConnection');
        const { socket, writer } = await attacker.connect(Scene.to(server));
        scene.track(socket).resume();
        const [far] = await secure;
        const outcome = new Promise((resolve) => {
          far.on('data', (chunk) => resolve(String(chunk)));
          far.on('error', ({ code }) => resolve(code));
        });
        const empty = Array.from({ length: count }, () => writer.data(''));
        socket.write(Buffer.concat([...empty, writer.data('data')]));
        return outcome;
      },
      (outcome) =>
        assert.equal(outcome, count === kEmptyRecords ? 'data' : 'ERR_SSL_RECORD_TOO_SMALL'),
    );
  }

  test.observe(
    'are 100 KB of certificates',
    async (scene) => {
      const server = await scene.listen({ requestCert: true, rejectUnauthorized: false });
      const failed = once(server, 'tlsClientError');
      const { key, cert } = certs.identity('client');
      const more = String(certs.read('intermediate-cert.pem')).repeat(250);
      const near = scene.connect(server, { key, cert: cert + more });
      near.on('error', () => {});
      const [error, socket] = await failed;
      socket.destroy();
      return error.code;
    },
    (code) => assert.equal(code, 'ERR_SSL_EXCESSIVE_MESSAGE_SIZE'),
  );

  test.observe(
    'are the time of handshakeTimeout, though bytes come all the while',
    async (scene) => {
      const server = await scene.listen({ handshakeTimeout: 150 });
      const failed = once(server, 'tlsClientError');
      const raw = await scene.connectRaw(server);
      raw.on('error', () => {});
      const hello = Buffer.concat([Buffer.from([22, 3, 1, 2, 0, 1, 0, 1, 252]), Buffer.alloc(99)]);
      let i = 0;
      const timer = setInterval(() => raw.write(hello.subarray(i, ++i)), 10);
      const outcome = await Promise.race([failed, delay(3000, [{ code: 'none' }])]);
      clearInterval(timer);
      return outcome[0].code;
    },
    (code) => assert.equal(code, 'ERR_TLS_HANDSHAKE_TIMEOUT'),
  );
});
