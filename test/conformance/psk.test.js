'use strict';

const assert = require('node:assert/strict');
const certs = require('../certs');
const { topic } = require('./pairings');
const { only, readAll, readExactly, thrownBy, versions } = require('./scene');

const key = Buffer.from('d731ef57be09e5204f0b205b60627028', 'hex');
const ciphers = 'PSK+HIGH:TLS_AES_128_GCM_SHA256';
const users = { alice: key, bob: Buffer.alloc(32, 9) };
const none = { key: undefined, cert: undefined };

const serverOptions = {
  ...none,
  ciphers,
  pskCallback: (socket, identity) => users[identity] ?? null,
};
const clientOptions = (identity = 'alice', psk = key) => ({
  ciphers,
  ca: undefined,
  checkServerIdentity: () => undefined,
  pskCallback: () => ({ identity, psk }),
});

topic('PSK', (test) => {
  for (const version of versions) {
    test(`connects over ${version}`, async (scene) => {
      const { near, far } = await scene.open(
        { ...only(version), ...serverOptions },
        clientOptions(),
      );
      near.write('data');
      assert.equal(String(await readExactly(far, 4)), 'data');
      if (version === 'TLSv1.2') assert.match(near.getCipher().name, /PSK/);
    });

    test.observe(
      `has no certificates over ${version}`,
      async (scene) => {
        const { near, far } = await scene.open(
          { ...only(version), ...serverOptions },
          clientOptions(),
        );
        return [near, far].map((socket) => ({
          authorized: socket.authorized,
          authorizationError: socket.authorizationError,
          peer: socket.getPeerCertificate(),
          cipher: socket.getCipher(),
        }));
      },
      ([near, far]) => {
        assert.deepEqual(near.peer, {});
        assert.deepEqual(far.peer, {});
      },
    );

    test(`gives the callbacks their arguments over ${version}`, async (scene) => {
      const asked = [];
      const given = [];
      const { far } = await scene.open(
        {
          ...only(version),
          ...serverOptions,
          pskCallback(socket, identity) {
            asked.push([this instanceof scene.server.Server || this === socket, socket, identity]);
            return key;
          },
        },
        {
          ...clientOptions(),
          pskCallback(...args) {
            given.push(args);
            return { identity: 'alice', psk: key };
          },
        },
      );
      assert.equal(asked.at(-1)[1], far);
      assert.equal(asked.at(-1)[2], 'alice');
      for (const args of given) assert.deepEqual(args, [null]);
    });

    test.observe(
      `fails for an unknown identity over ${version}`,
      (scene) => scene.handshake({ ...only(version), ...serverOptions }, clientOptions('carol')),
      ({ client, server }) => {
        assert.equal(client.event, 'error');
        assert.equal(server.event, 'tlsClientError');
      },
    );

    test.observe(
      `fails for a wrong key over ${version}`,
      (scene) => scene.handshake({ ...only(version), ...serverOptions }, clientOptions('bob')),
      ({ client, server }) => {
        assert.equal(client.event, 'error');
        assert.equal(server.event, 'tlsClientError');
      },
    );

    test.observe(
      `fails when the client gives null over ${version}`,
      (scene) =>
        scene.handshake(
          { ...only(version), ...serverOptions },
          { ...clientOptions(), pskCallback: () => null },
        ),
      ({ client }) => assert.equal(client.event, 'error'),
    );

    test.observe(
      `falls back to certificates when the client gives null over ${version}`,
      (scene) =>
        scene.handshake(
          {
            ...only(version),
            ...serverOptions,
            ...certs.identity('p256'),
            ciphers: `${ciphers}:DEFAULT`,
          },
          { ciphers: `${ciphers}:DEFAULT`, pskCallback: () => null },
        ),
      ({ client }) => assert.match(client.event, /secureConnect|error/),
    );

    test(`takes a Uint8Array and a DataView as key over ${version}`, async (scene) => {
      const copy = new Uint8Array(key);
      await scene.open(
        { ...only(version), ...serverOptions, pskCallback: () => new DataView(copy.buffer) },
        clientOptions('alice', copy),
      );
    });

    test(`serves users with keys of their own over ${version}`, async (scene) => {
      const server = await scene.listen({ ...only(version), ...serverOptions }, (far) =>
        far.end('hi'),
      );
      for (const [identity, psk] of Object.entries(users)) {
        const near = scene.connect(server, clientOptions(identity, psk));
        assert.equal(String(await readAll(near)), 'hi');
      }
    });

    test(`takes an identity with other characters over ${version}`, async (scene) => {
      let seen;
      await scene.open(
        {
          ...only(version),
          ...serverOptions,
          pskCallback: (socket, identity) => {
            seen = identity;
            return key;
          },
        },
        clientOptions('naïve \u20ac'),
      );
      assert.equal(seen, 'naïve \u20ac');
    });
  }

  test('sends a hint in 1.2', async (scene) => {
    const hints = [];
    await scene.open(
      { ...only('TLSv1.2'), ...serverOptions, pskIdentityHint: 'the hint' },
      {
        ...clientOptions(),
        pskCallback: (hint) => {
          hints.push(hint);
          return { identity: 'alice', psk: key };
        },
      },
    );
    assert.equal(hints.at(-1), 'the hint');
  });

  /** What comes of a handshake whose pskCallback may throw. */
  async function answer(scene, serverChange, clientChange) {
    const listeners = process.listeners('uncaughtException');
    process.removeAllListeners('uncaughtException');
    const { describeError } = scene.constructor;
    const thrown = new Promise((resolve) => {
      process.once('uncaughtException', (error) => resolve({ thrown: describeError(error) }));
    });
    try {
      const attempt = scene.handshake(
        { ...only('TLSv1.2'), ...serverOptions, ...serverChange },
        { ...clientOptions(), ...only('TLSv1.2'), ...clientChange },
      );
      return await Promise.race([thrown, attempt.then(({ client }) => client)]);
    } finally {
      process.removeAllListeners('uncaughtException');
      for (const listener of listeners) process.on('uncaughtException', listener);
    }
  }

  for (const [title, value] of Object.entries({
    'a string': 'x',
    'an object without psk': { identity: 'alice' },
    'an object without identity': { psk: key },
    'a numeric identity': { identity: 1, psk: key },
    'a string as psk': { identity: 'alice', psk: 'x' },
    'a psk that is too long': { identity: 'alice', psk: Buffer.alloc(1000) },
    'an identity that is too long': { identity: 'x'.repeat(300), psk: key },
  })) {
    test.observe(
      `answers ${title} from the client's callback as core does`,
      (scene) => answer(scene, {}, { pskCallback: () => value }),
      (outcome) => assert.notEqual(outcome.event, 'secureConnect'),
    );
  }

  for (const [title, value] of Object.entries({
    'a string': 'x',
    'an object without psk': {},
    'a string as psk': { psk: 'x' },
    'a psk that is too long': Buffer.alloc(1000),
  })) {
    test.observe(
      `answers ${title} from the server's callback as core does`,
      (scene) => answer(scene, { pskCallback: () => value }, {}),
      (outcome) => assert.notEqual(outcome.event, 'secureConnect'),
    );
  }
});

topic.api('PSK options', (test) => {
  for (const pskCallback of ['x', 1, {}]) {
    test.observe(
      `throw for ${JSON.stringify(pskCallback)} as pskCallback`,
      ({ tls }) => thrownBy(() => tls.createServer({ pskCallback })),
      (error) => assert.equal(error.code, 'ERR_INVALID_ARG_TYPE'),
    );
  }
  test.observe(
    'throw for a numeric pskIdentityHint',
    ({ tls }) => thrownBy(() => tls.createServer({ pskCallback: () => null, pskIdentityHint: 1 })),
    (error) => assert.equal(error.code, 'ERR_INVALID_ARG_TYPE'),
  );
});
