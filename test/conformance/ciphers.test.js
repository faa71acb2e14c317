'use strict';

const assert = require('node:assert/strict');
const certs = require('../certs');
const { topic } = require('./pairings');
const { only, thrownBy } = require('./scene');

const tls12 = only('TLSv1.2');
const tls13 = only('TLSv1.3');
const rsa = certs.identity('rsa');

/** What both sides say about a connection's cipher and key exchange. */
async function negotiated(scene, server, client) {
  const { near, far } = await scene.open(server, client);
  return {
    near: near.getCipher(),
    far: far.getCipher(),
    ephemeral: near.getEphemeralKeyInfo(),
    farEphemeral: far.getEphemeralKeyInfo(),
    sigalgs: far.getSharedSigalgs(),
  };
}

topic('ciphers', (test) => {
  const suites = [
    ['ECDHE-ECDSA-AES128-GCM-SHA256', 'p256'],
    ['ECDHE-ECDSA-AES256-GCM-SHA384', 'p256'],
    ['ECDHE-ECDSA-CHACHA20-POLY1305', 'p256'],
    ['ECDHE-RSA-AES128-GCM-SHA256', 'rsa'],
    ['ECDHE-RSA-AES256-SHA384', 'rsa'],
    ['AES128-GCM-SHA256', 'rsa'],
    ['AES256-SHA', 'rsa'],
  ];
  for (const [name, key] of suites) {
    test.observe(
      `negotiate ${name} when the client asks for it`,
      (scene) =>
        negotiated(
          scene,
          { ...tls12, ...certs.identity(key), ciphers: `${name}:DEFAULT` },
          { ciphers: name },
        ),
      ({ near, far }) => {
        assert.equal(near.name, name);
        assert.deepEqual(far, near);
      },
    );
  }

  for (const name of [
    'TLS_AES_128_GCM_SHA256',
    'TLS_AES_256_GCM_SHA384',
    'TLS_CHACHA20_POLY1305_SHA256',
  ]) {
    test.observe(
      `negotiate ${name} when the client asks for it`,
      (scene) => negotiated(scene, {}, { ciphers: name }),
      ({ near, far }) => {
        assert.deepEqual(near, { name, standardName: name, version: 'TLSv1.3' });
        assert.deepEqual(far, near);
      },
    );
    test.observe(
      `negotiate ${name} when the server asks for it`,
      (scene) => negotiated(scene, { ...tls13, ciphers: name }, {}),
      ({ near }) => assert.equal(near.name, name),
    );
  }

  test.observe(
    'follow the server with honorCipherOrder',
    (scene) =>
      negotiated(
        scene,
        {
          ...tls12,
          honorCipherOrder: true,
          ciphers: 'ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-ECDSA-AES128-GCM-SHA256',
        },
        { ciphers: 'ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384' },
      ),
    ({ near }) => assert.equal(near.name, 'ECDHE-ECDSA-AES256-GCM-SHA384'),
  );

  test.observe(
    'follow the server by default',
    (scene) =>
      negotiated(
        scene,
        { ...tls12, ciphers: 'ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-ECDSA-AES128-GCM-SHA256' },
        { ciphers: 'ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384' },
      ),
    ({ near }) => assert.equal(near.name, 'ECDHE-ECDSA-AES256-GCM-SHA384'),
  );

  test.observe(
    'follow the client with honorCipherOrder false',
    (scene) =>
      negotiated(
        scene,
        {
          ...tls12,
          honorCipherOrder: false,
          ciphers: 'ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-ECDSA-AES128-GCM-SHA256',
        },
        { ciphers: 'ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384' },
      ),
    ({ near }) => assert.equal(near.name, 'ECDHE-ECDSA-AES128-GCM-SHA256'),
  );

  const failures = {
    'have no cipher in common in 1.2': [
      { ...tls12, ciphers: 'ECDHE-ECDSA-AES128-GCM-SHA256' },
      { ciphers: 'ECDHE-ECDSA-AES256-GCM-SHA384' },
    ],
    'have no cipher in common in 1.3': [
      { ...tls13, ciphers: 'TLS_AES_128_GCM_SHA256' },
      { ciphers: 'TLS_AES_256_GCM_SHA384' },
    ],
    'need another key than the server has': [
      { ...tls12 },
      { ciphers: 'ECDHE-RSA-AES128-GCM-SHA256' },
    ],
    'have no curve in common': [{ ...tls13, ecdhCurve: 'P-256' }, { ecdhCurve: 'P-384' }],
    'have no signature algorithm in common': [{ ...tls13 }, { sigalgs: 'rsa_pss_rsae_sha256' }],
  };
  for (const [title, [server, client]] of Object.entries(failures)) {
    test.observe(
      `fail on both sides when they ${title}`,
      (scene) => scene.handshake(server, client),
      (outcome) => {
        assert.match(outcome.client.error.code, /^ERR_SSL_/);
        assert.match(outcome.server.error.code, /^ERR_SSL_/);
      },
    );
  }
});

