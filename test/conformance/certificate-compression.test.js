'use strict';

const assert = require('node:assert/strict');
const core = require('node:tls');
const certs = require('../certs');
const { topic } = require('./pairings');
const { only, thrownBy } = require('./scene');

/** The chain with the intermediate, long enough for compression to pay. */
const server = { ...only('TLSv1.3'), ...certs.identity('chain', '-full.pem') };

// Node 24 has brought it.
if ('getCertificateCompressionAlgorithms' in core) {
  topic('certificate compression', (test) => {
    const all = core.getCertificateCompressionAlgorithms();
    for (const both of [...all.map((name) => [name]), all, []]) {
      test(`with [${both}] on both sides connects`, async (scene) => {
        const { near } = await scene.open(
          { ...server, certificateCompression: both },
          { certificateCompression: both },
        );
        assert.equal(near.authorized, true);
        assert.equal(near.getPeerCertificate().subject.CN, 'chain');
      });
    }

    for (const [title, near, far] of [
      ['only on the client', all, undefined],
      ['only on the server', undefined, all],
      ['without one in common', ['zlib'], ['brotli']],
    ]) {
      test(`${title} connects without`, async (scene) => {
        const { near: client } = await scene.open(
          { ...server, certificateCompression: far },
          { certificateCompression: near },
        );
        assert.equal(client.authorized, true);
      });
    }

    test('makes the certificate of the server shorter', async (scene) => {
      const sizes = [];
      for (const certificateCompression of [[], ['zlib']]) {
        const listening = await scene.listen({ ...server, certificateCompression });
        let size = 0;
        const proxy = await scene.proxy(listening, (chunk, direction) => {
          if (direction === 'out') size += chunk.length;
          return chunk;
        });
        const near = scene.connect(proxy, { certificateCompression });
        await new Promise((resolve) => near.once('session', resolve));
        sizes.push(size);
      }
      assert(sizes[1] < sizes[0] - 100, `${sizes[1]} bytes after ${sizes[0]}`);
    });
  });

  topic.api('certificate compression', (test) => {
    test.observe(
      'has the list of getCertificateCompressionAlgorithms',
      ({ tls }) => tls.getCertificateCompressionAlgorithms(),
      (list) => assert(list.includes('zlib')),
    );

    const bad = {
      'an unknown algorithm': ['x'],
      'a string': 'zlib',
      'the same algorithm twice': ['zlib', 'zlib'],
      'a number': [1],
      'an object': {},
    };
    for (const [title, certificateCompression] of Object.entries(bad)) {
      test.observe(
        `refuses ${title}`,
        ({ tls }) => [
          thrownBy(() => tls.createSecureContext({ certificateCompression })),
          thrownBy(() => tls.createServer({ certificateCompression })),
        ],
        ([error]) => assert.match(error.code, /^ERR_(INVALID_ARG|CRYPTO_OPERATION)/),
      );
    }
  });
}
