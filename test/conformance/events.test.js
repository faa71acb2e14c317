'use strict';

const assert = require('node:assert/strict');
const { once } = require('node:events');
const certs = require('../certs');
const { topic } = require('./pairings');
const { describeError, only, readAll, record, versions } = require('./scene');

const socketEvents = [
  'connect',
  'ready',
  'secureConnect',
  'session',
  'keylog',
  'OCSPResponse',
  'end',
  'close',
];
const serverEvents = [
  'connection',
  'secureConnection',
  'newSession',
  'resumeSession',
  'OCSPRequest',
  'keylog',
  'tlsClientError',
];

topic('events', (test) => {
  for (const version of versions) {
    test.observe(
      `come on the client in core's order over ${version}`,
      async (scene) => {
        const server = await scene.listen(only(version), (far) => far.end('x'));
        const near = scene.connect(server);
        const log = record([], '', near, socketEvents);
        near.resume();
        await once(near, 'close');
        return log;
      },
      (log) => {
        assert.deepEqual(
          log.filter((name) => name !== 'keylog' && name !== 'session'),
          ['connect', 'ready', 'secureConnect', 'end', 'close'],
        );
        assert.equal(
          log.filter((name) => name === 'session').length,
          version === 'TLSv1.2' ? 1 : 2,
        );
      },
    );

    test.observe(
      `come on the server in core's order over ${version}`,
      async (scene) => {
        const server = scene.createServer(only(version));
        const log = record(
          [],
          '',
          server,
          serverEvents.filter((name) => !/Session|OCSP/.test(name)),
        );
        await scene.bind(server);
        const { near } = await scene.join(server);
        near.end();
        await once(near.resume(), 'close');
        return log;
      },
      (log) => {
        const names = log.filter((name) => name !== 'keylog');
        assert.deepEqual(names, ['connection', 'secureConnection']);
      },
    );

    test(`session gives a Buffer that resumes over ${version}`, async (scene) => {
      const server = await scene.listen(only(version), (far) => far.end('x'));
      const near = scene.connect(server);
      const sessions = [];
      near.on('session', (session) => sessions.push(session));
      await readAll(near);
      assert(sessions.length > 0);
      for (const session of sessions) assert(Buffer.isBuffer(session));
      const { near: again, far } = await scene.join(server, { session: sessions.at(-1) });
      assert.equal(again.isSessionReused(), true);
      assert.equal(far.isSessionReused(), true);
    });

    test(`keylog gives the same lines on both sides over ${version}`, async (scene) => {
      const server = await scene.listen(only(version));
      const lines = { near: [], far: [] };
      server.on('keylog', (line, socket) => {
        assert(socket instanceof scene.server.TLSSocket);
        lines.far.push(String(line));
      });
      const near = scene.connect(server);
      near.on('keylog', (line) => {
        assert(Buffer.isBuffer(line));
        lines.near.push(String(line));
      });
      await Promise.all([once(near, 'secureConnect'), once(server, 'secureConnection')]);
      assert.deepEqual(lines.near.sort(), lines.far.sort());
      const labels = lines.near.map((line) => line.split(' ')[0]);
      if (version === 'TLSv1.2') assert.deepEqual(labels, ['CLIENT_RANDOM']);
      else {
        assert.deepEqual(labels, [
          'CLIENT_HANDSHAKE_TRAFFIC_SECRET',
          'CLIENT_TRAFFIC_SECRET_0',
          'EXPORTER_SECRET',
          'SERVER_HANDSHAKE_TRAFFIC_SECRET',
          'SERVER_TRAFFIC_SECRET_0',
        ]);
      }
      for (const line of lines.near) assert.match(line, /^[A-Z_0-9]+ [0-9a-f]{64} [0-9a-f]+\n$/);
    });

    test(`OCSPRequest answers OCSPResponse over ${version}`, async (scene) => {
      const server = await scene.listen(only(version));
      const requests = [];
      server.on('OCSPRequest', (certificate, issuer, done) => {
        requests.push([certificate, issuer]);
        setTimeout(done, 5, null, Buffer.from('the response'));
      });
      const near = scene.connect(server, { requestOCSP: true });
      const log = record([], '', near, ['secureConnect', 'OCSPResponse']);
      const [response] = await once(near, 'OCSPResponse');
      assert.deepEqual(response, Buffer.from('the response'));
      await once(near, 'secureConnect');
      assert.deepEqual(log, ['OCSPResponse', 'secureConnect']);
      assert.equal(requests.length, 1);
      assert(Buffer.isBuffer(requests[0][0]));
    });

    test(`OCSPRequest without an answer gives null over ${version}`, async (scene) => {
      const server = await scene.listen(only(version));
      server.on('OCSPRequest', (certificate, issuer, done) => done());
      const near = scene.connect(server, { requestOCSP: true });
      const [[response]] = await Promise.all([
        once(near, 'OCSPResponse'),
        once(near, 'secureConnect'),
      ]);
      assert.equal(response, null);
    });

    test(`OCSPResponse is null without a listener on the server over ${version}`, async (scene) => {
      const server = await scene.listen(only(version));
      const near = scene.connect(server, { requestOCSP: true });
      const [[response]] = await Promise.all([
        once(near, 'OCSPResponse'),
        once(near, 'secureConnect'),
      ]);
      assert.equal(response, null);
    });

    test.observe(
      `OCSPRequest with an error fails the handshake over ${version}`,
      async (scene) => {
        const server = await scene.listen(only(version));
        server.on('OCSPRequest', (certificate, issuer, done) => done(new Error('no response')));
        return scene.attempt(server, { requestOCSP: true });
      },
      ({ server }) => assert.equal(server.error.message, 'no response'),
    );

    test(`no OCSPRequest comes without requestOCSP over ${version}`, async (scene) => {
      const server = await scene.listen(only(version));
      server.on('OCSPRequest', () => assert.fail('none was sent'));
      const near = scene.connect(server);
      near.on('OCSPResponse', () => assert.fail('none was asked for'));
      await once(near, 'secureConnect');
    });
  }

  test('OCSPRequest brings the certificate and its issuer', async (scene) => {
    const { X509Certificate } = require('node:crypto');
    const server = await scene.listen({ ...certs.identity('chain', '-full.pem'), ca: certs.ca });
    const asked = new Promise((resolve) => {
      server.on('OCSPRequest', (certificate, issuer, done) => {
        done(null, null);
        resolve([certificate, issuer]);
      });
    });
    const near = scene.connect(server, { requestOCSP: true });
    const [certificate, issuer] = await asked;
    await once(near, 'secureConnect');
    assert.equal(new X509Certificate(certificate).subject, 'CN=chain');
    assert.match(new X509Certificate(issuer).subject, /Test Intermediate/);
  });

  test('secureConnection gives the socket, to all listeners', async (scene) => {
    const sockets = [];
    const server = await scene.listen({}, function (socket) {
      assert.equal(this, server);
      sockets.push(socket);
    });
    server.on('secureConnection', (socket) => sockets.push(socket));
    const { far } = await scene.join(server);
    assert.deepEqual(
      sockets.map((socket) => socket === far),
      [true, true],
    );
  });

  test('connection comes before secureConnection with the raw socket', async (scene) => {
    const server = await scene.listen();
    const raw = once(server, 'connection');
    const { far } = await scene.join(server);
    const [socket] = await raw;
    assert.notEqual(socket, far);
    assert.equal(socket.encrypted, undefined);
    assert.equal(socket.remotePort, far.remotePort);
  });

  test('tlsClientError gives the error and the socket', async (scene) => {
    const server = await scene.listen();
    const failed = once(server, 'tlsClientError');
    const raw = await scene.connectRaw(server);
    raw.on('error', () => {});
    raw.end('GET / HTTP/1.0\r\n\r\n');
    const [error, socket] = await failed;
    assert.equal(error.code, 'ERR_SSL_HTTP_REQUEST');
    assert(socket instanceof scene.server.TLSSocket);
  });

  test.observe(
    'secureConnect never comes after an error',
    async (scene) => {
      const server = await scene.listen(certs.identity('expired'));
      const near = scene.connect(server);
      const log = record([], '', near, ['connect', 'secureConnect', 'error', 'end', 'close']);
      await once(near, 'close').catch(() => once(near, 'close'));
      return log;
    },
    (log) => assert.deepEqual(log, ['connect', 'error', 'close']),
  );

  test('an exception in secureConnect is not swallowed', async (scene) => {
    const server = await scene.listen();
    const near = scene.connect(server);
    const mine = new Error('thrown in a listener');
    const listeners = process.listeners('uncaughtException');
    process.removeAllListeners('uncaughtException');
    const caught = once(process, 'uncaughtException');
    near.on('secureConnect', () => {
      throw mine;
    });
    try {
      assert.equal((await caught)[0], mine);
    } finally {
      for (const listener of listeners) process.on('uncaughtException', listener);
    }
  });

  test('errors without a listener are thrown', async (scene) => {
    const server = await scene.listen(certs.identity('expired'));
    const listeners = process.listeners('uncaughtException');
    process.removeAllListeners('uncaughtException');
    const caught = once(process, 'uncaughtException');
    scene.connect(server);
    try {
      assert.equal(describeError((await caught)[0]).code, 'CERT_HAS_EXPIRED');
    } finally {
      for (const listener of listeners) process.on('uncaughtException', listener);
    }
  });
});
