'use strict';

const assert = require('node:assert/strict');
const certs = require('../certs');
const { topic } = require('./pairings');
const { only, thrownBy, versions } = require('./scene');

const { read, identity, passphrase } = certs;
const cert = (name) => read(`${name}-cert.pem`);

/** Connects, and tells which certificate the client has seen. */
async function seen(scene, server, client) {
  const { near } = await scene.open(server, client);
  return near.getPeerCertificate().subject.CN;
}

topic('keys', (test) => {
  for (const version of versions) {
    for (const name of ['rsa', 'rsa-pss', 'p256', 'p384', 'ed25519']) {
      test(`of type ${name} serve over ${version}`, async (scene) => {
        assert.equal(await seen(scene, { ...only(version), ...identity(name) }), name);
      });
    }
  }

  // [title, options for the server, the certificate's common name]
  const forms = [
    ['as strings', { key: String(read('p256-key.pem')), cert: String(cert('p256')) }, 'p256'],
    ['in arrays of one', { key: [read('p256-key.pem')], cert: [cert('p256')] }, 'p256'],
    [
      'as Uint8Array',
      { key: new Uint8Array(read('p256-key.pem')), cert: new Uint8Array(cert('p256')) },
      'p256',
    ],
    [
      'as DataView',
      {
        key: new DataView(Uint8Array.from(read('p256-key.pem')).buffer),
        cert: new DataView(Uint8Array.from(cert('p256')).buffer),
      },
      'p256',
    ],
    ['in SEC1 form', { key: read('p256-key-sec1.pem'), cert: cert('p256') }, 'p256'],
    ['in PKCS1 form', { key: read('rsa-key-pkcs1.pem'), cert: cert('rsa') }, 'rsa'],
    ['as an object with pem', { key: [{ pem: read('p256-key.pem') }], cert: cert('p256') }, 'p256'],
    [
      'in encrypted PKCS8',
      { key: read('rsa-key-pkcs8.pem'), passphrase, cert: cert('rsa') },
      'rsa',
    ],
    [
      'in an encrypted traditional form',
      { key: read('rsa-key-traditional.pem'), passphrase, cert: cert('rsa') },
      'rsa',
    ],
    [
      'in encrypted EC PKCS8',
      { key: read('p256-key-pkcs8.pem'), passphrase, cert: cert('p256') },
      'p256',
    ],
    [
      'in an encrypted traditional EC form',
      { key: read('p256-key-traditional.pem'), passphrase, cert: cert('p256') },
      'p256',
    ],
    [
      'with a passphrase of their own',
      { key: [{ pem: read('rsa-key-pkcs8.pem'), passphrase }], cert: cert('rsa') },
      'rsa',
    ],
    [
      'whose passphrase wins over the common one',
      {
        key: [{ pem: read('rsa-key-pkcs8.pem'), passphrase }],
        passphrase: 'wrong',
        cert: cert('rsa'),
      },
      'rsa',
    ],
    [
      'with the common passphrase for an object',
      { key: [{ pem: read('rsa-key-pkcs8.pem') }], passphrase, cert: cert('rsa') },
      'rsa',
    ],
    ['with a passphrase that is not needed', { ...identity('p256'), passphrase: 'unused' }, 'p256'],
    ['in a PFX', { pfx: read('p256.pfx'), passphrase }, 'p256'],
    ['in a PFX as a base64-free array', { pfx: [read('p256.pfx')], passphrase }, 'p256'],
    [
      'in a PFX with a passphrase of its own',
      { pfx: [{ buf: read('p256.pfx'), passphrase }] },
      'p256',
    ],
    [
      'in a PFX with the common passphrase',
      { pfx: [{ buf: read('p256.pfx') }], passphrase },
      'p256',
    ],
    ['in a PFX without a passphrase', { pfx: read('p256-open.pfx') }, 'p256'],
    ['in a PFX with an empty passphrase', { pfx: read('p256-open.pfx'), passphrase: '' }, 'p256'],
    ['in an RSA PFX', { pfx: read('rsa.pfx'), passphrase }, 'rsa'],
    ['in a PFX with a chain', { pfx: read('chain.pfx'), passphrase }, 'chain'],
    [
      'with a chain in one file',
      { key: read('chain-key.pem'), cert: read('chain-full.pem') },
      'chain',
    ],
  ];
  for (const [title, options, name] of forms) {
    test(`are taken ${title}`, async (scene) => {
      assert.equal(await seen(scene, options), name);
    });
  }

  const both = {
    key: [read('p256-key.pem'), read('rsa-key.pem')],
    cert: [cert('p256'), cert('rsa')],
  };
  const bothPfx = { pfx: [read('p256.pfx'), read('rsa.pfx')], passphrase };
  for (const [title, options] of Object.entries({ 'key and cert': both, pfx: bothPfx })) {
    test(`are chosen from several in ${title} by the client's ciphers`, async (scene) => {
      const server = { ...only('TLSv1.2'), ...options };
      assert.equal(await seen(scene, server, { ciphers: 'ECDHE-RSA-AES128-GCM-SHA256' }), 'rsa');
      assert.equal(await seen(scene, server, { ciphers: 'ECDHE-ECDSA-AES128-GCM-SHA256' }), 'p256');
    });

    test(`are chosen from several in ${title} by the client's sigalgs`, async (scene) => {
      assert.equal(await seen(scene, options, { sigalgs: 'rsa_pss_rsae_sha256' }), 'rsa');
    });
  }

  test('and certificates of several kinds may stand in different order', async (scene) => {
    const server = { ...both, key: [...both.key].reverse() };
    assert.equal(
      await seen(
        scene,
        { ...only('TLSv1.2'), ...server },
        { ciphers: 'ECDHE-RSA-AES128-GCM-SHA256' },
      ),
      'rsa',
    );
  });

  test('of clients are taken in a PFX', async (scene) => {
    const { far } = await scene.open(
      { requestCert: true, ca: certs.ca },
      { pfx: read('client.pfx'), passphrase },
    );
    assert.equal(far.getPeerCertificate().subject.CN, 'client');
    assert.equal(far.authorized, true);
  });

  test("in a PFX bring the PFX's CAs for verification", async (scene) => {
    const { near } = await scene.open({}, { ca: undefined, pfx: read('client.pfx'), passphrase });
    assert.equal(near.authorized, true);
  });

  test('are missing on a server, and it fails the handshake', async (scene) => {
    const { client, server } = await scene.handshake({ key: undefined, cert: undefined });
    assert.equal(server.error.code, 'ERR_SSL_NO_SUITABLE_SIGNATURE_ALGORITHM');
    assert.match(client.error.code, /^ERR_SSL_/);
  });

  test.observe(
    'are missing on a 1.2 server, and it fails the handshake',
    (scene) => scene.handshake({ ...only('TLSv1.2'), key: undefined, cert: undefined }),
    ({ server }) => assert.equal(server.error.code, 'ERR_SSL_NO_SHARED_CIPHER'),
  );
});

