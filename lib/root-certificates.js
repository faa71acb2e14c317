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

const { getCACertificates, setDefaultCACertificates: setList } = tls;
/** Node's list is made when it is first read. */
const { get: getBundled } = Object.getOwnPropertyDescriptor(tls, 'rootCertificates');

const kUsesOpenSSL = hasOption('--use-openssl-ca');
/** As Node, this looks at the variable once. It must not be obeyed with foreign privileges. */
const kExtraFile = hasOwnPrivileges() ? process.env.NODE_EXTRA_CA_CERTS : undefined;
/** What Node trusts before anybody sets something else: a list is new whenever it is set. */
const kInitialList = kUsesOpenSSL ? getCACertificates?.('default') : undefined;

const kEra = Symbol('kEra');

let cachedList;
let cachedStore;
/** What contexts have in common that were made under the same default roots: these, once there are others. */
let era = { list: undefined };

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
 * Node documentation: tls.setDefaultCACertificates(certs). Contexts that exist keep the roots that they were made
 * with.
 *
 * @param {(string | ArrayBufferView)[]} certs
 * @throws {Error} as Node's own
 */
function setDefaultCACertificates(certs) {
  const list = defaultRoots();
  setList(certs);
  era.list = list;
  era = { list: undefined };
}

/** @param {object} context - native; trusts the roots that are the default now */
function trustRoots(context) {
  context.addRootCerts();
  context[kEra] = era;
}

/**
 * @param {object} context - native
 * @returns {object} its default roots, as its useRootStore() takes them: the same object until
 *   tls.setDefaultCACertificates() is called
 * @throws {Error} ERR_CRYPTO_OPERATION_FAILED when no certificate can be read at all
 */
function rootStore(context) {
  const list = context[kEra]?.list ?? defaultRoots() ?? cachedList ?? assembleList();
  if (list !== cachedList || cachedStore === undefined) {
    // Node never lists what OpenSSL's own file and directory hold; a list that was set replaces them.
    const isUntouched = getCACertificates === undefined || list === kInitialList;
    cachedStore = new binding.SecureContext.RootStore(list, kUsesOpenSSL && isUntouched);
    cachedList = list;
  }
  return cachedStore;
}

module.exports = { defaultRoots, rootStore, setDefaultCACertificates, trustRoots };
