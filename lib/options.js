'use strict';

/**
 * The options of `tls.createSecureContext()`: their documented forms, brought into the one form that
 * the native context takes. Each function throws the coded error that Node throws for a bad value.
 */

const { codes } = require('./errors');
const { validateString } = require('./validators');

/** Versions as they stand on the wire (RFC 8446, section 4.2.1). */
const kVersions = new Map([
  ['TLSv1', 0x0301],
  ['TLSv1.1', 0x0302],
  ['TLSv1.2', 0x0303],
  ['TLSv1.3', 0x0304],
]);

/** RFC 8879, section 7.3. */
const kCompressionAlgorithms = new Map([
  ['zlib', 1],
  ['brotli', 2],
  ['zstd', 3],
]);

const kTicketKeysSize = 48;

/**
 * @param {unknown} version - undefined and null stand for the default
 * @param {unknown} fallback - the default
 * @param {'minimum' | 'maximum'} bound
 * @returns {number}
 */
function protocolVersion(version, fallback, bound) {
  const name = version ?? fallback;
  const number = kVersions.get(name);
  if (number === undefined) throw new codes.ERR_TLS_INVALID_PROTOCOL_VERSION(name, bound);
  return number;
}

/**
 * @param {unknown} value - SSL_OP_* flags
 */
function validateSecureOptions(value) {
  const name = 'secureOptions';
  if (typeof value !== 'number') throw new codes.ERR_INVALID_ARG_TYPE(name, 'number', value);
  if (!Number.isInteger(value)) throw new codes.ERR_OUT_OF_RANGE(name, 'an integer', value);
  if (!Number.isSafeInteger(value)) {
    const { MIN_SAFE_INTEGER: min, MAX_SAFE_INTEGER: max } = Number;
    throw new codes.ERR_OUT_OF_RANGE(name, `>= ${min} && <= ${max}`, value);
  }
}

/**
 * Suites of TLS 1.3 are configured apart from the others (SSL_CTX_set_ciphersuites).
 *
 * @param {string} ciphers - an OpenSSL cipher list that may name TLS 1.3 suites too
 * @returns {{ cipherList: string, cipherSuites: string }}
 */
function splitCiphers(ciphers) {
  if (ciphers !== undefined && ciphers !== null) validateString(ciphers, 'options.ciphers');
  const names = ciphers.split(':');
  const list = [];
  const suites = [];
  for (const name of names) {
    if (name === '') continue;
    (/^!?TLS_/.test(name) ? suites : list).push(name);
  }
  if (list.length === 0 && suites.length === 0) {
    throw new codes.ERR_INVALID_ARG_VALUE('options.ciphers', names);
  }
  return { cipherList: list.join(':'), cipherSuites: suites.join(':') };
}

/**
 * @param {string} name - of the option
 * @param {unknown} value
 * @returns {string | NodeJS.ArrayBufferView} the value
 */
function pem(name, value) {
  if (typeof value !== 'string' && !ArrayBuffer.isView(value)) {
    throw new codes.ERR_INVALID_ARG_TYPE(
      `options.${name}`,
      ['string', 'Buffer', 'TypedArray', 'DataView'],
      value,
    );
  }
  return value;
}

/**
 * @param {unknown} option - one value, or an array of them
 * @returns {unknown[]}
 */
function many(option) {
  return Array.isArray(option) ? option : [option];
}

/**
 * @param {unknown} item - of `key`: PEM, or `{ pem, passphrase }`
 * @param {unknown} shared - the passphrase of the context
 * @param {boolean} isListed - whether it stands in an array, as the object form must
 * @returns {{ pem: string | NodeJS.ArrayBufferView, passphrase?: string | null }}
 */
function privateKey(item, shared, isListed) {
  const wrapped = isListed ? item?.pem : undefined;
  const text = pem('key', wrapped === undefined ? item : wrapped);
  const own = isListed ? item.passphrase : undefined;
  const passphrase = own === undefined ? shared : own;
  if (passphrase !== undefined && passphrase !== null) {
    validateString(passphrase, 'options.passphrase');
  }
  return { pem: text, passphrase };
}

/**
 * @param {unknown} item - of `pfx`: DER, or `{ buf, passphrase }`
 * @param {unknown} shared - the passphrase of the context
 * @param {boolean} isListed - whether it stands in an array, as the object form must
 * @returns {{ der: unknown, passphrase: unknown }} checked by the native context
 */
function pfxFile(item, shared, isListed) {
  if (!isListed) return { der: item, passphrase: shared || null };
  return { der: item.buf || item, passphrase: item.passphrase || shared || null };
}

/**
 * @param {unknown} algorithms
 * @returns {number[]} codes of RFC 8879, in order of preference
 */
function certificateCompression(algorithms) {
  if (!Array.isArray(algorithms)) {
    throw new codes.ERR_INVALID_ARG_TYPE('options.certificateCompression', 'Array', algorithms);
  }
  return algorithms.map((name, i) => {
    const algorithm = kCompressionAlgorithms.get(name);
    if (algorithm !== undefined) return algorithm;
    throw new codes.ERR_INVALID_ARG_VALUE(
      `options.certificateCompression[${i}]`,
      name,
      "must be 'zlib', 'brotli', or 'zstd'",
    );
  });
}

/**
 * A private key inside an OpenSSL ENGINE.
 *
 * @param {{ key?: unknown, privateKeyEngine?: unknown, privateKeyIdentifier: unknown }} options
 */
function validateEngineKey({ key, privateKeyEngine, privateKeyIdentifier }) {
  if (privateKeyEngine === undefined || privateKeyEngine === null) {
    throw new codes.ERR_INVALID_ARG_VALUE('options.privateKeyEngine', privateKeyEngine);
  }
  if (key) {
    throw new codes.ERR_INVALID_ARG_VALUE('options.privateKeyIdentifier', privateKeyIdentifier);
  }
  validateName('privateKeyIdentifier', privateKeyIdentifier);
  validateName('privateKeyEngine', privateKeyEngine);
}

/**
 * @param {string} name - of an option that may also be null or undefined
 * @param {unknown} value
 */
function validateName(name, value) {
  if (typeof value !== 'string') {
    throw new codes.ERR_INVALID_ARG_TYPE(`options.${name}`, ['string', 'null', 'undefined'], value);
  }
}

/** @param {unknown} sigalgs */
function validateSigalgs(sigalgs) {
  validateString(sigalgs, 'options.sigalgs');
  if (sigalgs === '') throw new codes.ERR_INVALID_ARG_VALUE('options.sigalgs', sigalgs);
}

/** @param {unknown} keys */
function validateTicketKeys(keys) {
  if (!ArrayBuffer.isView(keys)) {
    throw new codes.ERR_INVALID_ARG_TYPE(
      'options.ticketKeys',
      ['Buffer', 'TypedArray', 'DataView'],
      keys,
    );
  }
  if (keys.byteLength !== kTicketKeysSize) {
    throw new codes.ERR_INVALID_ARG_VALUE(
      'options.ticketKeys',
      keys.byteLength,
      `must be exactly ${kTicketKeysSize} bytes`,
    );
  }
}

module.exports = {
  certificateCompression,
  many,
  pem,
  pfxFile,
  privateKey,
  protocolVersion,
  splitCiphers,
  validateEngineKey,
  validateName,
  validateSecureOptions,
  validateSigalgs,
  validateTicketKeys,
};
