'use strict';

const { test } = require('./processes');

describe('http2 under napi-tls/register', () => {
  test('has sessions over our sockets', async (world) => {
    const { assert, assertCarried, ca, identity, listen, once, ours, require, text } = world;
    const http2 = require('node:http2');
    const server = http2.createSecureServer(identity);
    let peer;
    server.on('stream', (stream) => {
      peer = stream.session;
      stream.respond({ ':status': 200 });
      stream.pipe(stream);
    });
    const port = await listen(server);
    const session = http2.connect(`https://localhost:${port}`, { ca });
    const [, socket] = await once(session, 'connect');
    assert.ok(socket instanceof ours.TLSSocket);
    for (const { encrypted, alpnProtocol } of [session]) {
      assert.equal(encrypted, true);
      assert.equal(alpnProtocol, 'h2');
    }
    assert.equal(session.socket.authorized, true);
    assert.equal(
      session.socket.getPeerCertificate().subject.CN,
      socket.getPeerCertificate().subject.CN,
    );
    const answers = Array.from({ length: 20 }, async (_, i) => {
      const stream = session.request({ ':method': 'POST', ':path': `/${i}` });
      stream.end('x'.repeat(i * 10_000));
      return (await text(stream)).length;
    });
    assert.deepEqual(
      await Promise.all(answers),
      Array.from({ length: 20 }, (_, i) => i * 10_000),
    );
    assert.equal(peer.encrypted, true);
    assert.equal(peer.alpnProtocol, 'h2');
    assertCarried(socket);
    session.close();
    await once(session, 'close');
  });

  test("tells of the 'response' before the data that came with it", async (world) => {
    const { assert, ca, identity, listen, once, require } = world;
    const http2 = require('node:http2');
    const server = http2.createSecureServer(identity, (request, response) => response.end('x'));
    const session = http2.connect(`https://localhost:${await listen(server)}`, { ca });
    for (let i = 0; i < 5; i++) {
      const events = [];
      const stream = session.request();
      for (const name of ['response', 'data', 'end']) stream.on(name, () => events.push(name));
      await once(stream, 'close');
      assert.deepEqual(events, ['response', 'data', 'end']);
    }
    session.close();
    await once(session, 'close');
  });

  test('closes a session whose socket its server ends at once', async (world) => {
    const { assert, ca, identity, listen, once, require } = world;
    const http2 = require('node:http2');
    const server = http2.createSecureServer(identity);
    const errors = [];
    server.on('secureConnection', (socket) => {
      socket.on('error', (error) => errors.push(error));
      socket.end();
    });
    const session = http2.connect(`https://localhost:${await listen(server)}`, { ca });
    await once(session, 'close');
    await new Promise((resolve) => server.close(resolve));
    assert.deepEqual(errors, []);
  });

  test('speaks HTTP/1.1 with whoever speaks nothing else', async (world) => {
    const { assert, ca, identity, listen, once, require, text } = world;
    const http2 = require('node:http2');
    const https = require('node:https');
    const server = http2.createSecureServer(
      { ...identity, allowHTTP1: true },
      (request, response) => {
        response.end(request.httpVersion);
      },
    );
    const port = await listen(server);
    const [response] = await once(https.get({ port, ca, agent: false }), 'response');
    assert.equal(await text(response), '1.1');
  });

  test('has a session over a socket that its caller has connected', async (world) => {
    const { assert, assertCarried, ca, identity, listen, once, require, text, tls } = world;
    const http2 = require('node:http2');
    const server = http2.createSecureServer(identity, (request, response) =>
      response.end('answer'),
    );
    const port = await listen(server);
    for (const connected of [true, false]) {
      const socket = tls.connect({ port, ca, ALPNProtocols: ['h2'] });
      if (connected) await once(socket, 'secureConnect');
      const session = http2.connect('https://localhost', { createConnection: () => socket });
      assert.equal(await text(session.request()), 'answer');
      assertCarried(socket);
      session.close();
      await once(session, 'close');
    }
  });

  test('carries large bodies of many streams both ways at once', async (world) => {
    const { assert, ca, identity, listen, once, require } = world;
    const { createHash, randomBytes } = require('node:crypto');
    const http2 = require('node:http2');
    const server = http2.createSecureServer(identity, (request, response) =>
      request.pipe(response),
    );
    const session = http2.connect(`https://localhost:${await listen(server)}`, { ca });
    const digest = (bytes) => createHash('sha256').update(bytes).digest('hex');
    const echo = async (body) => {
      const stream = session.request({ ':method': 'POST' });
      stream.end(body);
      const chunks = [];
      for await (const chunk of stream) chunks.push(chunk);
      assert.equal(digest(Buffer.concat(chunks)), digest(body));
    };
    await Promise.all(Array.from({ length: 8 }, (_, i) => echo(randomBytes(1_000_000 + i))));
    session.close();
    await once(session, 'close');
  });

  // Of what http2 has taken the memory serves again at once.
  test('leaves the data of other connections alone', async (world) => {
    const { assert, ca, identity, listen, once, require, tls } = world;
    const { randomBytes } = require('node:crypto');
    const http2 = require('node:http2');
    const body = randomBytes(2_000_000);
    const plain = tls.createServer(identity, (socket) => socket.end(body));
    const server = http2.createSecureServer(identity, (request, response) =>
      request.pipe(response),
    );
    const session = http2.connect(`https://localhost:${await listen(server)}`, { ca });
    const echo = async () => {
      const stream = session.request({ ':method': 'POST' });
      stream.end(body);
      const chunks = [];
      for await (const chunk of stream) chunks.push(chunk);
      assert.ok(Buffer.concat(chunks).equals(body));
    };
    const port = await listen(plain);
    const keep = async () => {
      const chunks = [];
      for await (const chunk of tls.connect({ port, ca })) chunks.push(chunk);
      // Not joined before: each is a view of what it came in.
      await echo();
      assert.ok(Buffer.concat(chunks).equals(body));
    };
    await Promise.all([echo(), keep(), keep()]);
    session.close();
    await once(session, 'close');
  });

  test('closes by itself when the last stream ends after close()', async (world) => {
    const { ca, identity, listen, once, require, tls } = world;
    const http2 = require('node:http2');
    const server = http2.createSecureServer(identity, (request, response) => response.end());
    const socket = tls.connect({ port: await listen(server), ca, ALPNProtocols: ['h2'] });
    // The settings of the server are in the stream already when the session takes it over.
    await once(socket, 'readable');
    const session = http2.connect('https://localhost', { createConnection: () => socket });
    await once(session, 'remoteSettings');
    const stream = session.request();
    stream.resume();
    stream.on('end', () => {
      session.close();
      stream.close();
    });
    await once(session, 'close');
    if (!socket.closed) await once(socket, 'close');
  });

  test('ends a session whose connection is lost', async (world) => {
    const { assert, ca, identity, listen, require } = world;
    const http2 = require('node:http2');
    const server = http2.createSecureServer(identity);
    server.on('stream', (stream) => stream.session.socket.destroySoon());
    server.on('session', (peer) => peer.on('stream', (stream) => stream.session.destroy()));
    const session = http2.connect(`https://localhost:${await listen(server)}`, { ca });
    const stream = session.request();
    // An error or none: that depends on who notices first.
    stream.on('error', () => {});
    session.on('error', () => {});
    await new Promise((resolve) => session.on('close', resolve));
    assert.ok(session.destroyed && stream.destroyed);
  });
});
