'use strict';

const assert = require('node:assert/strict');
const certs = require('../certs');
const { resign, tamper, times } = require('./der');
const { topic } = require('./pairings');
const { describeError } = require('./scene');

const { read, identity } = certs;
const caKey = read('ca-key.pem');
const p256 = identity('p256');

/** A chain of which each certificate has issued the one before, and its root. */
function longChain(length) {
  const link = read('link-cert.pem');
  const key = read('link-key.pem');
  const named = (issuer, subject) =>
    resign(
      link,
      [issuer, subject].map((i) => ['link xxx', `link ${String(i).padStart(3, '0')}`]),
      key,
    );
  const chain = [];
  for (let i = length; i > 0; i--) chain.push(named(i - 1, i));
  return { server: { key, cert: chain.join('') }, ca: named(0, 0) };
}
// OpenSSL follows a chain 100 certificates deep, the first and the last one not counted.
const long = longChain(101);
const tooLong = longChain(102);

/** A time in the 13th month, in place of the nth one of a certificate or CRL. */
function withBadTime(pem, n) {
  const time = times(pem)[n];
  return resign(pem, [[time, `${time.slice(0, 2)}13${time.slice(4)}`]], caKey);
}
const leafWithBadTime = (n) => ({ key: p256.key, cert: withBadTime(p256.cert, n) });

// [code, where it comes from, server's identity, client's options]
const cases = [
  [
    'UNABLE_TO_GET_ISSUER_CERT',
    'an intermediate among the CAs whose issuer is not',
    identity('chain'),
    { ca: read('intermediate-cert.pem') },
  ],
  ['UNABLE_TO_GET_CRL', 'a CRL of another CA', p256, { crl: read('other-ca-crl.pem') }],
  ['CERT_SIGNATURE_FAILURE', 'a changed signature', identity('tampered'), {}],
  [
    'CRL_SIGNATURE_FAILURE',
    "a changed signature of the CA's CRL",
    p256,
    { crl: tamper(read('ca-crl.pem')) },
  ],
  ['CERT_NOT_YET_VALID', 'a certificate of the future', identity('future'), {}],
  ['CERT_HAS_EXPIRED', 'a certificate of the past', identity('expired'), {}],
  ['CRL_NOT_YET_VALID', 'a CRL of the future', p256, { crl: read('future-crl.pem') }],
  ['CRL_HAS_EXPIRED', 'a CRL of the past', p256, { crl: read('expired-crl.pem') }],
  ['ERROR_IN_CERT_NOT_BEFORE_FIELD', 'a notBefore in month 13', leafWithBadTime(0), {}],
  ['ERROR_IN_CERT_NOT_AFTER_FIELD', 'a notAfter in month 13', leafWithBadTime(1), {}],
  [
    'ERROR_IN_CRL_LAST_UPDATE_FIELD',
    'a thisUpdate in month 13',
    p256,
    { crl: withBadTime(read('ca-crl.pem'), 0) },
  ],
  [
    'ERROR_IN_CRL_NEXT_UPDATE_FIELD',
    'a nextUpdate in month 13',
    p256,
    { crl: withBadTime(read('ca-crl.pem'), 1) },
  ],
  ['DEPTH_ZERO_SELF_SIGNED_CERT', 'a self-signed certificate', identity('self-signed'), {}],
  [
    'SELF_SIGNED_CERT_IN_CHAIN',
    'an unknown root that the server sends',
    { key: read('chain-key.pem'), cert: read('chain-full.pem') + certs.ca },
    { ca: read('other-ca-cert.pem') },
  ],
  [
    'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
    'a chain whose root is unknown',
    identity('chain', '-full.pem'),
    { ca: read('other-ca-cert.pem') },
  ],
  ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'a chain without its intermediate', identity('chain'), {}],
  [
    'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
    'a chain that is too long to reach its root',
    tooLong.server,
    { ca: tooLong.ca },
  ],
  ['CERT_REVOKED', 'a certificate in the CRL', identity('revoked'), { crl: read('ca-crl.pem') }],
  [
    'INVALID_CA',
    'an issuer that is trusted explicitly, and no CA',
    identity('under-claims'),
    { ca: read('trusted-claims-cert.pem') },
  ],
  [
    'PATH_LENGTH_EXCEEDED',
    'a CA below one that allows none',
    identity('too-deep', '-full.pem'),
    {},
  ],
  ['INVALID_PURPOSE', 'a certificate for clients', identity('wrong-purpose'), {}],
  ['INVALID_PURPOSE', 'an issuer that is no CA', identity('under-claims', '-full.pem'), {}],
  [
    'INVALID_PURPOSE',
    'a TRUSTED CERTIFICATE for other purposes',
    p256,
    { ca: read('client-only-ca-cert.pem') },
  ],
  [
    'INVALID_PURPOSE',
    'a TRUSTED CERTIFICATE that rejects the purpose',
    p256,
    { ca: read('rejected-ca-cert.pem') },
  ],
  [
    // An X509_V_ERR_* that the documentation has no code for: the issuer's key usage.
    'UNSPECIFIED',
    'an issuer that may not sign certificates',
    identity('under-leaf', '-full.pem'),
    {},
  ],
];

topic('X509 certificate error codes', (test) => {
  for (const [code, what, server, client] of cases) {
    test.observe(
      `have ${code} for ${what}`,
      async (scene) => {
        const listening = await scene.listen(server);
        const rejected = await scene.attempt(listening, client);
        const { near } = await scene.join(listening, { ...client, rejectUnauthorized: false });
        const { authorized, authorizationError } = near;
        return { rejected, authorized, authorizationError: describeError(authorizationError) };
      },
      ({ rejected, authorized, authorizationError }) => {
        assert.equal(rejected.client.event, 'error');
        assert.equal(rejected.client.error.code, code);
        assert.equal(authorized, false);
        assert.equal(authorizationError.code ?? authorizationError, code);
      },
    );
  }

  const accepted = {
    'a certificate that was signed again': [
      { key: p256.key, cert: resign(p256.cert, [], caKey) },
      {},
    ],
    'a CRL that was signed again': [p256, { crl: resign(read('ca-crl.pem'), [], caKey) }],
    'a chain of the greatest length': [long.server, { ca: long.ca, checkServerIdentity() {} }],
    'a TRUSTED CERTIFICATE for the purpose': [p256, { ca: read('trusted-ca-cert.pem') }],
    'an X509 CERTIFICATE': [
      p256,
      { ca: String(certs.ca).replaceAll(' CERTIFICATE', ' X509 CERTIFICATE') },
    ],
  };
  for (const [what, [server, client]] of Object.entries(accepted)) {
    test.observe(
      `have none for ${what}`,
      (scene) => scene.handshake(server, client),
      ({ client: { event, authorized } }) =>
        assert.deepEqual([event, authorized], ['secureConnect', true]),
    );
  }
});
