'use strict';

const assert = require('node:assert/strict');
const { constants } = require('node:crypto');
const core = require('node:tls');
const net = require('node:net');
const { topic } = require('./pairings');
const { thrownBy } = require('./scene');

// Where core deprecates or removes an export, ours has what this release has.
const names = Object.keys(core);

topic.api('exports', (test) => {
  test('have all the names of core', ({ tls }) => {
    const missing = names.filter((name) => !(name in tls));
    assert.deepEqual(missing, []);
  });

  for (const name of names) {
    test.observe(
      `have ${name} as core has`,
      ({ tls }) => {
        const value = tls[name];
        const { enumerable, configurable } = Object.getOwnPropertyDescriptor(tls, name);
        return { type: typeof value, enumerable, configurable };
      },
      ({ type }) => assert.notEqual(type, 'undefined'),
    );
  }

  for (const name of names.filter((name) => /^[A-Z_]+$/.test(name))) {
    test.observe(
      `have the value of ${name}`,
      ({ tls }) => tls[name],
      (value) => assert.notEqual(value, undefined),
    );
  }

  test.observe(
    'have functions with the lengths and names of core',
    ({ tls }) =>
      names
        .filter((name) => typeof core[name] === 'function')
        .map((name) => [name, tls[name].name, tls[name].length]),
    (list) => assert(list.length > 5),
  );

  test.observe(
    'have getCiphers with the list of core',
    ({ tls }) => tls.getCiphers(),
    (ciphers) => {
      assert(ciphers.includes('tls_aes_128_gcm_sha256'));
      assert.deepEqual(
        ciphers,
        ciphers.map((name) => name.toLowerCase()),
      );
    },
  );

  test('have DEFAULT_CIPHERS from crypto.constants.defaultCoreCipherList', ({ tls }) => {
    const { defaultCoreCipherList, defaultCipherList } = constants;
    assert.equal(tls.DEFAULT_CIPHERS, defaultCipherList);
    assert.equal(defaultCipherList, defaultCoreCipherList);
  });

  for (const name of ['CryptoStream', 'SecurePair', 'createConnection', 'parseCertString']) {
    test.observe(
      `have no ${name}, which earlier releases had`,
      ({ tls }) => name in tls,
      (has) => assert.equal(has, false),
    );
  }

  test('give a new list from getCiphers each time', ({ tls }) => {
    tls.getCiphers().length = 0;
    assert(tls.getCiphers().length > 10);
  });

  test.observe(
    'have the rootCertificates of core',
    ({ tls }) => ({
      list: [...tls.rootCertificates],
      frozen: Object.isFrozen(tls.rootCertificates),
    }),
    ({ list, frozen }) => {
      assert(list.length > 50);
      assert.equal(frozen, true);
      for (const pem of list) assert.match(pem, /^-----BEGIN CERTIFICATE-----\n/);
    },
  );

  test('give the same rootCertificates each time', ({ tls }) => {
    assert.equal(tls.rootCertificates, tls.rootCertificates);
    assert.throws(() => tls.rootCertificates.push('x'), TypeError);
  });

  test('let DEFAULT_MIN_VERSION and DEFAULT_MAX_VERSION be changed', async (scene) => {
    const { tls } = scene;
    const { DEFAULT_MAX_VERSION } = tls;
    tls.DEFAULT_MAX_VERSION = 'TLSv1.2';
    try {
      const { near } = await scene.open();
      assert.equal(near.getProtocol(), 'TLSv1.2');
    } finally {
      tls.DEFAULT_MAX_VERSION = DEFAULT_MAX_VERSION;
    }
  });

  test('let DEFAULT_CIPHERS be changed', async (scene) => {
    const { tls } = scene;
    const { DEFAULT_CIPHERS } = tls;
    tls.DEFAULT_CIPHERS = 'TLS_CHACHA20_POLY1305_SHA256';
    try {
      const { near } = await scene.open();
      assert.equal(near.getCipher().name, 'TLS_CHACHA20_POLY1305_SHA256');
    } finally {
      tls.DEFAULT_CIPHERS = DEFAULT_CIPHERS;
    }
  });

  test('let DEFAULT_ECDH_CURVE be changed', async (scene) => {
    const { tls } = scene;
    const { DEFAULT_ECDH_CURVE } = tls;
    tls.DEFAULT_ECDH_CURVE = 'P-384';
    try {
      const { near } = await scene.open();
      assert.equal(near.getEphemeralKeyInfo().name, 'secp384r1');
    } finally {
      tls.DEFAULT_ECDH_CURVE = DEFAULT_ECDH_CURVE;
    }
  });

  test('inherit from net', ({ tls }) => {
    assert(tls.TLSSocket.prototype instanceof net.Socket);
    assert(tls.Server.prototype instanceof net.Server);
  });

  test.observe(
    'have the documented methods on TLSSocket',
    ({ tls }) =>
      Object.getOwnPropertyNames(core.TLSSocket.prototype)
        .filter((name) => !name.startsWith('_'))
        .map((name) => [
          name,
          typeof Object.getOwnPropertyDescriptor(core.TLSSocket.prototype, name).value,
        ])
        .filter(
          ([name, type]) =>
            type === 'function' && typeof tls.TLSSocket.prototype[name] !== 'function',
        ),
    (missing) => assert.deepEqual(missing, []),
  );

  test.observe(
    'have the documented methods on Server',
    ({ tls }) =>
      Object.getOwnPropertyNames(core.Server.prototype)
        .filter((name) => !name.startsWith('_'))
        .filter((name) => typeof tls.Server.prototype[name] !== 'function'),
    (missing) => assert.deepEqual(missing, []),
  );

  test('make SecureContext objects', ({ tls }) => {
    const context = tls.createSecureContext();
    assert.equal(typeof context, 'object');
    assert.equal(typeof context.context, 'object');
    assert.notEqual(tls.createSecureContext(), context);
  });

  const calls = {
    'connect without arguments': (tls) => tls.connect(),
    'connect with null': (tls) => tls.connect(null),
    'connect with an empty object': (tls) => tls.connect({}),
    'connect with a bad port': (tls) => tls.connect({ port: 65536 }),
    'connect with a negative port': (tls) => tls.connect(-1),
    'connect with a port that is an object': (tls) => tls.connect({ port: {} }),
    'connect with a numeric host': (tls) => tls.connect({ port: 1, host: 1 }),
    'connect with a numeric path': (tls) => tls.connect({ path: 1 }),
    'connect with a lookup that is no function': (tls) => tls.connect({ port: 1, lookup: 'x' }),
    'connect with a bad family': (tls) => tls.connect({ port: 1, host: 'localhost', family: 5 }),
    'connect with a checkServerIdentity that is no function': (tls) =>
      tls.connect({ port: 1, checkServerIdentity: 'x' }),
    'connect with a secureContext that is none': (tls) =>
      tls.connect({ port: 1, secureContext: {} }),
    'connect with a session that is none': (tls) => tls.connect({ port: 1, session: 1 }),
    'connect with bad minDHSize': (tls) => tls.connect({ port: 1, minDHSize: 'x' }),
    'createSecureContext with a string': (tls) => tls.createSecureContext('x'),
    'createSecureContext with a number': (tls) => tls.createSecureContext(1),
    'createSecureContext with null': (tls) => tls.createSecureContext(null),
    'new TLSSocket without a socket': (tls) => new tls.TLSSocket(),
    // Not as a method: core's would make the exports themselves a socket.
    'TLSSocket without new': ({ TLSSocket }) => TLSSocket(new net.Socket()),
    'new TLSSocket with a secureContext that is none': (tls) =>
      new tls.TLSSocket(new net.Socket(), { secureContext: 1 }),
    'new TLSSocket with a server that is none': (tls) =>
      new tls.TLSSocket(new net.Socket(), { isServer: true, server: {} }),
  };
  for (const [title, call] of Object.entries(calls)) {
    test.observe(
      `answer ${title} as core does`,
      (scene) => {
        scene.ignoreHandles();
        let made;
        const error = thrownBy(() => {
          made = call(scene.tls);
          made.on?.('error', () => {});
          made.destroy?.();
        });
        return error ?? { made: made.constructor.name };
      },
      (outcome) => assert(outcome.made ?? outcome.message),
    );
  }
});
