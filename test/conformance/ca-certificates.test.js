'use strict';

const assert = require('node:assert/strict');
const core = require('node:tls');
const certs = require('../certs');
const { topic } = require('./pairings');
const { thrownBy } = require('./scene');

// Node 22 has brought both.
if ('getCACertificates' in core) {
  topic.api('CA certificates', (test) => {
    for (const type of [undefined, 'default', 'system', 'bundled', 'extra']) {
      test.observe(
        `of getCACertificates(${type ?? ''}) are those of core`,
        ({ tls }) => {
          const list = tls.getCACertificates(type);
          return { list: [...list], frozen: Object.isFrozen(list) };
        },
        ({ list }) => {
          for (const pem of list) assert.match(pem, /^-----BEGIN CERTIFICATE-----\n/);
          if (type === 'bundled') assert.deepEqual(list, core.rootCertificates);
        },
      );
    }

    test('of getCACertificates() are the same array each time', ({ tls }) => {
      assert.equal(tls.getCACertificates('default'), tls.getCACertificates('default'));
    });

    const bad = {
      'getCACertificates() of an unknown type': (tls) => tls.getCACertificates('x'),
      'getCACertificates() of a number': (tls) => tls.getCACertificates(1),
      'getCACertificates() of null': (tls) => tls.getCACertificates(null),
      'tls.setDefaultCACertificates() of nothing': (tls) => tls.setDefaultCACertificates(),
      'tls.setDefaultCACertificates() of a string': (tls) => tls.setDefaultCACertificates('x'),
      'tls.setDefaultCACertificates() of numbers': (tls) => tls.setDefaultCACertificates([1]),
      'tls.setDefaultCACertificates() of junk': (tls) => tls.setDefaultCACertificates(['x']),
    };
    for (const [title, act] of Object.entries(bad)) {
      test.observe(
        `are refused by ${title}`,
        ({ tls }) => thrownBy(() => act(tls)),
        (error) => assert.match(error.code, /^ERR_(INVALID_ARG|CRYPTO_OPERATION)/),
      );
    }
  });

  topic('CA certificates', (test) => {
    test('that tls.setDefaultCACertificates() sets are not those of contexts before', async (scene) => {
      const contexts = ['client', 'server'].map((side) =>
        scene[side].createSecureContext(certs.identity('p256')),
      );
      const before = core.getCACertificates('default');
      for (const tls of new Set([scene.client, scene.server])) {
        tls.setDefaultCACertificates([String(certs.ca)]);
      }
      const late = scene.client.createSecureContext();
      for (const tls of new Set([scene.client, scene.server])) tls.setDefaultCACertificates(before);
      const options = { requestCert: true, rejectUnauthorized: false };
      const server = await scene.listen({ ...certs.identity('p256'), ...options });
      server.addContext('localhost', contexts[1]);
      const outcomes = [];
      for (const secureContext of [contexts[0], late]) {
        const lax = { ca: undefined, secureContext, rejectUnauthorized: false };
        const { near, far } = await scene.join(server, lax);
        outcomes.push([near.authorized, far.authorized]);
      }
      assert.deepEqual(outcomes, [
        [false, false],
        [true, false],
      ]);
    });

    test('that tls.setDefaultCACertificates() sets are those of new connections', async (scene) => {
      const before = core.getCACertificates('default');
      scene.client.setDefaultCACertificates([String(certs.ca)]);
      try {
        const { near } = await scene.open({}, { ca: undefined });
        assert.equal(near.authorized, true);
      } finally {
        scene.client.setDefaultCACertificates(before);
      }
      const { client } = await scene.handshake({}, { ca: undefined });
      assert.equal(client.error.code, 'UNABLE_TO_VERIFY_LEAF_SIGNATURE');
    });
  });
}
