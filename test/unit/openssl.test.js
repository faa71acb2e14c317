'use strict';

const assert = require('node:assert/strict');
const { once } = require('node:events');
const net = require('node:net');
const path = require('node:path');

const certs = require('../certs');
const { collectGarbage } = require('../garbage');
const { binding } = require('../../lib/binding');
const tls = require('../..');

describe('the OpenSSL behind the addon', () => {
  it("is the node executable's own in the default build", function () {
    if (binding.features.privateOpenSSL) this.skip();
    assert.equal(binding.opensslVersion, process.versions.openssl);
  });

  it('has no engines where it is private', function () {
    if (!binding.features.privateOpenSSL) this.skip();
    assert.throws(() => tls.createSecureContext({ clientCertEngine: 'dynamic' }), {
      code: 'ERR_CRYPTO_CUSTOM_ENGINE_NOT_SUPPORTED',
    });
    assert.throws(
      () => tls.createSecureContext({ privateKeyEngine: 'dynamic', privateKeyIdentifier: 'a' }),
      { code: 'ERR_CRYPTO_CUSTOM_ENGINE_NOT_SUPPORTED' },
    );
  });

  it('uses an engine as long as a connection has a key of it', async function () {
    if (binding.features.privateOpenSSL) this.skip();
    const engine = require('../engine');
    const server = net.createServer((socket) => {
      const far = new tls.TLSSocket(socket, { isServer: true, ...certs.identity('a') });
      // Core lets go of the engine with the context, whose key is still to sign.
      far.setKeyCert({
        cert: certs.read('p256-cert.pem'),
        privateKeyEngine: engine.file(),
        privateKeyIdentifier: path.join(certs.folder, 'p256-key.pem'),
      });
      collectGarbage();
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address();
    const near = tls.connect({ port, ca: certs.ca, servername: 'localhost' });
    try {
      await once(near, 'secureConnect');
      assert.equal(near.getPeerCertificate().subject.CN, 'p256');
    } finally {
      near.destroy();
      server.close();
    }
  });

  it('says what it can do', () => {
    const { certificateCompression, privateOpenSSL, trace } = binding.features;
    assert.equal(certificateCompression, binding.getCertificateCompressionAlgorithms().length > 0);
    assert.equal(typeof privateOpenSSL, 'boolean');
    assert.equal(trace, true);
  });
});
