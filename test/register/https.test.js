'use strict';

const { test } = require('./processes');

describe('https under napi-tls/register', () => {
  test('serves requests, and keeps connections of an agent alive', async (world) => {
    const { assert, assertCarried, ca, identity, listen, once, require, text } = world;
    const https = require('node:https');
    const peers = new Set();
    const server = https.createServer(identity, async (request, response) => {
      peers.add(request.socket);
      assert.equal(request.socket._httpMessage, response);
      response.end(`${request.method} ${await text(request)}`);
    });
    const port = await listen(server);
    const agent = new https.Agent({ keepAlive: true, maxSockets: 1, ca });
    const sockets = new Set();
    for (let i = 0; i < 5; i++) {
      const request = https.request({ port, agent, method: 'POST' }).end(`body ${i}`);
      const [response] = await once(request, 'response');
      assert.equal(request.reusedSocket, i > 0);
      const { socket } = response;
      assert.equal(socket._httpMessage, request);
      assert.equal(socket.authorized, true);
      sockets.add(socket);
      assert.equal(await text(response), `POST body ${i}`);
      // The socket is free again after 'end'.
      await new Promise(setImmediate);
      assert.equal(socket._httpMessage, null);
    }
    assert.equal(sockets.size, 1);
    assert.equal(peers.size, 1);
    for (const socket of [...sockets, ...peers]) assertCarried(socket);
    agent.destroy();
  });

  test('reads an early answer to an upload', async (world) => {
    const { assert, ca, identity, listen, require } = world;
    const https = require('node:https');
    const server = https.createServer(identity, (request, response) => {
      response.writeHead(413, { connection: 'close' });
      response.end('too large');
    });
    const port = await listen(server);
    for (let i = 0; i < 5; i++) {
      const request = https.request({ port, ca, method: 'POST', agent: false });
      let answer = '';
      request.on('response', (response) => {
        assert.equal(response.statusCode, 413);
        response.on('data', (chunk) => (answer += chunk));
      });
      // That the rest was not taken may be told too.
      const closed = new Promise((resolve) => request.on('error', () => {}).on('close', resolve));
      let left = 20;
      const upload = () => {
        while (left-- > 0 && !request.destroyed) {
          if (!request.write(Buffer.alloc(40_000))) {
            request.once('drain', upload);
            return;
          }
        }
        request.end();
      };
      upload();
      await closed;
      assert.equal(answer, 'too large');
    }
  });

  test('reports one failure of a handshake that the peer ends', async (world) => {
    const { assert, ca, identity, listen, require } = world;
    const https = require('node:https');
    const server = https.createServer({ ...identity, requestCert: true, maxVersion: 'TLSv1.2' });
    server.on('connection', (socket) => setImmediate(() => socket.end()));
    server.on('tlsClientError', () => {});
    const port = await listen(server);
    const errors = [];
    await new Promise((resolve) => {
      const request = https.get({ port, ca, agent: false });
      request.on('error', (error) => errors.push(error.code));
      request.on('close', resolve);
    });
    await new Promise(setImmediate);
    assert.deepEqual(errors, ['ECONNRESET']);
  });

  test('answers pipelined requests in their order', async (world) => {
    const { assert, ca, identity, listen, once, require, tls } = world;
    const server = require('node:https').createServer(identity, (request, response) => {
      response.end(`<${request.url}>`);
    });
    const port = await listen(server);
    const socket = tls.connect({ port, ca }).setEncoding('latin1');
    await once(socket, 'secureConnect');
    const paths = Array.from({ length: 50 }, (_, i) => `/${i}`);
    const last = { '/49': 'close' };
    for (const path of paths) {
      const connection = last[path] ?? 'keep-alive';
      socket.write(`GET ${path} HTTP/1.1\r\nhost: localhost\r\nconnection: ${connection}\r\n\r\n`);
    }
    let all = '';
    for await (const chunk of socket) all += chunk;
    assert.deepEqual(
      all.match(/<[^>]*>/g),
      paths.map((path) => `<${path}>`),
    );
  });

  test('carries a megabyte each way intact', async (world) => {
    const { assert, ca, identity, listen, once, require } = world;
    const { createHash, randomBytes } = require('node:crypto');
    const https = require('node:https');
    const server = https.createServer(identity, (request, response) => request.pipe(response));
    const port = await listen(server);
    const body = randomBytes(3 * 1024 * 1024 + 17);
    const request = https.request({ port, ca, method: 'PUT', agent: false }).end(body);
    const [response] = await once(request, 'response');
    const hash = createHash('sha256');
    for await (const chunk of response) hash.update(chunk);
    assert.equal(hash.digest('hex'), createHash('sha256').update(body).digest('hex'));
  });

  test('hands an upgraded connection over, with what has come already', async (world) => {
    const { assert, assertCarried, ca, identity, listen, once, require } = world;
    const https = require('node:https');
    const server = https.createServer(identity);
    const port = await listen(server);
    const early = Buffer.alloc(200_000, 'early');
    const late = Buffer.alloc(300_000, 'late');
    const total = early.length + late.length;
    server.on('upgrade', (request, socket, head) => {
      let size = head.length;
      const parts = [head];
      socket.write(
        'HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: echo\r\n\r\n',
      );
      socket.on('data', (chunk) => {
        parts.push(chunk);
        size += chunk.length;
        if (size === total) socket.end(Buffer.concat(parts));
      });
    });
    const request = https.request({
      port,
      ca,
      agent: false,
      headers: { connection: 'upgrade', upgrade: 'echo' },
    });
    // Before the server has agreed, and in the same records as the end of the request.
    request.on('socket', (socket) => {
      socket.cork();
      request.end();
      socket.write(early);
      socket.uncork();
    });
    const [response, socket, head] = await once(request, 'upgrade');
    assert.equal(response.statusCode, 101);
    const parts = [head];
    socket.on('data', (chunk) => parts.push(chunk));
    socket.write(late);
    await once(socket, 'end');
    assert.ok(Buffer.concat(parts).equals(Buffer.concat([early, late])));
    assertCarried(socket);
    socket.destroy();
  });

  test('tunnels TLS through CONNECT over TLS', async (world) => {
    const { assert, assertCarried, ca, identity, listen, once, require, text, tls } = world;
    const https = require('node:https');
    const net = require('node:net');
    const port = await listen(
      https.createServer(identity, (request, response) => response.end('behind the proxy')),
    );
    const proxy = https.createServer(identity);
    proxy.on('connect', (request, client, head) => {
      const upstream = net.connect(port, '127.0.0.1', () => {
        client.write('HTTP/1.1 200 Connection established\r\n\r\n');
        upstream.write(head);
        upstream.pipe(client).pipe(upstream);
      });
    });
    const connect = https
      .request({
        port: await listen(proxy),
        ca,
        agent: false,
        method: 'CONNECT',
        path: 'inner:443',
        // Node 26 expects the name in the path.
        servername: 'localhost',
      })
      .end();
    const [response, outer] = await once(connect, 'connect');
    assert.equal(response.statusCode, 200);
    const inner = tls.connect({ socket: outer, ca, servername: 'localhost' });
    const request = https.get({ createConnection: () => inner, host: 'localhost', path: '/' });
    const [answer] = await once(request, 'response');
    assert.equal(await text(answer), 'behind the proxy');
    assertCarried(inner);
    assertCarried(outer);
  });

  for (const version of ['TLSv1.2', 'TLSv1.3']) {
    const source = async (world) => {
      const { assert, ca, identity, listen, once, require, text } = world;
      const https = require('node:https');
      const port = await listen(https.createServer(identity, (_, response) => response.end('x')));
      const agent = new https.Agent({ ca, maxVersion: 'VERSION', minVersion: 'VERSION' });
      const reused = [];
      for (let i = 0; i < 4; i++) {
        const [response] = await once(https.get({ port, agent }), 'response');
        reused.push(response.socket.isSessionReused());
        await text(response);
      }
      assert.deepEqual(reused, [false, true, true, true]);
      const without = new https.Agent({ ca, maxCachedSessions: 0 });
      for (let i = 0; i < 2; i++) {
        const [response] = await once(https.get({ port, agent: without }), 'response');
        assert.equal(response.socket.isSessionReused(), false);
        await text(response);
      }
    };
    test(`resumes the sessions of an agent over ${version}`, {
      toString: () => source.toString().replaceAll('VERSION', version),
    });
  }

  test('keeps AsyncLocalStorage through a request', async (world) => {
    const { assert, ca, identity, listen, once, require, text } = world;
    const { AsyncLocalStorage } = require('node:async_hooks');
    const https = require('node:https');
    const port = await listen(https.createServer(identity, (_, response) => response.end('x')));
    const storage = new AsyncLocalStorage();
    const agent = new https.Agent({ keepAlive: true, maxSockets: 1, ca });
    const seen = await Promise.all(
      [1, 2, 3].map((id) =>
        storage.run(id, async () => {
          const stores = [];
          const request = https.get({ port, agent }, () => stores.push(storage.getStore()));
          request.on('socket', () => stores.push(storage.getStore()));
          const [response] = await once(request, 'response');
          response.on('end', () => stores.push(storage.getStore()));
          await text(response);
          return stores;
        }),
      ),
    );
    assert.deepEqual(seen, [
      [1, 1, 1],
      [2, 2, 2],
      [3, 3, 3],
    ]);
    agent.destroy();
  });

  test('keeps AsyncLocalStorage in the events of a socket', async (world) => {
    const { assert, ca, identity, listen, once, require, tls } = world;
    const { AsyncLocalStorage } = require('node:async_hooks');
    const port = await listen(tls.createServer(identity, (socket) => socket.pipe(socket)));
    const storage = new AsyncLocalStorage();
    const seen = [];
    const see = () => seen.push(storage.getStore());
    const socket = storage.run('store', () => tls.connect({ port, ca }));
    socket.on('secureConnect', see).on('data', see).on('end', see);
    await once(socket, 'secureConnect');
    for (let i = 0; i < 3; i++) {
      socket.write('x');
      await once(socket, 'data');
    }
    socket.end();
    await once(socket, 'end');
    assert.deepEqual(seen, Array(5).fill('store'));
  });

  test('reports a certificate that is not trusted', async (world) => {
    const { assert, identity, listen, once, require } = world;
    const https = require('node:https');
    const port = await listen(https.createServer(identity));
    const [error] = await once(https.get({ port }), 'error');
    assert.equal(error.code, 'UNABLE_TO_VERIFY_LEAF_SIGNATURE');
    // With a body too, whose callback must not be the first to tell: got believes whoever comes first.
    const request = https.request({ port, method: 'POST' });
    const errors = [];
    request.on('error', (error) => errors.push(error.code));
    request.end('body', (error) => error && errors.push(error.code));
    await new Promise((resolve) => request.on('close', () => setTimeout(resolve, 20)));
    assert.equal(errors[0], 'UNABLE_TO_VERIFY_LEAF_SIGNATURE');
  });

  test('serves fetch', async (world) => {
    const { assert, certs, identity, listen, require, tls } = world;
    const https = require('node:https');
    const seen = [];
    const server = https.createServer(identity, (request, response) => {
      seen.push(request.socket);
      request.pipe(response);
    });
    const port = await listen(server);
    const { createSecureContext } = tls;
    // The one way to give the built-in fetch an authority within the process.
    tls.createSecureContext = (options) => createSecureContext({ ...options, ca: certs.ca });
    for (let i = 0; i < 3; i++) {
      const response = await fetch(`https://localhost:${port}/`, { method: 'POST', body: `b${i}` });
      assert.equal(await response.text(), `b${i}`);
    }
    assert.ok(seen[0] instanceof tls.TLSSocket);
  });
});
