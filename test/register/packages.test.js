'use strict';

const { test } = require('./processes');

// What npm packages need of tls, with the packages themselves.

describe('packages under napi-tls/register', () => {
  test('ws: a secure WebSocket, with and without compression', async (world) => {
    const { assert, assertCarried, ca, identity, listen, once, require } = world;
    const https = require('node:https');
    const { WebSocket, WebSocketServer } = require('ws');
    for (const perMessageDeflate of [false, true]) {
      const server = https.createServer(identity);
      const sockets = new WebSocketServer({ server, perMessageDeflate });
      const peers = [];
      sockets.on('connection', (peer, request) => {
        peers.push(request.socket);
        peer.on('message', (data, isBinary) => peer.send(data, { binary: isBinary }));
      });
      const client = new WebSocket(`wss://localhost:${await listen(server)}`, {
        ca,
        perMessageDeflate,
      });
      let socket;
      client.on('upgrade', (response) => (socket = response.socket));
      await once(client, 'open');
      for (const size of [0, 1, 125, 126, 65_536, 1_000_000]) {
        const message = Buffer.alloc(size, 'napi-tls ');
        client.send(message);
        const [echo] = await once(client, 'message');
        assert.ok(message.equals(echo), `${size} bytes`);
      }
      client.send('text');
      const [echo, isBinary] = await once(client, 'message');
      assert.equal(isBinary, false);
      assert.equal(String(echo), 'text');
      client.close(4000, 'enough');
      const [code] = await once(client, 'close');
      assert.equal(code, 4000);
      assertCarried(socket);
      assert.ok(peers[0].encrypted);
    }
  });

  test('undici: HTTP/1.1 with pipelining', async (world) => {
    const { assert, assertCarried, ca, identity, listen, require } = world;
    const undici = require('undici');
    const seen = new Set();
    const server = require('node:https').createServer(identity, (request, response) => {
      seen.add(request.socket);
      request.pipe(response);
    });
    const origin = `https://localhost:${await listen(server)}`;
    const client = new undici.Client(origin, { connect: { ca }, pipelining: 4 });
    const bodies = Array.from({ length: 20 }, (_, i) => `body ${i}`.repeat(i * 100 + 1));
    const answers = bodies.map(async (body) => {
      const answer = await client.request({ path: '/', method: 'PUT', body });
      return answer.body.text();
    });
    assert.deepEqual(await Promise.all(answers), bodies);
    assert.equal(seen.size, 1);
    for (const socket of seen) assertCarried(socket);
    await client.close();
  });

  test('undici: HTTP/2', async (world) => {
    const { assert, ca, identity, listen, ours, require } = world;
    const undici = require('undici');
    let session;
    const server = require('node:http2').createSecureServer(identity, (request, response) => {
      session = request.stream.session;
      request.pipe(response);
    });
    const origin = `https://localhost:${await listen(server)}`;
    const client = new undici.Client(origin, { connect: { ca }, allowH2: true });
    for (let i = 0; i < 5; i++) {
      const body = `body ${i}`.repeat(10_000);
      const answer = await client.request({ path: '/', method: 'POST', body });
      assert.equal(answer.statusCode, 200);
      assert.equal(await answer.body.text(), body);
    }
    assert.ok(session.socket instanceof ours.TLSSocket);
    assert.equal(session.alpnProtocol, 'h2');
    await client.close();
  });

  test('express and axios: requests, redirects, streams', async (world) => {
    const { assert, assertCarried, ca, identity, listen, require, text } = world;
    const axios = require('axios');
    const express = require('express');
    const https = require('node:https');
    const app = express();
    const seen = new Set();
    app.use((request, response, next) => {
      seen.add(request.socket);
      next();
    });
    app.use(express.json({ limit: '1mb' }));
    app.get('/secure', (request, response) => response.json({ secure: request.secure }));
    app.get('/moved', (request, response) => response.redirect('/secure'));
    app.post('/echo', (request, response) => response.json(request.body));
    app.get('/big', (request, response) => response.send(Buffer.alloc(2_000_000, 'x')));
    const port = await listen(https.createServer(identity, app));
    const httpsAgent = new https.Agent({ ca, keepAlive: true });
    const client = axios.create({ baseURL: `https://localhost:${port}`, httpsAgent });
    assert.deepEqual((await client.get('/secure')).data, { secure: true });
    assert.deepEqual((await client.get('/moved')).data, { secure: true });
    const document = { list: Array.from({ length: 5000 }, (_, i) => `item ${i}`) };
    assert.deepEqual((await client.post('/echo', document)).data, document);
    const { data } = await client.get('/big', { responseType: 'stream' });
    assert.equal((await text(data)).length, 2_000_000);
    await assert.rejects(axios.get(`https://localhost:${port}/secure`), {
      code: 'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
    });
    for (const socket of seen) if (socket.bytesRead > 0) assertCarried(socket);
    httpsAgent.destroy();
  });

  test('got: streams, retries, and HTTP/1.1 with client certificates', async (world) => {
    const { assert, assertCarried, ca, certs, identity, listen, require, text } = world;
    const { default: got } = await import('got');
    const seen = new Set();
    const options = { ...identity, ca, requestCert: true };
    const server = require('node:https').createServer(options, (request, response) => {
      seen.add(request.socket);
      if (request.url === '/flaky' && seen.size === 1) request.socket.destroy();
      else if (request.method === 'POST') request.pipe(response);
      else response.end(request.socket.getPeerCertificate().subject.CN);
    });
    const client = got.extend({
      prefixUrl: `https://localhost:${await listen(server)}`,
      https: {
        certificateAuthority: ca,
        certificate: certs.read('client-cert.pem'),
        key: certs.read('client-key.pem'),
      },
    });
    assert.equal(await client('flaky', { retry: { calculateDelay: () => 1 } }).text(), 'client');
    assert.equal(seen.size, 2);
    const body = 'a stream '.repeat(200_000);
    const upload = client.stream.post('echo');
    upload.end(body);
    assert.equal(await text(upload), body);
    assertCarried([...seen].at(-1));
    await assert.rejects(client('', { https: { certificateAuthority: undefined } }), {
      code: 'SELF_SIGNED_CERT_IN_CHAIN',
    });
  });

  for (const scheme of ['http', 'https']) {
    const source = async (world) => {
      const { assert, assertCarried, ca, identity, listen, once, require, text } = world;
      const https = require('node:https');
      const net = require('node:net');
      const { HttpsProxyAgent } = await import('https-proxy-agent');
      const port = await listen(
        https.createServer(identity, (request, response) => response.end('behind the proxy')),
      );
      const proxy = require('node:SCHEME').createServer(identity);
      proxy.on('connect', (request, client, head) => {
        const upstream = net.connect(port, '127.0.0.1', () => {
          client.write('HTTP/1.1 200 Connection established\r\n\r\n');
          upstream.write(head);
          upstream.pipe(client).pipe(upstream);
        });
      });
      const agent = new HttpsProxyAgent(`SCHEME://localhost:${await listen(proxy)}`, { ca });
      const request = https.get({ agent, ca, host: 'localhost', port });
      const [response] = await once(request, 'response');
      const { socket } = response;
      assert.equal(await text(response), 'behind the proxy');
      assertCarried(socket);
    };
    test(`https-proxy-agent: a tunnel through a proxy of ${scheme}`, {
      toString: () => source.toString().replaceAll('SCHEME', scheme),
    });
  }
});
