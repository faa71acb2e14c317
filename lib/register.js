'use strict';

/**
 * Puts a whole process on napi-tls: this package's exports take the place of those of Node's own `tls`
 * module, so that https, http2, fetch and every package use them. Load it before anything else:
 *
 *     node -r napi-tls/register app.js
 *     node --import napi-tls/register app.mjs
 *     require('napi-tls/register');
 *
 * Workers and child processes take it over as they do any option of node: those of `-r` go to workers and
 * forks, those of NODE_OPTIONS to every node process below. `process.versions['napi-tls']` tells whether it
 * is in place.
 */

const { syncBuiltinESMExports } = require('node:module');
const core = require('node:tls');

const ours = require('../index');
const { version } = require('../package.json');

const kName = 'napi-tls';

/** Modules whose servers inherit from the tls.Server that they find when they are loaded. */
const kDependents = ['https', 'http2'];

/** What stood in the place of this package's exports; null while they are not in place. */
let replaced = null;

/** The exports of Node's that are to be replaced: what users may assign to, and both have. */
function sharedNames() {
  return Object.keys(ours).filter((name) => Object.getOwnPropertyDescriptor(core, name)?.writable);
}

/**
 * Installs this package in Node's `tls` module. Loading this file calls it.
 *
 * @returns {boolean} false where it, or another copy of it, is in place already
 */
function register() {
  if (kName in process.versions) return false;
  replaced = new Map();
  for (const name of sharedNames()) {
    replaced.set(name, core[name]);
    core[name] = ours[name];
    // Users assign to Node's module, tls.DEFAULT_MIN_VERSION or a tls.createSecureContext of their own.
    Object.defineProperty(ours, name, {
      configurable: true,
      enumerable: true,
      get: () => core[name],
      set: (value) => (core[name] = value),
    });
  }
  syncBuiltinESMExports();
  Object.defineProperty(process.versions, kName, {
    configurable: true,
    enumerable: true,
    value: version,
  });
  warnIfLate();
  return true;
}

/**
 * Takes this package out of Node's `tls` module. Sockets and servers that exist go on as they are; defaults that
 * were assigned, and functions that somebody else has replaced since, stay.
 *
 * @returns {boolean} false where it was not in place
 */
function unregister() {
  if (replaced === null) return false;
  for (const [name, original] of replaced) {
    const value = core[name];
    Object.defineProperty(ours, name, {
      configurable: true,
      enumerable: true,
      writable: true,
      value,
    });
  }
  replaced = null;
  delete process.versions[kName];
  syncBuiltinESMExports();
  return true;
}

function warnIfLate() {}

register();

module.exports = { register, unregister };
