'use strict';

/**
 * The contexts of tls.connect() without a `secureContext`. Making one takes longer than a handshake, and most
 * programs connect with the same few options: so a context is found again by the content of the options
 * that it was made from, and shared. What is shared cannot be changed (SecureContext::Seal).
 */

const { createHash, getFips, randomBytes } = require('node:crypto');

const tls = require('./exports');
const { defaultRoots } = require('./root-certificates');
const { createSecureContext, prepareVerification, shareContext } = require('./secure-context');

/** Each holds its certificates and keys: as many as a program with several identities may need. */
const kMaxContexts = 32;

/** The options of createSecureContext() that are plain values. They are no secrets. */
const kPlain = [
  'allowPartialTrustChain',
  'ciphers',
  'ecdhCurve',
  'honorCipherOrder',
  'maxVersion',
  'minVersion',
  'secureOptions',
  'secureProtocol',
  'sessionIdContext',
  'sessionTimeout',
  'sigalgs',
];
/** Those that are texts or bytes, or lists of them. */
const kContents = ['ca', 'cert', 'crl', 'key', 'passphrase', 'pfx'];
/** Those that clients hardly use, or that have an effect each time: a warning, an ENGINE's state. */
const kOthers = [
  'certificateCompression',
  'clientCertEngine',
  'dhparam',
  'privateKeyEngine',
  'privateKeyIdentifier',
  'ticketKeys',
];
const kDefaults = [
  'DEFAULT_CIPHERS',
  'DEFAULT_ECDH_CURVE',
  'DEFAULT_MAX_VERSION',
  'DEFAULT_MIN_VERSION',
];

/** From the digest of a key or a passphrase nobody shall find it by trying. */
const kSalt = randomBytes(32);

/** By key; the one that was used last is the last. */
const contexts = new Map();
/** The contents of `ca` that were digested last, where they are strings, which never change. */
let lastAuthorities = { items: [], digest: digest([]) };

/** @returns {boolean} whether JSON tells such values apart */
function isPlain(value) {
  return (
    value === undefined ||
    value === null ||
    typeof value === 'string' ||
    typeof value === 'boolean' ||
    Number.isFinite(value)
  );
}

/** @returns {boolean} whether nobody else can change it while it is read */
function isContent(value) {
  return (
    typeof value === 'string' ||
    (ArrayBuffer.isView(value) && !(value.buffer instanceof SharedArrayBuffer))
  );
}

/** @returns {string} what the contents cannot be told from */
function digest(items) {
  const hash = createHash('sha256').update(kSalt);
  for (const item of items) {
    const isText = typeof item === 'string';
    // The lengths go in too, so that nothing moves from one item to the next unnoticed.
    hash.update(`${isText ? 's' : 'b'}${isText ? item.length : item.byteLength}:`).update(item);
  }
  return hash.digest('base64');
}

/** A list of authorities may be long, and is the same one most of the time. */
function digestAuthorities(items) {
  const last = lastAuthorities;
  if (last.items.length === items.length && items.every((item, i) => item === last.items[i])) {
    return last.digest;
  }
  const result = digest(items);
  if (items.every((item) => typeof item === 'string')) {
    lastAuthorities = { items, digest: result };
  }
  return result;
}

/**
 * @param {object} options - of tls.connect()
 * @returns {{ key: string, lists: object } | undefined} a name for what the context depends on, and the lists among
 *   the options as they were read; undefined where an option has a form that is not known here
 */
function identify(options) {
  if (kOthers.some((name) => options[name] !== undefined && options[name] !== null)) {
    return undefined;
  }
  const lists = {};
  const parts = [getFips()];
  for (const name of kPlain) parts.push(options[name]);
  for (const name of kDefaults) parts.push(tls[name]);
  if (!parts.every(isPlain)) return undefined;
  for (const name of kContents) {
    const value = options[name];
    if (value === undefined || value === null) {
      parts.push(null);
      continue;
    }
    const isList = Array.isArray(value);
    const items = isList ? Array.from(value) : [value];
    if (!items.every(isContent)) return undefined;
    if (isList) lists[name] = items;
    parts.push(isList, name === 'ca' ? digestAuthorities(items) : digest(items));
  }
  return { key: JSON.stringify(parts), lists };
}

/**
 * @param {object} options - of tls.connect(), without getters
 * @returns {SecureContext} with a native context that others may have too; it does not change
 * @throws {Error} as createSecureContext()
 */
function implicitContext(options) {
  const identity = identify(options);
  if (identity === undefined) return createSecureContext(options);
  const { key, lists } = identity;
  const roots = options.ca ? undefined : defaultRoots();
  let found = contexts.get(key);
  if (found === undefined || found.roots !== roots) {
    const { context } = createSecureContext({ ...options, ...lists });
    prepareVerification(context);
    context.seal();
    found = { context: Object.freeze(context), roots };
  }
  contexts.delete(key);
  contexts.set(key, found);
  if (contexts.size > kMaxContexts) contexts.delete(contexts.keys().next().value);
  return shareContext(found.context, options);
}

module.exports = { identify, implicitContext };
