'use strict';

const assert = require('node:assert/strict');
const { once } = require('node:events');
const certs = require('../certs');
const { topic } = require('./pairings');
const { describeError, only, thrownBy, versions } = require('./scene');

const { identity } = certs;
const open = { checkServerIdentity: () => undefined };

/** The common name that a client sees which asks for `servername`. */
async function nameOf(scene, server, servername) {
  const { near, far } = await scene.join(server, { ...open, servername });
  const { CN } = near.getPeerCertificate().subject;
  return { servername: far.servername, CN };
}

topic('SNI', (test) => {
  for (const [what, answer] of [
    ['a function', () => {}],
    ['an array', []],
    ['an object without a context', {}],
  ]) {
    test.observe(
      `fails for ${what} as the answer of SNICallback`,
      (scene) => scene.handshake({ SNICallback: (name, done) => done(null, answer) }, {}),
      ({ server }) => assert.equal(server.error.message, 'Invalid SNI context'),
    );
  }

  test('asks SNICallback once, whatever the client renegotiates', async (scene) => {
    const asked = [];
    const { near, far } = await scene.open({
      ...only('TLSv1.2'),
      SNICallback: (name, done) => {
        asked.push(name);
        done(null, scene.server.createSecureContext(identity('p256')));
      },
    });
    far.resume();
    await new Promise((resolve, reject) => {
      near.renegotiate({}, (error) => (error ? reject(error) : resolve()));
    });
    near.write('data');
    await once(far, 'data');
    assert.deepEqual(asked, ['localhost']);
  });

  for (const version of versions) {
    test(`chooses among contexts over ${version}`, async (scene) => {
      const server = await scene.listen(only(version));
      server.addContext('a.example.com', identity('a'));
      server.addContext('b.example.com', identity('b'));
      server.addContext('*.wild.example.com', identity('wild'));
      for (const [servername, CN] of [
        ['a.example.com', 'a.example.com'],
        ['b.example.com', 'b.example.com'],
        ['x.wild.example.com', 'wild'],
        ['x.y.wild.example.com', 'p256'],
        ['wild.example.com', 'p256'],
        ['c.example.com', 'p256'],
      ]) {
        const seen = await nameOf(scene, server, servername);
        assert.deepEqual(seen, { servername, CN }, servername);
      }
    });

    test(`takes a context from SNICallback over ${version}`, async (scene) => {
      const names = [];
      const context = scene.server.createSecureContext(identity('a'));
      const server = await scene.listen({
        ...only(version),
        SNICallback(name, done) {
          names.push(name);
          done(null, context);
        },
      });
      const seen = await nameOf(scene, server, 'a.example.com');
      assert.deepEqual(seen, { servername: 'a.example.com', CN: 'a.example.com' });
      assert.deepEqual(names, ['a.example.com']);
    });

    test(`waits for an asynchronous SNICallback over ${version}`, async (scene) => {
      const context = scene.server.createSecureContext(identity('b'));
      const server = await scene.listen({
        ...only(version),
        SNICallback: (name, done) => setTimeout(done, 20, null, context),
      });
      assert.equal((await nameOf(scene, server, 'b.example.com')).CN, 'b.example.com');
    });

    for (const nothing of [null, undefined, false]) {
      test(`uses the default context when SNICallback gives ${nothing} over ${version}`, async (scene) => {
        const server = await scene.listen({
          ...only(version),
          SNICallback: (name, done) => done(null, nothing),
        });
        assert.equal((await nameOf(scene, server, 'a.example.com')).CN, 'p256');
      });
    }

    test.observe(
      `fails when SNICallback gives an error over ${version}`,
      (scene) =>
        scene.handshake({
          ...only(version),
          SNICallback: (name, done) => done(Object.assign(new Error('no name'), { code: 'MINE' })),
        }),
      ({ client, server }) => {
        assert.equal(client.event, 'error');
        assert.equal(client.error.code, 'ECONNRESET');
        assert.deepEqual(server.error, { name: 'Error', code: 'MINE', message: 'no name' });
      },
    );

    test.observe(
      `fails when SNICallback gives something else than a context over ${version}`,
      (scene) =>
        scene.handshake({
          ...only(version),
          SNICallback: (name, done) => done(null, { not: 'it' }),
        }),
      ({ server }) => assert.equal(server.error.message, 'Invalid SNI context'),
    );

    test(`does not call SNICallback without a name over ${version}`, async (scene) => {
      const server = await scene.listen({
        ...only(version),
        SNICallback: () => assert.fail('no name was sent'),
      });
      const { far } = await scene.join(server, { servername: '' });
      assert.equal(far.servername, false);
    });
  }

  test("calls SNICallback with the server's socket as this", async (scene) => {
    let self;
    const server = await scene.listen({
      SNICallback(name, done) {
        self = this;
        done();
      },
    });
    const { far } = await scene.join(server);
    assert.equal(self, far);
  });

  test('prefers SNICallback to addContext', async (scene) => {
    const context = scene.server.createSecureContext(identity('b'));
    const server = await scene.listen({ SNICallback: (name, done) => done(null, context) });
    server.addContext('a.example.com', identity('a'));
    assert.equal((await nameOf(scene, server, 'a.example.com')).CN, 'b.example.com');
  });

  test('takes the context that was added last', async (scene) => {
    const server = await scene.listen();
    server.addContext('a.example.com', identity('a'));
    server.addContext('a.example.com', identity('b'));
    assert.equal((await nameOf(scene, server, 'a.example.com')).CN, 'b.example.com');
  });

  test('prefers a later wildcard to an earlier exact name', async (scene) => {
    const server = await scene.listen();
    server.addContext('x.wild.example.com', identity('a'));
    server.addContext('*.wild.example.com', identity('wild'));
    assert.equal((await nameOf(scene, server, 'x.wild.example.com')).CN, 'wild');
  });

  test.observe(
    'looks up a name in capitals as core does',
    async (scene) => {
      const server = await scene.listen();
      server.addContext('a.example.com', identity('a'));
      server.addContext('B.example.com', identity('b'));
      return [
        await nameOf(scene, server, 'A.EXAMPLE.com'),
        await nameOf(scene, server, 'b.example.com'),
      ];
    },
    ([{ servername }]) => assert.equal(servername, 'A.EXAMPLE.com'),
  );

  test('takes a SecureContext in addContext', async (scene) => {
    const server = await scene.listen();
    server.addContext('a.example.com', scene.server.createSecureContext(identity('a')));
    assert.equal((await nameOf(scene, server, 'a.example.com')).CN, 'a.example.com');
  });

  test('takes regular expression characters in addContext literally', async (scene) => {
    const server = await scene.listen();
    server.addContext('a.example.com', identity('a'));
    assert.equal((await nameOf(scene, server, 'axexample.com')).CN, 'p256');
  });

  test('uses the ca of the added context for clients', async (scene) => {
    const server = await scene.listen({
      requestCert: true,
      rejectUnauthorized: false,
      ca: certs.read('other-ca-cert.pem'),
    });
    server.addContext('a.example.com', { ...identity('a'), ca: certs.ca });
    const mine = { ...open, ...identity('client') };
    const { far } = await scene.join(server, { ...mine, servername: 'a.example.com' });
    assert.equal(far.authorized, true);
    const { far: other } = await scene.join(server, mine);
    assert.equal(other.authorized, false);
  });

  test('keeps both names in two connections at once', async (scene) => {
    const contexts = { 'a.example.com': identity('a'), 'b.example.com': identity('b') };
    const server = await scene.listen({
      SNICallback: (name, done) =>
        setTimeout(
          done,
          name[0] === 'a' ? 30 : 5,
          null,
          scene.server.createSecureContext(contexts[name]),
        ),
    });
    const sockets = Object.keys(contexts).map((servername) =>
      scene.connect(server, { servername }),
    );
    await Promise.all(sockets.map((socket) => once(socket, 'secureConnect')));
    assert.deepEqual(
      sockets.map((socket) => socket.getPeerCertificate().subject.CN),
      ['a.example.com', 'b.example.com'],
    );
  });

  test('is sent by setServername before the handshake', async (scene) => {
    const server = await scene.listen();
    const near = scene.connect(server, { ...open, servername: undefined });
    near.setServername('b.example.com');
    const [far] = await once(server, 'secureConnection');
    assert.equal(far.servername, 'b.example.com');
  });

  test('forgets a client that goes while SNICallback waits', async (scene) => {
    const server = await scene.listen({
      SNICallback: (name, done) => {
        near.destroy();
        setTimeout(done, 30);
      },
    });
    const failed = once(server, 'tlsClientError');
    const near = scene.connect(server);
    const [error] = await failed;
    assert.equal(error.code, 'ECONNRESET');
    await new Promise((resolve) => setTimeout(resolve, 50));
  });

  test.observe(
    'reports an address as servername like core',
    async (scene) => {
      const server = await scene.listen();
      const warnings = [];
      const note = (warning) => warnings.push(warning.code ?? warning.name);
      process.on('warning', note);
      try {
        const near = scene.connect(server, { ...open, servername: '127.0.0.1' });
        await once(near, 'secureConnect');
        return 'connected';
      } catch (error) {
        return describeError(error);
      } finally {
        process.off('warning', note);
      }
    },
    (outcome) => assert.match(outcome.code ?? outcome, /connected|ERR_INVALID_ARG_VALUE/),
  );
});

topic.api('SNI options', (test) => {
  for (const SNICallback of ['x', 1, {}, true]) {
    test.observe(
      `throw for ${JSON.stringify(SNICallback)} as SNICallback`,
      ({ tls }) => thrownBy(() => tls.createServer({ SNICallback })),
      (error) => assert.equal(error.code, 'ERR_INVALID_ARG_TYPE'),
    );
  }

  test.observe(
    'throw for addContext without a name',
    ({ tls }) => thrownBy(() => tls.createServer().addContext(undefined, {})),
    (error) => assert.equal(error.code, 'ERR_TLS_REQUIRED_SERVER_NAME'),
  );

  test.observe(
    'throw for a broken context in addContext',
    ({ tls }) => thrownBy(() => tls.createServer().addContext('a', { cert: 'junk' })),
    (error) => assert.equal(error.code, 'ERR_OSSL_PEM_NO_START_LINE'),
  );
});
