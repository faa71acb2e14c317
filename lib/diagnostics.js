'use strict';

/** The command-line options --tls-keylog and --trace-tls (Node documentation: "Command-line options"). */

const fs = require('node:fs');

const { hasOption, optionValue } = require('./command-line');

const keylogFile = optionValue('--tls-keylog');
const traces = hasOption('--trace-tls');
let warnedOfKeylog = false;
let warnedOfTrace = false;

/** Has a new socket do what the command line asks of every socket. */
function applyCommandLine(socket) {
  if (keylogFile) {
    if (!warnedOfKeylog) {
      warnedOfKeylog = true;
      process.emitWarning('Using --tls-keylog makes TLS connections insecure by writing secret key material to file ' + keylogFile);
    }
    socket.on('keylog', (line) => fs.appendFileSync(keylogFile, line, { mode: 0o600 }));
  }
  if (traces) {
    if (!warnedOfTrace) {
      warnedOfTrace = true;
      process.emitWarning('Enabling --trace-tls can expose sensitive data in the resulting log.');
    }
    socket.enableTrace();
  }
}

module.exports = { applyCommandLine };
