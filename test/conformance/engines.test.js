'use strict';

const assert = require('node:assert/strict');
const path = require('node:path');
const { setImmediate: turn } = require('node:timers/promises');
const { binding } = require('../../lib/binding');
const certs = require('../certs');
const { collectGarbage } = require('../garbage');
const { topic } = require('./pairings');
const { only, thrownBy, versions } = require('./scene');

// A private OpenSSL has no engines (test/unit/openssl.test.js).
if (!binding.features.privateOpenSSL) {
  const engine = require('../engine');

  const file = (name) => path.join(certs.folder, name);
  const keyOf = (name, privateKeyEngine) => ({
    cert: certs.read(`${name}-cert.pem`),
    privateKeyEngine,
    privateKeyIdentifier: file(`${name}-key.pem`),
  });

  const addon = path.join(__dirname, '../../build/Release/napi_tls.node');

  topic('engines', (test) => {
    for (const version of versions) {
      for (const name of ['p256', 'rsa']) {
        test(`have the ${name} key of a server over ${version}`, async (scene) => {
          const { near } = await scene.open({ ...only(version), ...keyOf(name, engine.keys) });
          assert.equal(near.getPeerCertificate().subject.CN, name);
          assert.equal(near.authorized, true);
        });
      }

      test(`are named by the path of their library over ${version}`, async (scene) => {
        const { near } = await scene.open({ ...only(version), ...keyOf('p256', engine.file()) });
        assert.equal(near.getPeerCertificate().subject.CN, 'p256');
      });

      test(`have the key of a client over ${version}`, async (scene) => {
        const { far } = await scene.open(
          { ...only(version), requestCert: true, ca: certs.ca },
          keyOf('client', engine.keys),
        );
        assert.equal(far.getPeerCertificate().subject.CN, 'client');
        assert.equal(far.authorized, true);
      });

      for (const named of ['id', 'path']) {
        test(`found by ${named} choose the client's certificate over ${version}`, async (scene) => {
          const { near, far } = await scene.open(
            { ...only(version), requestCert: true, ca: certs.ca },
            { clientCertEngine: named === 'id' ? engine.keys : engine.file() },
          );
          assert.equal(far.getPeerCertificate().subject.CN, 'client');
          assert.equal(far.authorized, true);
          assert.equal(near.getCertificate().subject.CN, 'client');
        });
      }

      test(`have no certificate for the authorities of a server over ${version}`, async (scene) => {
        const { near, far } = await scene.open(
          {
            ...only(version),
            requestCert: true,
            rejectUnauthorized: false,
            ca: certs.read('other-ca-cert.pem'),
          },
          { clientCertEngine: engine.keys },
        );
        assert.equal(far.authorized, false);
        assert.deepEqual(far.getPeerCertificate(), {});
        assert.deepEqual(near.getCertificate() ?? {}, {});
      });

      test.observe(
        `without a certificate fail where a server requires one over ${version}`,
        (scene) =>
          scene.handshake(
            { ...only(version), requestCert: true, ca: certs.read('other-ca-cert.pem') },
            { clientCertEngine: engine.keys },
          ),
        ({ server }) =>
          assert.equal(server.error.code, 'ERR_SSL_PEER_DID_NOT_RETURN_A_CERTIFICATE'),
      );
    }

    test('are in use as long as a context that has a key of theirs', async (scene) => {
      const server = await scene.listen(keyOf('p256', engine.file()));
      collectGarbage();
      await turn();
      const { near } = await scene.join(server);
      assert.equal(near.authorized, true);
    });

    test('have the key of a context that SNICallback answers', async (scene) => {
      const { near } = await scene.open({
        ...certs.identity('a'),
        SNICallback: (name, callback) =>
          callback(null, scene.server.createSecureContext(keyOf('p256', engine.file()))),
      });
      assert.equal(near.getPeerCertificate().subject.CN, 'p256');
    });
  });

  topic.api('engine options', (test) => {
    const key = { privateKeyIdentifier: file('p256-key.pem') };
    const foundNowhere = /could not load the shared library$/;
    // [title, what the error says, options]
    const bad = [
      [
        'an engine that is not to be found',
        foundNowhere,
        () => ({ ...key, privateKeyEngine: 'napi-tls-absent' }),
      ],
      ['an engine without a name', /no such engine$/, () => ({ ...key, privateKeyEngine: '' })],
      [
        'a path to no library',
        foundNowhere,
        () => ({ ...key, privateKeyEngine: file('absent.so') }),
      ],
      [
        'a file that is no library',
        foundNowhere,
        () => ({ ...key, privateKeyEngine: file('ca-cert.pem') }),
      ],
      [
        'a library that is no engine',
        /could not bind to the requested symbol name$/,
        () => ({ ...key, privateKeyEngine: addon }),
      ],
      [
        'an engine that fails to start',
        'ERR_CRYPTO_OPERATION_FAILED',
        () => ({ ...key, privateKeyEngine: engine.broken() }),
      ],
      [
        'an engine without keys',
        'ERR_OSSL_ENGINE_NO_LOAD_FUNCTION',
        () => ({ ...key, privateKeyEngine: engine.bare }),
      ],
      [
        'a key that the engine does not have',
        'ERR_OSSL_ENGINE_FAILED_LOADING_PRIVATE_KEY',
        () => ({ privateKeyEngine: engine.keys, privateKeyIdentifier: file('absent.pem') }),
      ],
      [
        'a key without a name',
        'ERR_OSSL_ENGINE_FAILED_LOADING_PRIVATE_KEY',
        () => ({ privateKeyEngine: engine.keys, privateKeyIdentifier: '' }),
      ],
      [
        'a certificate as the key of an engine',
        'ERR_OSSL_UNSUPPORTED',
        () => ({ privateKeyEngine: engine.keys, privateKeyIdentifier: file('p256-cert.pem') }),
      ],
      [
        "an engine's key that is not the certificate's",
        'ERR_OSSL_X509_KEY_VALUES_MISMATCH',
        () => ({
          cert: certs.read('p256-cert.pem'),
          privateKeyEngine: engine.keys,
          privateKeyIdentifier: file('p384-key.pem'),
        }),
      ],
      [
        'an engine beside a key',
        'ERR_INVALID_ARG_VALUE',
        () => ({ ...key, privateKeyEngine: engine.keys, key: certs.read('p256-key.pem') }),
      ],
      ['an identifier without an engine', 'ERR_INVALID_ARG_VALUE', () => key],
      [
        'a numeric privateKeyEngine',
        'ERR_INVALID_ARG_TYPE',
        () => ({ ...key, privateKeyEngine: 1 }),
      ],
      [
        'a client engine that is not to be found',
        foundNowhere,
        () => ({ clientCertEngine: 'napi-tls-absent' }),
      ],
      ['a client engine without a name', /no such engine$/, () => ({ clientCertEngine: '' })],
      [
        'a file that is no library as the client engine',
        foundNowhere,
        () => ({ clientCertEngine: file('ca-cert.pem') }),
      ],
      [
        'a client engine that fails to start',
        'ERR_SSL_ENGINE_LIB',
        () => ({ clientCertEngine: engine.broken() }),
      ],
      [
        'a client engine without certificates',
        'ERR_SSL_NO_CLIENT_CERT_METHOD',
        () => ({ clientCertEngine: engine.bare }),
      ],
    ];
    for (const [title, expected, options] of bad) {
      test.observe(
        `throw for ${title}`,
        ({ tls }) => thrownBy(() => tls.createSecureContext(options())) ?? 'nothing',
        ({ code, message }) =>
          typeof expected === 'string'
            ? assert.equal(code, expected)
            : assert.match(message, expected),
      );
    }
  });
}