topic.api('key options', (test) => {
  const key = read('p256-key.pem');
  const bad = {
    'a broken key': { key: 'junk', cert: cert('p256') },
    'an empty key': { key: Buffer.alloc(0), cert: cert('p256') },
    'a truncated key': { key: String(key).slice(0, 100), cert: cert('p256') },
    'a certificate as the key': { key: cert('p256'), cert: cert('p256') },
    'a broken cert': { key, cert: 'junk' },
    'an empty cert': { key, cert: Buffer.alloc(0) },
    'a truncated cert': { key, cert: String(cert('p256')).slice(0, 200) },
    'a key as the cert': { key, cert: key },
    "a key that is not the certificate's": { key: read('p384-key.pem'), cert: cert('p256') },
    'a key of another certificate of the same type': { key: read('a-key.pem'), cert: cert('p256') },
    'a missing passphrase': { key: read('rsa-key-pkcs8.pem'), cert: cert('rsa') },
    'a wrong passphrase': {
      key: read('rsa-key-pkcs8.pem'),
      passphrase: 'wrong',
      cert: cert('rsa'),
    },
    'a missing passphrase of a traditional key': {
      key: read('rsa-key-traditional.pem'),
      cert: cert('rsa'),
    },
    'a wrong passphrase of a traditional key': {
      key: read('rsa-key-traditional.pem'),
      passphrase: 'wrong',
      cert: cert('rsa'),
    },
    'an empty passphrase': { key: read('rsa-key-pkcs8.pem'), passphrase: '', cert: cert('rsa') },
    'a broken pfx': { pfx: 'junk', passphrase },
    'an empty pfx': { pfx: Buffer.alloc(0), passphrase },
    'a truncated pfx': { pfx: read('p256.pfx').subarray(0, 300), passphrase },
    'a pfx without its passphrase': { pfx: read('p256.pfx') },
    'a pfx with a wrong passphrase': { pfx: read('p256.pfx'), passphrase: 'wrong' },
    'a pfx without a key': { pfx: read('no-key.pfx'), passphrase },
    'a pfx without a certificate': { pfx: read('no-cert.pfx'), passphrase },
    'a numeric key': { key: 1 },
    'a boolean key': { key: true },
    'an object as the key': { key: {} },
    'a function as the key': { key: () => {} },
    'a number in an array of keys': { key: [1] },
    'a numeric cert': { cert: 1 },
    'a boolean cert': { cert: true },
    'an object as the cert': { cert: {} },
    'a number in an array of certs': { cert: [1] },
    'a numeric ca': { ca: 1 },
    'an object as the ca': { ca: {} },
    'a number in an array of cas': { ca: [1] },
    'a numeric pfx': { pfx: 1 },
    'an object as the pfx': { pfx: {} },
    'a numeric passphrase': { key: read('rsa-key-pkcs8.pem'), passphrase: 1 },
    'a Buffer as the passphrase': {
      key: read('rsa-key-pkcs8.pem'),
      passphrase: Buffer.from(passphrase),
    },
    'a numeric passphrase of a pfx': { pfx: read('p256.pfx'), passphrase: 1 },
    'a numeric passphrase in an object': { key: [{ pem: key, passphrase: 1 }] },
    'a broken crl': { crl: 'junk' },
    'a numeric crl': { crl: 1 },
    'a certificate as the crl': { crl: cert('p256') },
    'a numeric sessionIdContext': { sessionIdContext: 1 },
    'a numeric privateKeyIdentifier': { privateKeyIdentifier: 1, privateKeyEngine: 'x' },
    'a numeric clientCertEngine': { clientCertEngine: 1 },
    'a string as sessionTimeout': { sessionTimeout: '1' },
    'a negative sessionTimeout': { sessionTimeout: -1 },
    'short ticketKeys': { ticketKeys: Buffer.alloc(47) },
    'ticketKeys of another type': { ticketKeys: 'x'.repeat(48) },
  };
  for (const [title, options] of Object.entries(bad)) {
    test.observe(
      `throw for ${title}`,
      ({ tls }) => thrownBy(() => tls.createSecureContext(options)) ?? 'nothing',
      (error) => assert.notEqual(error, 'nothing'),
    );
    test.observe(
      `throw in createServer for ${title} when core does`,
      ({ tls }) => thrownBy(() => tls.createServer(options)) ?? 'nothing',
      (error) => assert.notEqual(error, 'nothing'),
    );
  }

  const silent = {
    'junk in ca': { ca: 'junk' },
    'an empty ca': { ca: '' },
    'an empty array of cas': { ca: [] },
    'empty arrays of keys and certs': { key: [], cert: [] },
    'null for everything': {
      key: null,
      cert: null,
      ca: null,
      pfx: null,
      crl: null,
      passphrase: null,
    },
    'false for key and cert': { key: false, cert: false },
    'a cert without a key': { cert: cert('p256') },
    'a key without a cert': { key },
    'a privateKeyEngine without an identifier': { privateKeyEngine: 'x' },
  };
  for (const [title, options] of Object.entries(silent)) {
    test.observe(
      `throw nothing for ${title}`,
      ({ tls }) => thrownBy(() => tls.createSecureContext(options)) ?? 'nothing',
      (error) => assert.equal(error, 'nothing'),
    );
  }

  test.observe(
    'answer a string as secureOptions as core does',
    ({ tls }) => [
      thrownBy(() => tls.createSecureContext({ secureOptions: '1' })) ?? 'nothing',
      thrownBy(() => tls.createServer({ secureOptions: '1' })) ?? 'nothing',
    ],
    (errors) => assert.deepEqual([errors[0].code, errors[1]], ['ERR_INVALID_ARG_TYPE', 'nothing']),
  );
});
