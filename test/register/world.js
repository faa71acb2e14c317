'use strict';

// Where the functions of registered() run (processes.js): a process on napi-tls.

const assert = require('node:assert/strict');
const { createHook } = require('node:async_hooks');
const { once } = require('node:events');
const tls = require('node:tls');

let coreConnections = 0;
createHook({
  init(id, type) {
    if (type === 'TLSWRAP') coreConnections++;
  },
}).enable();

const ours = require('../..');
const certs = require('../certs');

const opened = [];

/** What tls.connect() has returned to whoever called it. */
const sockets = [];
const { connect } = tls;
tls.connect = (...args) => sockets[sockets.push(connect(...args)) - 1];

/** Closes it when the function is done. */
function track(server) {
  opened.push(server);
  return server;
}

/** @returns {Promise<number>} the port on which the server listens */
async function listen(server) {
  track(server).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return server.address().port;
}

/** Makes sure that bytes went through a socket of this package. */
function assertCarried(socket) {
  assert.ok(socket instanceof ours.TLSSocket, 'not our TLSSocket');
  assert.ok(socket.encrypted);
  assert.ok(socket.bytesRead > 0, 'nothing was read');
  assert.ok(socket.bytesWritten > 0, 'nothing was written');
}

async function text(readable) {
  let all = '';
  for await (const chunk of readable.setEncoding('utf8')) all += chunk;
  return all;
}

const world = {
  assert,
  assertCarried,
  ca: certs.ca,
  certs,
  given: JSON.parse(process.argv[3]),
  identity: certs.identity('p256'),
  listen,
  once,
  ours,
  require,
  sockets,
  text,
  tls,
  track,
};

let isDone = false;
process.on('exit', (code) => {
  if (isDone || code !== 0) return;
  console.error('Nothing keeps the process, and the test waits for something.');
  process.exitCode = 1;
});

(async () => {
  const act = eval(`(${process.argv[2]})`);
  await act(world);
  isDone = true;
  for (const server of opened) {
    server.closeAllConnections?.();
    server.close();
  }
  assert.equal(coreConnections, 0, 'a connection was made by Node’s own TLS');
})().catch((error) => {
  console.error(error);
  process.exit(1);
});
