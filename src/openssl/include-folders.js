'use strict';

/**
 * Prints the include path of a private OpenSSL, for binding.gyp. The headers are reached through
 * links in the build folder: a compiler ignores `-I/usr/include`, which it searches last anyway, and
 * would take the headers that ship with Node. Debian has a part of them in a folder for the
 * architecture.
 *
 *     node include-folders.js /opt/openssl
 */

const fs = require('node:fs');
const path = require('node:path');

const { multiarchFolders, print } = require('./static-libraries');

const kLinks = path.resolve('build', 'openssl-include');

print((root) => {
  const include = path.join(root, 'include');
  const found = [include, ...multiarchFolders(include)]
    .map((folder) => path.join(folder, 'openssl'))
    .filter((folder) => fs.existsSync(folder));
  if (!found.some((folder) => fs.existsSync(path.join(folder, 'ssl.h')))) {
    throw new Error(`no openssl/ssl.h under ${include}`);
  }
  fs.rmSync(kLinks, { recursive: true, force: true });
  return found.map((target, i) => {
    const folder = path.join(kLinks, String(i));
    fs.mkdirSync(folder, { recursive: true });
    fs.symlinkSync(target, path.join(folder, 'openssl'), 'junction');
    return folder;
  });
});
