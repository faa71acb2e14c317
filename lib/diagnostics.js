'use strict';

/**
 * The command-line options --tls-keylog and --trace-tls (Node documentation: "Command-line options"). Node
 * warns of either when it makes a TLSSocket of its own, as stream-handle.js has it do.
 */

const fs = require('node:fs');

const { hasOption, optionValue } = require('./command-line');

const keylogFile = optionValue('--tls-keylog');
const traces = hasOption('--trace-tls');

/** Has a new socket do what the command line asks of every socket. */
function applyCommandLine(socket) {
  if (keylogFile) {
    socket.on('keylog', (line) => fs.appendFileSync(keylogFile, line, { mode: 0o600 }));
  }
  if (traces) socket.enableTrace();
}

module.exports = { applyCommandLine };
