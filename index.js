'use strict';

/** napi-tls: node:tls, with the same exports. */

const core = require('node:tls');

const { convertALPNProtocols } = require('./lib/alpn');
const { binding } = require('./lib/binding');
const { checkServerIdentity } = require('./lib/check-server-identity');
const { connect } = require('./lib/connect');
const { setDefaultCACertificates } = require('./lib/root-certificates');
const { SecureContext, createSecureContext } = require('./lib/secure-context');
const { createSecurePair } = require('./lib/secure-pair');
const { Server, createServer } = require('./lib/server');
const { TLSSocket } = require('./lib/tls-socket');

module.exports = Object.assign(require('./lib/exports'), {
  getCiphers: binding.getCiphers,
  convertALPNProtocols,
  checkServerIdentity,
  createSecureContext,
  SecureContext,
  TLSSocket,
  Server,
  createServer,
  connect,
});

// What only some releases of Node have. The list of authorities is Node's: whatever else trusts it follows too.
const { getCACertificates } = core;
const { getCertificateCompressionAlgorithms } = binding;
const others = {
  createSecurePair,
  getCACertificates,
  getCertificateCompressionAlgorithms,
  setDefaultCACertificates,
};
for (const [name, value] of Object.entries(others)) {
  if (name in core) module.exports[name] = value;
}

// Node makes the list when it is first read.
const { get } = Object.getOwnPropertyDescriptor(core, 'rootCertificates');
Object.defineProperty(module.exports, 'rootCertificates', {
  configurable: false,
  enumerable: true,
  get: () => get.call(core),
});
