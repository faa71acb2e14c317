'use strict';

/** Builds the ENGINE of engine.cc against the headers that the addon was built with, and lets OpenSSL find it. */

const { execFileSync } = require('node:child_process');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const certs = require('../certs');

const source = path.join(__dirname, 'engine.cc');
const build = path.join(__dirname, '..', '..', 'build');
const config = path.join(build, 'config.gypi');
const library = path.join(build, 'test-engine.so');

const age = (file) => fs.statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0;

function compile() {
  const { nodedir } = JSON.parse(fs.readFileSync(config, 'utf8').replace(/^#.*$/gm, '')).variables;
  const aside = `${library}.${process.pid}`;
  // The symbols of OpenSSL are the node executable's.
  execFileSync(
    process.env.CXX ?? 'c++',
    [
      ...['-std=c++17', '-shared', '-fPIC', '-Wall', '-Wextra', '-Werror'],
      `-I${path.join(nodedir, 'include', 'node')}`,
      `-DCERTS="${certs.folder}"`,
      ...['-o', aside, source],
    ],
    { stdio: 'inherit' },
  );
  fs.renameSync(aside, library);
}

if (age(library) < Math.max(age(source), age(config))) compile();

// Where OpenSSL looks for the library of an id.
const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'napi-tls-engines-'));
process.on('exit', () => fs.rmSync(folder, { recursive: true }));
process.env.OPENSSL_ENGINES = folder;

let copies = 0;

/** OpenSSL may refuse to load a library while it is in use; under another name it is another one. */
function copy(id) {
  const file = path.join(folder, `${id}.so`);
  fs.copyFileSync(library, file);
  return file;
}

/** @returns {string} the id of an engine: see engine.cc */
function named(id) {
  copy(id);
  return id;
}

module.exports = {
  keys: named('napi-tls-keys'),
  bare: named('napi-tls-bare'),
  /** A new one for each use: core spoils it. */
  broken: () => named(`napi-tls-broken-${copies++}`),
  /** @returns {string} the path of an engine that is not in use */
  file: () => copy(`copy-${copies++}`),
};
