'use strict';

/**
 * Prints what to link for a private OpenSSL, for binding.gyp: the static libraries under a root
 * (`--openssl_root`), libssl first, for it needs libcrypto.
 *
 *     node static-libraries.js /opt/openssl
 */

const fs = require('node:fs');
const path = require('node:path');

const kLibraries = ['libssl.a', 'libcrypto.a'];
/** What a static libcrypto needs of the system; elsewhere it is part of the C library. */
const kSystemLibraries = process.platform === 'linux' ? ['-ldl', '-lpthread'] : [];
/** How the folders of Debian's "multiarch" begin: lib/x86_64-linux-gnu, include/x86_64-linux-gnu. */
const kMachines = { arm: 'arm-', arm64: 'aarch64-', ia32: 'i386-', x64: 'x86_64-' };

/**
 * @param {string} folder
 * @returns {string[]} its subfolders for the architecture of this process
 */
function multiarchFolders(folder) {
  if (!fs.existsSync(folder)) return [];
  const prefix = kMachines[process.arch] ?? `${process.arch}-`;
  return fs
    .readdirSync(folder)
    .filter((name) => name.startsWith(prefix))
    .map((name) => path.join(folder, name));
}

/**
 * @param {string} root
 * @returns {string[]} linker arguments
 * @throws {Error} when the libraries are not there
 */
function staticLibraries(root) {
  const lib = path.join(root, 'lib');
  const folders = [root, lib, path.join(root, 'lib64'), ...multiarchFolders(lib)];
  const folder = folders.find((candidate) =>
    kLibraries.every((name) => fs.existsSync(path.join(candidate, name))),
  );
  if (folder === undefined) {
    throw new Error(`no ${kLibraries.join(' and ')} under ${root}`);
  }
  return [...kLibraries.map((name) => path.join(folder, name)), ...kSystemLibraries];
}

/**
 * Prints what `find` finds under the root that the command line names, or what is wrong.
 *
 * @param {(root: string) => string[]} find
 */
function print(find) {
  try {
    if (!process.argv[2]) throw new Error('no path given');
    console.log(find(path.resolve(process.argv[2])).join('\n'));
  } catch (error) {
    console.error(`openssl_root: ${error.message}`);
    process.exitCode = 1;
  }
}

if (require.main === module) print(staticLibraries);

module.exports = { multiarchFolders, print };
