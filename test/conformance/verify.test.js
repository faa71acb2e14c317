'use strict';

const assert = require('node:assert/strict');
const { once } = require('node:events');
const certs = require('../certs');
const { topic } = require('./pairings');
const { describeError, only, readAll, readExactly, versions } = require('./scene');

const { read, identity } = certs;

// [what, server's identity, client's options, code]; x509-errors.test.js has every code of OpenSSL
const failures = [
  ['a self-signed certificate', identity('self-signed'), {}, 'DEPTH_ZERO_SELF_SIGNED_CERT'],
  ['an expired certificate', identity('expired'), {}, 'CERT_HAS_EXPIRED'],
  [
    'an unknown CA',
    identity('p256'),
    { ca: read('other-ca-cert.pem') },
    'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  ],
  ['the default CAs', identity('p256'), { ca: undefined }, 'UNABLE_TO_VERIFY_LEAF_SIGNATURE'],
  ['another name', identity('a'), {}, 'ERR_TLS_CERT_ALTNAME_INVALID'],
  [
    'only a common name that differs',
    identity('cn-only'),
    { servername: 'other' },
    'ERR_TLS_CERT_ALTNAME_INVALID',
  ],
];

topic('verification by the client', (test) => {
  for (const [what, server, client, code] of failures) {
    const versionsHere = /expired cert|self-signed/.test(what) ? versions : ['TLSv1.3'];
    for (const version of versionsHere) {
      test.observe(
        `rejects ${what} over ${version}`,
        (scene) => scene.handshake({ ...only(version), ...server }, client),
        (outcome) => {
          assert.equal(outcome.client.event, 'error');
          assert.equal(outcome.client.error.code, code);
        },
      );

      test.observe(
        `reports ${what} without rejectUnauthorized over ${version}`,
        async (scene) => {
          const { near } = await scene.open(
            { ...only(version), ...server },
            { ...client, rejectUnauthorized: false },
          );
          const { authorized, authorizationError } = near;
          return { authorized, authorizationError: describeError(authorizationError) };
        },
        ({ authorized, authorizationError }) => {
          assert.equal(authorized, false);
          assert.equal(authorizationError.code ?? authorizationError, code);
        },
      );
    }
  }

  const trusted = {
    'the root': [identity('p256'), {}],
    'a chain that the server sends': [identity('chain', '-full.pem'), {}],
    'an intermediate among its own CAs': [
      identity('chain'),
      { ca: [certs.ca, read('intermediate-cert.pem')] },
    ],
    'several CAs in one string': [identity('p256'), { ca: String(read('both-ca-certs.pem')) }],
    'several CAs in an array': [
      identity('p256'),
      { ca: [read('other-ca-cert.pem'), String(certs.ca)] },
    ],
    'a self-signed certificate as its own CA': [
      identity('self-signed'),
      { ca: read('self-signed-cert.pem') },
    ],
    'an intermediate with allowPartialTrustChain': [
      identity('chain'),
      { ca: read('intermediate-cert.pem'), allowPartialTrustChain: true },
    ],
    'a certificate that no CRL names': [identity('p256'), { crl: read('ca-crl.pem') }],
    'a CRL in an array': [
      identity('p256'),
      { crl: [read('other-ca-crl.pem'), read('ca-crl.pem')] },
    ],
    'a chain with a CRL for each': [
      identity('chain', '-full.pem'),
      { crl: [read('ca-crl.pem'), read('intermediate-crl.pem')] },
    ],
    'a common name where there are no alternative names': [identity('cn-only'), {}],
    'an explicit secureContext': [identity('p256'), { secure: true }],
  };
  for (const [what, [server, { secure, ...client }]] of Object.entries(trusted)) {
    test.observe(
      `accepts ${what}, or does as core does`,
      (scene) => {
        const secureContext = secure && scene.client.createSecureContext({ ca: certs.ca });
        return scene.handshake(server, secure ? { ca: undefined, secureContext } : client);
      },
      ({ client: { event, authorized } }) => {
        assert.deepEqual([event, authorized], ['secureConnect', true]);
      },
    );
  }

  test('calls a custom checkServerIdentity with the name and the certificate', async (scene) => {
    const calls = [];
    const { near } = await scene.open(
      {},
      {
        servername: 'another.example.com',
        checkServerIdentity: (...args) => void calls.push(args),
      },
    );
    assert.equal(near.authorized, true);
    assert.equal(calls.length, 1);
    assert.equal(calls[0][0], 'another.example.com');
    assert.equal(calls[0][1].subject.CN, 'p256');
    assert.equal(calls[0][1].issuerCertificate.subject.CN, 'Test Root');
  });

  test('rejects with the error that checkServerIdentity returns', async (scene) => {
    const { client } = await scene.handshake(
      {},
      {
        checkServerIdentity: () => Object.assign(new Error('not mine'), { code: 'MINE' }),
      },
    );
    assert.equal(client.error.message, 'not mine');
    assert.equal(client.error.code, 'MINE');
  });

  test('reports the error that checkServerIdentity returns without rejectUnauthorized', async (scene) => {
    const { near } = await scene.open(
      {},
      {
        rejectUnauthorized: false,
        checkServerIdentity: () => Object.assign(new Error('not mine'), { code: 'MINE' }),
      },
    );
    assert.equal(near.authorized, false);
    assert.equal(near.authorizationError.code ?? near.authorizationError, 'MINE');
  });

  test('does not ask checkServerIdentity about an unverified certificate', async (scene) => {
    let calls = 0;
    const { near } = await scene.open(identity('self-signed'), {
      rejectUnauthorized: false,
      checkServerIdentity: () => void calls++,
    });
    assert.equal(near.authorized, false);
    assert.equal(calls, 0);
  });

  test('checks the host where there is no servername', async (scene) => {
    const { client } = await scene.handshake(identity('a'), { servername: undefined });
    assert.equal(client.error.code, 'ERR_TLS_CERT_ALTNAME_INVALID');
    assert.equal(client.error.message.includes('127.0.0.1'), true);
  });

  test('gives the identity error its fields', async (scene) => {
    const server = await scene.listen(identity('a'));
    const near = scene.connect(server);
    const [error] = await once(near, 'error');
    assert.equal(error.host, 'localhost');
    assert.equal(error.cert.subject.CN, 'a.example.com');
    assert.match(error.reason, /localhost/);
    assert.equal(near.authorized, false);
  });
});

topic('verification by the server', (test) => {
  const asks = { requestCert: true, ca: certs.ca };
  const outcomes = [
    ['a good certificate', identity('client'), undefined],
    ['a chain', identity('chain-client', '-full.pem'), undefined],
    ['no certificate', {}, 'ERR_SSL_PEER_DID_NOT_RETURN_A_CERTIFICATE'],
    ['a certificate of another CA', identity('client-other'), 'UNABLE_TO_VERIFY_LEAF_SIGNATURE'],
    ['a self-signed certificate', identity('self-signed'), 'DEPTH_ZERO_SELF_SIGNED_CERT'],
    ['an expired certificate', identity('client-expired'), 'CERT_HAS_EXPIRED'],
    ['a certificate for servers', identity('p256'), 'INVALID_PURPOSE'],
    [
      'a revoked certificate',
      identity('client-revoked'),
      'CERT_REVOKED',
      { crl: read('ca-crl.pem') },
    ],
  ];
  for (const version of versions) {
    for (const [what, client, code, more] of outcomes) {
      test.observe(
        `${code ? 'rejects' : 'accepts'} ${what} over ${version}`,
        async (scene) => {
          const outcome = await scene.handshake({ ...only(version), ...asks, ...more }, client);
          delete outcome.later?.error?.message;
          return outcome;
        },
        ({ server }) => {
          if (code === undefined) assert.equal(server.authorized, true);
          else assert.equal(server.event, 'tlsClientError');
        },
      );

      test.observe(
        `reports ${what} without rejectUnauthorized over ${version}`,
        async (scene) => {
          const { near, far } = await scene.open(
            { ...only(version), ...asks, ...more, rejectUnauthorized: false },
            client,
          );
          far.write('welcome');
          assert.equal(String(await readExactly(near, 7)), 'welcome');
          const { authorized, authorizationError } = far;
          return { authorized, authorizationError: describeError(authorizationError) };
        },
        ({ authorized, authorizationError }) => {
          assert.equal(authorized, code === undefined);
          if (code?.startsWith('ERR')) assert.notEqual(authorizationError, null);
          else assert.equal(authorizationError?.code ?? authorizationError ?? undefined, code);
        },
      );
    }

    test(`sees no certificate that it has not requested over ${version}`, async (scene) => {
      const { far } = await scene.open(only(version), identity('client'));
      assert.deepEqual(far.getPeerCertificate(), {});
      assert.equal(far.authorized, false);
    });
  }

  test('does not verify clients without requestCert', async (scene) => {
    const { far } = await scene.open({ rejectUnauthorized: true });
    assert.equal(far.authorized, false);
    assert.equal(far.authorizationError ?? null, null);
  });

  test('sends data to an unauthorized client', async (scene) => {
    const server = await scene.listen({ ...asks, rejectUnauthorized: false }, (far) =>
      far.end(far.authorized ? 'yes' : 'no'),
    );
    assert.equal(String(await readAll(scene.connect(server))), 'no');
    assert.equal(String(await readAll(scene.connect(server, identity('client')))), 'yes');
  });
});