topic('key exchange', (test) => {
  for (const curve of ['P-256', 'prime256v1', 'P-384', 'secp521r1', 'X25519', 'X448']) {
    for (const version of [tls12, tls13]) {
      if (curve === 'X448' && version === tls12) continue;
      test.observe(
        `uses ${curve} over ${version.maxVersion}`,
        (scene) => negotiated(scene, { ...version, ecdhCurve: curve }, {}),
        ({ ephemeral, farEphemeral }) => {
          assert.equal(ephemeral.type, 'ECDH');
          assert.equal(typeof ephemeral.size, 'number');
          assert.equal(farEphemeral, null);
        },
      );
    }
  }

  test.observe(
    "asks the client again when its first curve is not the server's",
    (scene) => negotiated(scene, { ...tls13, ecdhCurve: 'P-384' }, { ecdhCurve: 'P-256:P-384' }),
    ({ ephemeral }) => assert.deepEqual(ephemeral, { type: 'ECDH', name: 'secp384r1', size: 384 }),
  );

  test.observe(
    'takes the automatic curve',
    (scene) => negotiated(scene, { ...tls13, ecdhCurve: 'auto' }, {}),
    ({ near }) => assert.equal(near.version, 'TLSv1.3'),
  );

  for (const [title, dhparam] of Object.entries({
    auto: 'auto',
    'a 2048-bit group as a Buffer': certs.read('dh2048.pem'),
    'a 2048-bit group as a string': String(certs.read('dh2048.pem')),
  })) {
    test.observe(
      `uses DHE with dhparam ${title}`,
      (scene) =>
        negotiated(
          scene,
          { ...tls12, ...rsa, dhparam, ciphers: 'DHE-RSA-AES128-GCM-SHA256' },
          { ciphers: 'DHE-RSA-AES128-GCM-SHA256' },
        ),
      ({ near, ephemeral }) => {
        assert.equal(near.name, 'DHE-RSA-AES128-GCM-SHA256');
        assert.equal(ephemeral.type, 'DH');
        assert.equal(ephemeral.size >= 2048, true);
      },
    );
  }

  test.observe(
    'has no DHE without dhparam',
    (scene) =>
      scene.handshake(
        { ...tls12, ...rsa, ciphers: 'DHE-RSA-AES128-GCM-SHA256' },
        { ciphers: 'DHE-RSA-AES128-GCM-SHA256' },
      ),
    ({ server }) => assert.equal(server.error.code, 'ERR_SSL_NO_SHARED_CIPHER'),
  );

  test.observe(
    'is not ephemeral with a static RSA cipher',
    (scene) =>
      negotiated(
        scene,
        { ...tls12, ...rsa, ciphers: 'AES128-GCM-SHA256' },
        { ciphers: 'AES128-GCM-SHA256' },
      ),
    ({ ephemeral }) => assert.equal(ephemeral.type, undefined),
  );

  test.observe(
    'refuses a small group',
    (scene) =>
      scene.handshake(
        { ...tls12, ...rsa, dhparam: 'auto', ciphers: 'DHE-RSA-AES128-GCM-SHA256' },
        { minDHSize: 4096, ciphers: 'DHE-RSA-AES128-GCM-SHA256' },
      ),
    ({ client }) => assert.equal(client.error.code, 'ERR_TLS_DH_PARAM_SIZE'),
  );
});

