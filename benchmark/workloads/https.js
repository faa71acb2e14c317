'use strict';

const assert = require('node:assert/strict');
const { once } = require('node:events');
const core = require('node:tls');
const { connectOptions, HOST, serverOptions, WARM_UP } = require('../connection');

// Node's own https over the implementation under measurement, with connections that are kept alive.

const JSON_BODY = JSON.stringify({
  id: 4711,
  name: 'napi-tls',
  tags: ['a', 'b', 'c'],
  done: false,
});

const CHUNK = Buffer.alloc(64 * 1024, 'x');

/** Bytes of a download: as many chunks as make about 100 MB. */
const DOWNLOAD = 1526 * CHUNK.length;

const cases = [
  ...[1, 50].map((connections) => ({
    name: `https requests, ${connections} connection${connections === 1 ? '' : 's'}, JSON`,
    unit: 'request',
    parameters: { connections, path: '/json' },
    warmUp: WARM_UP,
  })),
  {
    name: 'https download of 100 MB',
    unit: 'MB',
    parameters: { connections: 1, path: '/download' },
    warmUp: WARM_UP,
  },
];

/** @returns {object} Node's https, over `tls` */
function httpsOver(tls) {
  if (tls !== core) {
    assert.equal(
      tls,
      require('../..'),
      'https: only this repository can take the place of node:tls',
    );
    require('../../lib/register');
  }
  return require('node:https');
}

async function server(tls, parameters) {
  const countsBytes = parameters.path === '/download';
  let served = 0;
  const server = httpsOver(tls).createServer(serverOptions(parameters), (request, response) => {
    assert.ok(request.socket instanceof tls.TLSSocket);
    if (!countsBytes) {
      served++;
      response.writeHead(200, {
        'content-type': 'application/json',
        'content-length': Buffer.byteLength(JSON_BODY),
      });
      response.end(JSON_BODY);
      return;
    }
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
  });
  // While other pairs have their turns, the connections are idle.
  server.keepAliveTimeout = 0;
  server.listen(0, HOST);
  await once(server, 'listening');
  return { port: server.address().port, count: () => served };
}

async function client(tls, parameters) {
  const { connections, path } = parameters;
  const https = httpsOver(tls);
  const agent = new https.Agent({ keepAlive: true, maxSockets: connections });
  const options = { ...connectOptions(parameters), agent, path };
  const countsBytes = path === '/download';
  let received = 0;

  const request = (onStarted) => {
    const message = https.get(options, (response) => {
      assert.equal(response.statusCode, 200);
      assert.ok(response.socket instanceof tls.TLSSocket);
      response.on('data', (chunk) => {
        if (countsBytes) received += chunk.length / 1e6;
      });
      response.on('end', () => {
        if (!countsBytes) received++;
        request();
      });
      onStarted?.();
    });
    message.on('error', (error) => {
      throw error;
    });
  };
  await Promise.all(Array.from({ length: connections }, () => new Promise(request)));

  return { count: () => received };
}

module.exports = { cases, client, server };
