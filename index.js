'use strict';

/** napi-tls: node:tls, with the same exports. */

const tls = require('node:tls');

const { convertALPNProtocols } = require('./lib/alpn');
const { binding } = require('./lib/binding');
const { checkServerIdentity } = require('./lib/check-server-identity');
const { connect } = require('./lib/connect');
const defaults = require('./lib/defaults');
const { SecureContext, createSecureContext } = require('./lib/secure-context');
const { Server, createServer } = require('./lib/server');
const { TLSSocket } = require('./lib/tls-socket');

const { getCiphers } = binding;

// Users assign to these, and what is made later follows (lib/defaults.js).
for (const name of Object.keys(defaults)) {
  Object.defineProperty(exports, name, {
    enumerable: true,
    configurable: true,
    get: () => defaults[name],
    set(value) {
      defaults[name] = value;
    },
  });
}

Object.assign(exports, {
  getCiphers,
  rootCertificates: tls.rootCertificates,
  convertALPNProtocols,
  checkServerIdentity,
  createSecureContext,
  SecureContext,
  TLSSocket,
  Server,
  createServer,
  connect,
});
