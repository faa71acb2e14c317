'use strict';

// What https and http2 have in common: Node's own modules over the implementation under measurement, and a server that
// answers with a small JSON text or with 100 MB.

const assert = require('node:assert/strict');
const { once } = require('node:events');
const core = require('node:tls');
const { HOST, WARM_UP } = require('./connection');

const JSON_BODY = JSON.stringify({
  id: 4711,
  name: 'napi-tls',
  tags: ['a', 'b', 'c'],
  done: false,
});

const CHUNK = Buffer.alloc(64 * 1024, 'x');

/** Bytes of a download: as many chunks as make about 100 MB. */
const DOWNLOAD = 1526 * CHUNK.length;

const PATHS = { json: '/json', download: '/download' };

/**
 * @param {string} name of the case
 * @param {object} [parameters]
 * @returns {object} a case of small requests
 */
function requestsCase(name, parameters) {
  return {
    name,
    unit: 'request',
    parameters: { ...parameters, path: PATHS.json },
    warmUp: WARM_UP,
  };
}

/**
 * @param {string} name of the case
 * @param {object} [parameters]
 * @returns {object} a case of downloads, one after the other
 */
function downloadCase(name, parameters) {
  return { name, unit: 'MB', parameters: { ...parameters, path: PATHS.download }, warmUp: WARM_UP };
}

/**
 * @param {object} tls implementation under measurement
 * @param {'https' | 'http2'} name
 * @returns {object} that module of Node, over `tls`
 */
function requireOver(tls, name) {
  if (tls !== core) {
    assert.equal(tls, require('..'), 'only this repository can take the place of node:tls');
    require('../lib/register');
  }
  return require(`node:${name}`);
}

/**
 * @param {object} server of https or http2
 * @param {object} tls implementation under measurement
 * @param {object} parameters of the run
 * @returns {Promise<{ port: number, count: function(): number }>} `count` of answers, or of MB
 */
async function serve(server, tls, { path }) {
  let served = 0;
  const sendText = (response) => {
    served++;
    response.writeHead(200, {
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(JSON_BODY),
    });
    response.end(JSON_BODY);
  };
  const sendData = (response) => {
    let left = DOWNLOAD;
    const fill = () => {
      let more = true;
      while (more && left > 0) {
        left -= CHUNK.length;
        served += CHUNK.length / 1e6;
        more = response.write(CHUNK);
      }
      if (left === 0) response.end();
    };
    response.writeHead(200, { 'content-length': DOWNLOAD });
    response.on('drain', fill);
    fill();
  };
  const respond = path === PATHS.json ? sendText : sendData;
  server.on('secureConnection', (socket) => assert.ok(socket instanceof tls.TLSSocket));
  server.on('request', (request, response) => respond(response));
  server.listen(0, HOST);
  await once(server, 'listening');
  return { port: server.address().port, count: () => served };
}

/**
 * @param {object} parameters of the run
 * @returns {{ onData: function(Buffer): void, onEnd: function(): void, count: function(): number }} listeners for
 *   responses; `count` of answers, or of MB
 */
function counter({ path }) {
  let received = 0;
  const countsBytes = path === PATHS.download;
  return {
    onData(chunk) {
      if (countsBytes) received += chunk.length / 1e6;
    },
    onEnd() {
      if (!countsBytes) received++;
    },
    count: () => received,
  };
}

module.exports = { counter, downloadCase, requestsCase, requireOver, serve };
