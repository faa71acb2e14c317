'use strict';

const assert = require('node:assert/strict');

const { binding } = require('../../lib/binding');

describe('the OpenSSL behind the addon', () => {
  it("is the node executable's own in the default build", function () {
    if (binding.features.privateOpenSSL) this.skip();
    assert.equal(binding.opensslVersion, process.versions.openssl);
  });

  it('says what it can do', () => {
    const { certificateCompression, privateOpenSSL, trace } = binding.features;
    assert.equal(certificateCompression, binding.getCertificateCompressionAlgorithms().length > 0);
    assert.equal(typeof privateOpenSSL, 'boolean');
    assert.equal(trace, true);
  });
});
