'use strict';

const assert = require('node:assert/strict');
const { once } = require('node:events');

const HOST = '127.0.0.1';

/**
 * CPU time until connections and HTTPS requests are hot, in microseconds. V8 goes on compiling until both ends have had
 * some thousand connections, each of which costs half as much then, or some ten thousand requests.
 */
const WARM_UP = 6_000_000;

/**
 * Protocol and cipher suite of a run. A suite of TLS 1.3 has a name that begins with TLS_.
 *
 * @param {object} parameters of the run
 * @returns {{ ciphers: string, minVersion: string, maxVersion: string }}
 */
function suite({ ciphers, certificate }) {
  const version = ciphers.startsWith('TLS_') ? 'TLSv1.3' : 'TLSv1.2';
  // In TLS 1.2 the name has the kind of the certificate in it.
  const kind = certificate === 'RSA-2048' ? '-RSA-' : '-ECDSA-';
  return {
    ciphers: ciphers.replace(/-(RSA|ECDSA)-/, kind),
    minVersion: version,
    maxVersion: version,
  };
}

/**
 * @param {object} parameters of the run: `certificate` is the kind of its key, 'P-256' when absent;
 *   `serverOptions` are added for options under measurement, which core ignores
 * @returns {object} options for tls.createServer()
 */
function serverOptions(parameters) {
  const { credentials, certificate = 'P-256', serverOptions: additional } = parameters;
  return { ...credentials[certificate], ...suite(parameters), ...additional };
}

/**
 * @param {object} tls implementation under measurement
 * @param {object} parameters of the run
 * @param {function(object): void} onConnection gets each TLSSocket after its handshake
 * @param {function(Error): void} [onClientError] by default throws it
 * @returns {Promise<number>} the port
 */
async function listen(tls, parameters, onConnection, onClientError = rethrow) {
  const server = tls.createServer(serverOptions(parameters), onConnection);
  server.on('tlsClientError', onClientError);
  server.listen(0, HOST);
  await once(server, 'listening');
  return server.address().port;
}

function rethrow(error) {
  throw error;
}

/**
 * Takes connections, answers each with a byte and closes it.
 *
 * @returns {Promise<{ port: number, count: function(): number }>} `count` of the accepted ones
 */
async function acceptConnections(tls, parameters) {
  let accepted = 0;
  const port = await listen(tls, parameters, (socket) => {
    accepted++;
    socket.resume();
    // With nothing to write, core closes before the session tickets have gone out.
    socket.end('x');
  });
  return { port, count: () => accepted };
}

/**
 * Connects again as soon as a connection has been closed, for ever.
 *
 * @param {object} tls implementation under measurement
 * @param {object} options for tls.connect()
 * @param {number} concurrency how many connections there are at a time
 * @returns {{ count: function(): number }} `count` of the handshakes that are done
 */
function connectRepeatedly(tls, options, concurrency) {
  let connected = 0;
  const resumed = options.session !== undefined;
  const next = () => {
    const socket = tls.connect(options, () => {
      assert.equal(socket.isSessionReused(), resumed);
      connected++;
    });
    socket.resume();
    socket.once('close', next);
  };
  for (let i = 0; i < concurrency; i++) next();
  return { count: () => connected };
}

/**
 * @param {object} parameters of the run
 * @returns {object} options for tls.connect() that trust the benchmark's own authority
 */
function connectOptions(parameters) {
  const { credentials, port } = parameters;
  return { host: HOST, port, servername: 'localhost', ca: credentials.ca, ...suite(parameters) };
}

/**
 * Options for connections that cost a client as little as can be, for measurements of the server.
 *
 * @param {object} tls implementation under measurement
 * @param {object} parameters of the run
 * @returns {object} options for tls.connect()
 */
function cheapConnectOptions(tls, parameters) {
  const { host, port, servername } = connectOptions(parameters);
  const secureContext = tls.createSecureContext(suite(parameters));
  return { host, port, servername, secureContext, rejectUnauthorized: false };
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
  assert.equal(socket.getCipher().name, options.ciphers);
  return socket;
}

/**
 * Connects many times, a few at a time: fewer than any backlog.
 *
 * @returns {Promise<object[]>} the TLSSockets
 */
async function connectMany(tls, parameters, count) {
  const sockets = [];
  while (sockets.length < count) {
    const length = Math.min(50, count - sockets.length);
    sockets.push(...(await Promise.all(Array.from({ length }, () => connect(tls, parameters)))));
  }
  return sockets;
}

module.exports = {
  acceptConnections,
  cheapConnectOptions,
  connect,
  connectMany,
  connectOptions,
  connectRepeatedly,
  HOST,
  listen,
  serverOptions,
  WARM_UP,
};
