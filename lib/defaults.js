'use strict';

/**
 * The defaults of contexts, which users change by assigning to `tls.DEFAULT_*`. They start with those
 * of Node, which know of its command line (--tls-min-v1.3, --tls-cipher-list, ...), and are read
 * whenever a context is made.
 */

const tls = require('node:tls');

module.exports = {
  /** Renegotiations that a client may ask for in one window. */
  CLIENT_RENEG_LIMIT: tls.CLIENT_RENEG_LIMIT,
  /** Seconds. */
  CLIENT_RENEG_WINDOW: tls.CLIENT_RENEG_WINDOW,
  /** @type {string} OpenSSL cipher list, TLS 1.3 suites included */
  DEFAULT_CIPHERS: tls.DEFAULT_CIPHERS,
  /** @type {string} colon-separated groups, or 'auto' */
  DEFAULT_ECDH_CURVE: tls.DEFAULT_ECDH_CURVE,
  /** @type {'TLSv1' | 'TLSv1.1' | 'TLSv1.2' | 'TLSv1.3'} */
  DEFAULT_MIN_VERSION: tls.DEFAULT_MIN_VERSION,
  /** @type {'TLSv1' | 'TLSv1.1' | 'TLSv1.2' | 'TLSv1.3'} */
  DEFAULT_MAX_VERSION: tls.DEFAULT_MAX_VERSION,
};
