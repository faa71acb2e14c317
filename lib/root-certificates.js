'use strict';

/**
 * The certificate authorities that are trusted where a context names none of its own: those of the
 * running Node, whatever its command line and environment say. Nothing is read or parsed before the
 * first verification, and then once for the process.
 */

const fs = require('node:fs');
const tls = require('node:tls');

const { binding } = require('./binding');
const { hasOption } = require('./command-line');

const { getCACertificates } = tls;
/** Node's list is made when it is first read. */
const { get: getBundled } = Object.getOwnPropertyDescriptor(tls, 'rootCertificates');

const kUsesOpenSSL = hasOption('--use-openssl-ca');
/** As Node, this looks at the variable once. It must not be obeyed with foreign privileges. */
const kExtraFile = hasOwnPrivileges() ? process.env.NODE_EXTRA_CA_CERTS : undefined;
/** What Node trusts before anybody sets something else: a list is new whenever it is set. */
const kInitialList = kUsesOpenSSL ? getCACertificates?.('default') : undefined;

let cachedList;
let cachedStore;

function hasOwnPrivileges() {
  return (
    process.getuid === undefined ||
    (process.getuid() === process.geteuid() && process.getgid() === process.getegid())
  );
}

/** @returns {string[]} on Node 20, which cannot tell what it trusts */
function assembleList() {
  const list = kUsesOpenSSL ? [] : [...getBundled.call(tls)];
  if (!kExtraFile) return list;
  try {
    list.push(fs.readFileSync(kExtraFile, 'latin1'));
  } catch {
    // Node has warned of it when it started, and trusts the others.
  }
  return list;
}

/** @returns {unknown} what is another value when other roots have become the default */
function defaultRoots() {
  return getCACertificates?.('default');
}

/**
 * @returns {object} the default roots, as the native context's useRootStore() takes them: the same
 *   object until tls.setDefaultCACertificates() is called
 * @throws {Error} ERR_CRYPTO_OPERATION_FAILED when no certificate can be read at all
 */
function rootStore() {
  const list = defaultRoots() ?? cachedList ?? assembleList();
  if (list !== cachedList || cachedStore === undefined) {
    // Node never lists what OpenSSL's own file and directory hold; a list that was set replaces them.
    const isUntouched = getCACertificates === undefined || list === kInitialList;
    cachedStore = new binding.SecureContext.RootStore(list, kUsesOpenSSL && isUntouched);
    cachedList = list;
  }
  return cachedStore;
}

module.exports = { defaultRoots, rootStore };
