/**
 * The package for ES modules: node:tls, with the same named exports. Names of a module are fixed when it is written, so
 * those that only some releases of Node have are here on every one of them, and undefined where Node has none.
 * As those of node:tls, the bindings have the values that the properties had when the module was loaded.
 */

import tls from './index.js';

export default tls;

export const {
  CLIENT_RENEG_LIMIT,
  CLIENT_RENEG_WINDOW,
  DEFAULT_CIPHERS,
  DEFAULT_ECDH_CURVE,
  DEFAULT_MAX_VERSION,
  DEFAULT_MIN_VERSION,
  SecureContext,
  Server,
  TLSSocket,
  checkServerIdentity,
  connect,
  convertALPNProtocols,
  createSecureContext,
  createSecurePair,
  createServer,
  getCACertificates,
  getCertificateCompressionAlgorithms,
  getCiphers,
  rootCertificates,
  setDefaultCACertificates,
} = tls;
