'use strict';

/**
 * The object that index.js exports. It exists before everything else because users assign to it:
 * `tls.DEFAULT_*` and the renegotiation limits are read whenever they are needed, and tls.connect() calls
 * whatever `tls.createSecureContext` is at that time. The defaults start with those of Node, which know of
 * its command line (--tls-min-v1.3, --tls-cipher-list, ...).
 */

const core = require('node:tls');

module.exports = {
  /** Renegotiations that a client may ask for in one window. */
  CLIENT_RENEG_LIMIT: core.CLIENT_RENEG_LIMIT,
  /** Seconds. */
  CLIENT_RENEG_WINDOW: core.CLIENT_RENEG_WINDOW,
  /** OpenSSL cipher list, TLS 1.3 suites included */
  DEFAULT_CIPHERS: core.DEFAULT_CIPHERS,
  /** Colon-separated groups, or 'auto' */
  DEFAULT_ECDH_CURVE: core.DEFAULT_ECDH_CURVE,
  DEFAULT_MIN_VERSION: core.DEFAULT_MIN_VERSION,
  DEFAULT_MAX_VERSION: core.DEFAULT_MAX_VERSION,
};