topic('signature algorithms', (test) => {
  for (const [sigalgs, key] of [
    ['ecdsa_secp256r1_sha256', 'p256'],
    ['ECDSA+SHA256:RSA+SHA256', 'p256'],
    ['rsa_pss_rsae_sha256', 'rsa'],
    ['rsa_pss_pss_sha256', 'rsa-pss'],
    ['ed25519:ecdsa_secp256r1_sha256', 'ed25519'],
    ['ecdsa_secp256r1_sha256:ecdsa_secp384r1_sha384', 'p384'],
  ]) {
    test.observe(
      `share ${sigalgs} with a client that offers it`,
      (scene) => negotiated(scene, certs.identity(key), { sigalgs }),
      (record) => assert(record.sigalgs.length > 0),
    );
  }

  test.observe(
    'are empty on the client',
    async (scene) => (await scene.open()).near.getSharedSigalgs(),
    (sigalgs) => assert.deepEqual(sigalgs, []),
  );
});

topic.api('cipher options', (test) => {
  const bad = {
    'an unknown cipher': { ciphers: 'no-such-cipher' },
    'an empty cipher list': { ciphers: ':' },
    'ciphers of another type': { ciphers: 1 },
    'a lower-case 1.3 cipher': { ciphers: 'tls_aes_128_gcm_sha256' },
    'an unknown 1.3 cipher': { ciphers: 'TLS_AES_1_GCM' },
    'an unknown curve': { ecdhCurve: 'no-such-curve' },
    'one unknown curve of several': { ecdhCurve: 'P-256:no-such-curve' },
    'ecdhCurve of another type': { ecdhCurve: 1 },
    'unknown sigalgs': { sigalgs: 'no-such-algorithm' },
    'empty sigalgs': { sigalgs: '' },
    'sigalgs of another type': { sigalgs: 1 },
    'a small dhparam': { dhparam: certs.read('dh768.pem') },
    'dhparam of another type': { dhparam: 1 },
    'minDHSize of another type': { minDHSize: '1024' },
    'minDHSize of zero': { minDHSize: 0 },
    'a negative minDHSize': { minDHSize: -1 },
  };
  for (const [title, options] of Object.entries(bad)) {
    test.observe(
      `answer ${title} as core does`,
      async ({ tls }) => ({
        context: thrownBy(() => tls.createSecureContext(options)),
        server: thrownBy(() => tls.createServer(options)),
        client: thrownBy(() =>
          tls
            .connect({ ...options, port: 1, host: '127.0.0.1' })
            .on('error', () => {})
            .destroy(),
        ),
      }),
      ({ context, client }) => assert(context ?? client, 'throws in some place'),
    );
  }

  test.observe(
    'say nothing about junk in dhparam',
    ({ tls }) => thrownBy(() => tls.createSecureContext({ dhparam: 'junk' })) ?? 'nothing',
    (outcome) => assert.equal(outcome, 'nothing'),
  );

  test.observe(
    'answer a 1024-bit group as core does',
    ({ tls }) =>
      thrownBy(() => tls.createSecureContext({ dhparam: certs.read('dh1024.pem') })) ?? 'nothing',
    (outcome) => assert.match(outcome.code ?? outcome, /nothing|ERR_CRYPTO_OPERATION_FAILED/),
  );

  test('take aliases and exclusions in ciphers', ({ tls }) => {
    tls.createSecureContext({ ciphers: 'HIGH:!aNULL:!MD5' });
    tls.createSecureContext({ ciphers: 'DEFAULT@SECLEVEL=0' });
    tls.createSecureContext({ ciphers: 'TLS_AES_128_GCM_SHA256:ECDHE-RSA-AES128-GCM-SHA256' });
  });
});
