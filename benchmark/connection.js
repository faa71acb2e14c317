'use strict';

const assert = require('node:assert/strict');
const { once } = require('node:events');

const HOST = '127.0.0.1';

/**
 * Protocol and cipher suite of a run. A suite of TLS 1.3 has a name that begins with TLS_.
 *
 * @param {string} ciphers name of one cipher suite, as OpenSSL has it
 * @returns {{ ciphers: string, minVersion: string, maxVersion: string }}
 */
function suite(ciphers) {
  const version = ciphers.startsWith('TLS_') ? 'TLSv1.3' : 'TLSv1.2';
  return { ciphers, minVersion: version, maxVersion: version };
}

/**
 * @param {object} tls implementation under measurement
 * @param {object} parameters of the run; `mutual`: clients must have a certificate too
 * @param {function(object): void} onConnection gets each TLSSocket after its handshake
 * @returns {Promise<number>} the port
 */
async function listen(tls, { key, cert, ca, ciphers, mutual }, onConnection) {
  const options = { key, cert, ...suite(ciphers), ...(mutual && { ca, requestCert: true }) };
  const server = tls.createServer(options, onConnection);
  server.on('tlsClientError', (error) => {
    throw error;
  });
  server.listen(0, HOST);
  await once(server, 'listening');
  return server.address().port;
}

/**
 * @param {object} parameters of the run
 * @returns {object} options for tls.connect() that trust the benchmark's own authority
 */
function connectOptions({ ca, ciphers, port }) {
  return { host: HOST, port, servername: 'localhost', ca, ...suite(ciphers) };
}

/**
 * Connects, and makes sure that the run measures what it says.
 *
 * @param {object} tls implementation under measurement
 * @param {object} parameters of the run
 * @returns {Promise<object>} the TLSSocket, after its handshake
 */
async function connect(tls, parameters) {
  const options = connectOptions(parameters);
  const socket = tls.connect(options);
  await once(socket, 'secureConnect');
  assert.equal(socket.authorized, true);
  assert.equal(socket.getProtocol(), options.maxVersion);
  assert.equal(socket.getCipher().name, parameters.ciphers);
  return socket;
}

module.exports = { connect, connectOptions, listen, suite };
