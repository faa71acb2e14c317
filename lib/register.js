'use strict';

/**
 * Puts a whole process on napi-tls: this package's exports take the place of those of Node's own `tls`
 * module, so that https, http2, fetch and every package use them. To be loaded before anything else:
 *
 *     node -r napi-tls/register app.js
 *     node --import napi-tls/register app.mjs
 *     require('napi-tls/register');
 *
 * Of an ES module no line comes first: Node loads its own modules that are imported anywhere before it runs any.
 *
 * Workers and child processes take it over as they take over other preloads: those of `-r` and `--import` go to
 * workers and forks, those of NODE_OPTIONS to every node process below, and what a program requires concerns its
 * thread.
 * `process.versions['napi-tls']` has the version while it is in place.
 */

const { syncBuiltinESMExports } = require('node:module');
const core = require('node:tls');

const ours = require('../index');
const { version } = require('../package.json');

const kName = 'napi-tls';

/** Modules whose servers inherit from the tls.Server that they find when they are loaded. */
const kDependents = ['https', 'http2'];

/** Node's functions, while those of this package are in their place. */
let replaced = null;

/**
 * Installs this package in Node's `tls` module. Loading this file does it.
 *
 * @returns {boolean} false where this or another copy of the package is in place already
 */
function register() {
  if (Object.hasOwn(process.versions, kName)) return false;
  replaced = new Map();
  for (const name of Object.keys(ours)) {
    if (!Object.getOwnPropertyDescriptor(core, name)?.writable) continue;
    if (typeof ours[name] === 'function') {
      replaced.set(name, core[name]);
      core[name] = ours[name];
    }
    // Users assign to Node's module: tls.DEFAULT_MIN_VERSION, or a tls.createSecureContext of their own.
    Object.defineProperty(ours, name, {
      configurable: true,
      enumerable: true,
      get: () => core[name],
      set: (value) => {
        core[name] = value;
      },
    });
  }
  syncBuiltinESMExports();
  Object.defineProperty(process.versions, kName, {
    configurable: true,
    enumerable: true,
    value: version,
  });
  const late = kDependents.filter(isLoaded);
  late.forEach(inheritAgain);
  if (late.length > 0) warn(late);
  return true;
}

/**
 * Puts Node's functions back. Servers and sockets that exist go on with what they are; the defaults
 * (tls.DEFAULT_*) stay as they have been set.
 *
 * @returns {boolean} false where this copy of the package was not in place
 */
function unregister() {
  if (replaced === null) return false;
  for (const name of Object.keys(ours)) {
    if (!Object.getOwnPropertyDescriptor(core, name)?.writable) continue;
    Object.defineProperty(ours, name, {
      configurable: true,
      enumerable: true,
      writable: true,
      value: core[name],
    });
    if (replaced.has(name)) core[name] = replaced.get(name);
  }
  replaced = null;
  delete process.versions[kName];
  syncBuiltinESMExports();
  kDependents.filter(isLoaded).forEach(inheritAgain);
  return true;
}

function isLoaded(name) {
  return process.moduleLoadList.includes(`NativeModule ${name}`);
}

/** Has the servers of https or http2 inherit from the tls.Server that is in place now. */
function inheritAgain(name) {
  const Server =
    name === 'https'
      ? require('node:https').Server
      : require('node:http2').createSecureServer().constructor;
  Object.setPrototypeOf(Server, core.Server);
  Object.setPrototypeOf(Server.prototype, core.Server.prototype);
}

function warn(late) {
  process.emitWarning(
    `napi-tls/register was loaded after ${late.join(' and ')}. Servers that exist already, and functions ` +
      'that were taken out of the tls module before, do not use it. Load it first: with ' +
      '"node --import napi-tls/register" or "node -r napi-tls/register".',
    { code: 'NAPI_TLS_REGISTERED_LATE' },
  );
}

register();

module.exports = { register, unregister };
