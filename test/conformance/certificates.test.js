'use strict';

const assert = require('node:assert/strict');
const { X509Certificate } = require('node:crypto');
const certs = require('../certs');
const { topic } = require('./pairings');
const { only, versions } = require('./scene');

const { identity, read } = certs;

/** A certificate object with its circular root cut, as a list from the leaf up. */
function chainOf(certificate) {
  const list = [];
  let last;
  for (let at = certificate; at && at !== last; last = at, at = at.issuerCertificate) {
    const { issuerCertificate, ...fields } = at;
    list.push(fields);
    assert(list.length < 10, 'endless chain');
    if (issuerCertificate === at) return { list, circular: true };
  }
  return { list, circular: false };
}

const names = [
  'rsa',
  'rsa-pss',
  'p256',
  'p384',
  'ed25519',
  'rich',
  'cn-only',
  'a',
  'wild',
  'self-signed',
];
const trusting = { rejectUnauthorized: false };

topic('certificates', (test) => {
  for (const name of names) {
    test.observe(
      `have the fields of core for ${name}`,
      async (scene) => {
        const { near } = await scene.open(identity(name), trusting);
        return near.getPeerCertificate();
      },
      (certificate) => {
        const expected = new X509Certificate(read(`${name}-cert.pem`));
        assert.deepEqual(certificate.raw, expected.raw);
        assert.equal(certificate.serialNumber, expected.serialNumber);
        assert.equal(certificate.fingerprint, expected.fingerprint);
        assert.equal(certificate.fingerprint256, expected.fingerprint256);
        assert.equal(certificate.fingerprint512, expected.fingerprint512);
        assert.equal(certificate.valid_from, expected.validFrom);
        assert.equal(certificate.valid_to, expected.validTo);
        assert.equal(certificate.subjectaltname, expected.subjectAltName);
        assert.equal(certificate.ca, expected.ca);
        assert.equal('issuerCertificate' in certificate, false);
      },
    );
  }

  for (const version of versions) {
    test.observe(
      `form a chain in the detailed form over ${version}`,
      async (scene) => {
        const { near } = await scene.open({ ...only(version), ...identity('chain', '-full.pem') });
        return chainOf(near.getPeerCertificate(true));
      },
      ({ list, circular }) => {
        assert.deepEqual(
          list.map(({ subject }) => subject.CN),
          ['chain', 'Test Intermediate', 'Test Root'],
        );
        assert.equal(circular, true);
      },
    );

    test(`of the server itself come from getCertificate over ${version}`, async (scene) => {
      const { near, far } = await scene.open(only(version));
      assert.equal(far.getCertificate().subject.CN, 'p256');
      assert.deepEqual(far.getCertificate().raw, near.getPeerCertificate().raw);
      assert(near.getCertificate() === null || Object.keys(near.getCertificate()).length === 0);
    });

    test(`of the client come on both sides over ${version}`, async (scene) => {
      const { near, far } = await scene.open(
        { ...only(version), requestCert: true, ca: certs.ca },
        identity('client'),
      );
      assert.equal(far.getPeerCertificate().subject.CN, 'client');
      assert.deepEqual(near.getCertificate().raw, far.getPeerCertificate().raw);
      assert.equal(far.getPeerX509Certificate().subject, 'O=napi-tls\nCN=client');
    });

    test(`are X509Certificate objects over ${version}`, async (scene) => {
      const { near, far } = await scene.open(only(version));
      const peer = near.getPeerX509Certificate();
      assert(peer instanceof X509Certificate);
      assert.equal(peer.fingerprint256, new X509Certificate(read('p256-cert.pem')).fingerprint256);
      assert(far.getX509Certificate() instanceof X509Certificate);
      assert.equal(far.getX509Certificate().fingerprint256, peer.fingerprint256);
      assert.equal(near.getX509Certificate(), undefined);
      assert.equal(far.getPeerX509Certificate(), undefined);
    });
  }

  for (const [title, chain, ca] of [
    ['without the intermediate', '-cert.pem', certs.ca],
    ['with an unknown root', '-full.pem', read('other-ca-cert.pem')],
    ['with all of them among the CAs', '-cert.pem', [certs.ca, read('intermediate-cert.pem')]],
  ]) {
    test.observe(
      `form the chain of core ${title}`,
      async (scene) => {
        const { near } = await scene.open(identity('chain', chain), { ...trusting, ca });
        return chainOf(near.getPeerCertificate(true));
      },
      ({ list }) => assert.equal(list[0].subject.CN, 'chain'),
    );
  }

  test.observe(
    'of a client form the chain of core on the server',
    async (scene) => {
      const { far } = await scene.open(
        { requestCert: true, ca: certs.ca },
        identity('chain-client', '-full.pem'),
      );
      return [chainOf(far.getPeerCertificate(true)), chainOf(far.getPeerCertificate())];
    },
    ([detailed, brief]) => {
      assert.equal(detailed.list[0].subject.CN, 'chain client');
      assert.equal(brief.list.length, 1);
    },
  );

  test.observe(
    'have their keys in the order of core',
    async (scene) => {
      const orders = [];
      for (const name of ['rsa', 'p256', 'rich']) {
        const { near } = await scene.open(identity(name));
        orders.push(Object.keys(near.getPeerCertificate()));
      }
      return orders;
    },
    ([rsa]) => assert(rsa.includes('modulus') && rsa.includes('exponent')),
  );

  test.observe(
    'have subjects and issuers without a prototype, as in core',
    async (scene) => {
      const { near } = await scene.open(identity('rich'));
      const { subject, issuer, infoAccess, ext_key_usage: usage } = near.getPeerCertificate();
      const kinds = [subject, issuer, infoAccess].map(
        (value) => Object.getPrototypeOf(value) === null,
      );
      return { kinds, subject: { ...subject }, infoAccess: { ...infoAccess }, usage };
    },
    ({ subject, infoAccess }) => {
      assert.deepEqual(subject.OU, ['One', 'Two']);
      assert.deepEqual(infoAccess['OCSP - URI'], ['http://ocsp.example.com/']);
    },
  );

  test('are empty before the handshake', async (scene) => {
    const server = await scene.listen();
    const near = scene.connect(server);
    assert.deepEqual(near.getPeerCertificate(), {});
    assert.equal(near.getPeerX509Certificate(), undefined);
  });

  test.observe(
    'are gone after destroy as in core',
    async (scene) => {
      const { near } = await scene.open();
      near.destroy();
      return [
        near.getPeerCertificate(),
        near.getCertificate(),
        near.getPeerX509Certificate() ?? null,
      ];
    },
    ([peer]) => assert.equal(peer, null),
  );

  test('can be read many times', async (scene) => {
    const { near } = await scene.open();
    const one = near.getPeerCertificate(true);
    const two = near.getPeerCertificate(true);
    assert.deepEqual(one.raw, two.raw);
    assert.deepEqual(Object.keys(one), Object.keys(two));
  });
});
