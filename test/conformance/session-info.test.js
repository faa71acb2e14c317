'use strict';

const assert = require('node:assert/strict');
const { once } = require('node:events');
const { pairings, topic } = require('./pairings');
const { describeError, only, thrownBy, versions } = require('./scene');

/** The first bytes of a session's serialisation tell its version; the rest is random. */
const kind = (value) => (Buffer.isBuffer(value) ? 'Buffer' : value);

topic('session information', (test) => {
  for (const version of versions) {
    test(`getFinished and getPeerFinished agree over ${version}`, async (scene) => {
      const { near, far } = await scene.open(only(version));
      assert(Buffer.isBuffer(near.getFinished()));
      assert.deepEqual(near.getFinished(), far.getPeerFinished());
      assert.deepEqual(near.getPeerFinished(), far.getFinished());
      assert.equal(near.getFinished().length, version === 'TLSv1.2' ? 12 : 48);
    });

    test(`exportKeyingMaterial agrees over ${version}`, async (scene) => {
      const { near, far } = await scene.open(only(version));
      for (const args of [
        [32, 'EXPERIMENTAL-label'],
        [64, 'EXPERIMENTAL-label', Buffer.from('context')],
        [1, 'x', Buffer.alloc(0)],
        [128, 'EXPORTER-other', new Uint8Array([1, 2])],
      ]) {
        const material = near.exportKeyingMaterial(...args);
        assert.equal(material.length, args[0]);
        assert.deepEqual(material, far.exportKeyingMaterial(...args));
      }
      assert.notDeepEqual(
        near.exportKeyingMaterial(32, 'a', Buffer.from('x')),
        near.exportKeyingMaterial(32, 'a', Buffer.from('y')),
      );
    });

    test.observe(
      `exportKeyingMaterial checks its arguments over ${version}`,
      async (scene) => {
        const { near } = await scene.open(only(version));
        return [
          [],
          ['32', 'x'],
          [0, 'x'],
          [-1, 'x'],
          [1.5, 'x'],
          [32],
          [32, 1],
          [32, 'x', 'text'],
          [32, 'x', 1],
          [32, 'x', null],
        ].map((args) => thrownBy(() => near.exportKeyingMaterial(...args)) ?? 'nothing');
      },
      (errors) => {
        assert.equal(errors[0].code, 'ERR_INVALID_ARG_TYPE');
        assert.equal(errors[3].code, 'ERR_OUT_OF_RANGE');
        assert.equal(errors[6].code, 'ERR_INVALID_ARG_TYPE');
      },
    );

    test.observe(
      `has the shape of core over ${version}`,
      async (scene) => {
        const { near, far } = await scene.open(only(version));
        return [near, far].map((socket) => ({
          protocol: socket.getProtocol(),
          cipher: socket.getCipher(),
          ephemeral: socket.getEphemeralKeyInfo(),
          session: kind(socket.getSession()),
          ticket: kind(socket.getTLSTicket()),
          reused: socket.isSessionReused(),
          sigalgs: socket.getSharedSigalgs(),
          alpn: socket.alpnProtocol,
          servername: socket.servername,
          authorized: socket.authorized,
          authorizationError: socket.authorizationError,
          encrypted: socket.encrypted,
        }));
      },
      ([near, far]) => {
        assert.equal(near.protocol, version);
        assert.equal(far.servername, 'localhost');
        assert.equal(near.reused, false);
      },
    );

    test.observe(
      `says this before the handshake over ${version}`,
      async (scene) => {
        const server = await scene.listen(only(version));
        const near = scene.connect(server);
        const ask = (name, ...args) => {
          try {
            return kind(near[name](...args));
          } catch (error) {
            return describeError(error);
          }
        };
        const record = {};
        for (const name of [
          'getProtocol',
          'getCipher',
          'getSession',
          'getTLSTicket',
          'isSessionReused',
          'getSharedSigalgs',
          'getFinished',
          'getPeerFinished',
        ]) {
          record[name] = ask(name);
        }
        record.export = ask('exportKeyingMaterial', 32, 'x');
        await once(near, 'secureConnect');
        return record;
      },
      (record) => {
        assert.equal(record.getFinished, undefined);
        assert.equal(record.export.code, 'ERR_TLS_INVALID_STATE');
      },
    );

    test.observe(
      `says this after destroy over ${version}`,
      async (scene) => {
        const { near } = await scene.open(only(version));
        near.destroy();
        const record = {};
        for (const name of [
          'getProtocol',
          'getCipher',
          'getEphemeralKeyInfo',
          'getSession',
          'getTLSTicket',
          'isSessionReused',
          'getSharedSigalgs',
          'getFinished',
          'getPeerFinished',
          'address',
        ]) {
          try {
            record[name] = kind(near[name]()) ?? String(near[name]());
          } catch (error) {
            record[name] = describeError(error);
          }
        }
        record.export = thrownBy(() => near.exportKeyingMaterial(32, 'x')) ?? 'nothing';
        record.fragment = thrownBy(() => near.setMaxSendFragment(512)) ?? 'nothing';
        record.servername = thrownBy(() => near.setServername('x')) ?? 'nothing';
        return record;
      },
      (record) => assert.equal(record.getProtocol, 'null'),
    );
  }

  test('getCipher gives names and the version', async (scene) => {
    const { near } = await scene.open(only('TLSv1.2'), {
      ciphers: 'ECDHE-ECDSA-AES128-GCM-SHA256',
    });
    assert.deepEqual(near.getCipher(), {
      name: 'ECDHE-ECDSA-AES128-GCM-SHA256',
      standardName: 'TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256',
      version: 'TLSv1.2',
    });
  });

  test('getEphemeralKeyInfo is null on the server', async (scene) => {
    const { far } = await scene.open();
    assert.equal(far.getEphemeralKeyInfo(), null);
  });

  test.observe(
    'setMaxSendFragment answers as core does',
    async (scene) => {
      const { near } = await scene.open();
      return [511, 512, 16384, 16385, 0, -1].map((size) => near.setMaxSendFragment(size));
    },
    (answers) => assert.deepEqual(answers.slice(0, 4), [false, true, true, false]),
  );

  test.observe(
    'setMaxSendFragment checks its argument as core does',
    async (scene) => {
      const { near } = await scene.open();
      return ['512', 1.5, undefined, null].map(
        (size) => thrownBy(() => near.setMaxSendFragment(size)) ?? 'nothing',
      );
    },
    (errors) => assert.equal(errors[0].code, 'ERR_INVALID_ARG_TYPE'),
  );

  test.observe(
    'setServername checks its argument as core does',
    async (scene) => {
      const { near, far } = await scene.open();
      return [1, undefined, null, {}]
        .map((name) => thrownBy(() => near.setServername(name)) ?? 'nothing')
        .concat(thrownBy(() => far.setServername('x')) ?? 'nothing');
    },
    (errors) => {
      assert.equal(errors[0].code, 'ERR_INVALID_ARG_TYPE');
      assert.equal(errors.at(-1).code, 'ERR_TLS_SNI_FROM_SERVER');
    },
  );
});

// Core of Node 24 and 26 crashes here (a segmentation fault), so only ours can be asked.
topic(
  'session information before the handshake',
  (test) => {
    test('has no ephemeral key', async (scene) => {
      const server = await scene.listen();
      const near = scene.connect(server);
      assert.deepEqual(near.getEphemeralKeyInfo(), {});
    });
  },
  pairings.filter(({ client }) => client === 'ours'),
);
