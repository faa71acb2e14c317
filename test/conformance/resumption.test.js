'use strict';

const assert = require('node:assert/strict');
const { randomBytes } = require('node:crypto');
const { once } = require('node:events');
const net = require('node:net');
const { SSL_OP_NO_TICKET } = require('node:constants');
const certs = require('../certs');
const { topic } = require('./pairings');
const Scene = require('./scene');
const { only, readAll, thrownBy, versions } = Scene;

/** Connects, reads the server's greeting to its end, and gives the last session. */
async function visit(scene, server, options) {
  const near = scene.connect(server, options);
  let session;
  near.on('session', (latest) => (session = latest));
  await readAll(near);
  return { session: session ?? options?.session, reused: near.isSessionReused() };
}

const greet = (far) => far.end('hello');
const noTicket = { ...only('TLSv1.2'), secureOptions: SSL_OP_NO_TICKET };

/** Keeps sessions by id, with an answer that takes a while. */
function store(server, log = []) {
  const sessions = new Map();
  server.on('newSession', (id, data, done) => {
    log.push('newSession');
    sessions.set(id.toString('hex'), data);
    setImmediate(done);
  });
  server.on('resumeSession', (id, done) => {
    log.push('resumeSession');
    setImmediate(done, null, sessions.get(id.toString('hex')) ?? null);
  });
  return sessions;
}

topic('resumption', (test) => {
  for (const version of versions) {
    test(`works with tickets over ${version}`, async (scene) => {
      const server = await scene.listen(only(version), greet);
      const first = await visit(scene, server);
      assert.equal(first.reused, false);
      const second = await visit(scene, server, { session: first.session });
      assert.equal(second.reused, true);
    });

    test(`works over sockets of the caller over ${version}`, async (scene) => {
      const server = await scene.listen(only(version), greet);
      let session;
      const reused = [];
      for (const begin of [
        () => scene.connectRaw(server),
        () => scene.connectRaw(server),
        () => scene.track(net.connect(Scene.to(server))),
      ]) {
        const visited = await visit(scene, server, { session, socket: await begin() });
        session = visited.session;
        reused.push(visited.reused);
      }
      assert.deepEqual(reused, [false, true, true]);
    });

    test(`shows on both sides over ${version}`, async (scene) => {
      const server = await scene.listen(only(version), greet);
      const { session } = await visit(scene, server);
      const { near, far } = await scene.join(server, { session });
      assert.deepEqual([near.isSessionReused(), far.isSessionReused()], [true, true]);
      assert.equal(near.authorized, true);
    });

    test.observe(
      `shows what core shows of certificates over ${version}`,
      async (scene) => {
        const server = await scene.listen(only(version), greet);
        const { session } = await visit(scene, server);
        const { near, far } = await scene.join(server, { session });
        return {
          near: near.getPeerX509Certificate()?.subject,
          far: far.getX509Certificate()?.subject,
          peer: far.getPeerX509Certificate(),
          cipher: near.getCipher(),
          ephemeral: near.getEphemeralKeyInfo(),
          sigalgs: far.getSharedSigalgs(),
        };
      },
      ({ peer }) => assert.equal(peer, undefined),
    );

    test.observe(
      `has the legacy certificate objects of core over ${version}`,
      async (scene) => {
        const server = await scene.listen(only(version), greet);
        const { session } = await visit(scene, server);
        const { near, far } = await scene.join(server, { session });
        return [near.getPeerCertificate(), near.getPeerCertificate(true), far.getCertificate()];
      },
      ([peer]) => assert.equal(typeof peer, 'object'),
    );

    test(`works five times in a row over ${version}`, async (scene) => {
      const server = await scene.listen(only(version), greet);
      let { session } = await visit(scene, server);
      for (let i = 0; i < 5; i++) {
        const next = await visit(scene, server, { session });
        assert.equal(next.reused, true, `visit ${i}`);
        session = next.session;
      }
    });

    test(`works with the result of getSession over ${version}`, async (scene) => {
      const server = await scene.listen(only(version), greet);
      const near = scene.connect(server);
      await readAll(near.on('session', () => {}));
      const session = near.getSession();
      if (version === 'TLSv1.2') {
        assert.equal((await visit(scene, server, { session })).reused, true);
      } else assert(session === undefined || Buffer.isBuffer(session));
    });

    test(`works on another server with the same ticketKeys over ${version}`, async (scene) => {
      const options = { ...only(version), ticketKeys: randomBytes(48), sessionIdContext: 'shared' };
      const one = await scene.listen(options, greet);
      const two = await scene.listen(options, greet);
      const { session } = await visit(scene, one);
      assert.equal((await visit(scene, two, { session })).reused, true);
    });

    test(`fails over on a server with other ticketKeys over ${version}`, async (scene) => {
      const one = await scene.listen(only(version), greet);
      const two = await scene.listen(only(version), greet);
      const { session } = await visit(scene, one);
      assert.equal((await visit(scene, two, { session })).reused, false);
    });

    test(`ignores a garbage session over ${version}`, async (scene) => {
      const server = await scene.listen(only(version), greet);
      assert.equal((await visit(scene, server, { session: Buffer.from('junk') })).reused, false);
    });

    test(`uses the keys of setTicketKeys over ${version}`, async (scene) => {
      const server = await scene.listen(only(version), greet);
      const { session } = await visit(scene, server);
      const keys = server.getTicketKeys();
      server.setTicketKeys(randomBytes(48));
      assert.equal((await visit(scene, server, { session })).reused, false);
      server.setTicketKeys(keys);
      assert.equal((await visit(scene, server, { session })).reused, true);
    });

    test.observe(
      `keeps authorizationError in a resumed session over ${version}`,
      async (scene) => {
        const server = await scene.listen(
          { ...only(version), ...certs.identity('self-signed') },
          greet,
        );
        const { session } = await visit(scene, server, { rejectUnauthorized: false });
        const { near } = await scene.join(server, { session, rejectUnauthorized: false });
        return [near.isSessionReused(), near.authorized, String(near.authorizationError)];
      },
      ([reused, authorized]) => assert.deepEqual([reused, authorized], [true, false]),
    );

    test.observe(
      `rejects an unauthorized server in a resumed session over ${version}`,
      async (scene) => {
        const server = await scene.listen(
          { ...only(version), ...certs.identity('self-signed') },
          greet,
        );
        const { session } = await visit(scene, server, { rejectUnauthorized: false });
        return scene.attempt(server, { session });
      },
      ({ client }) => assert.equal(client.error?.code, 'DEPTH_ZERO_SELF_SIGNED_CERT'),
    );

    test.observe(
      `keeps the client's certificate over ${version}`,
      async (scene) => {
        const mine = certs.identity('client');
        const server = await scene.listen(
          { ...only(version), requestCert: true, ca: certs.ca },
          greet,
        );
        const { session } = await visit(scene, server, mine);
        const { far } = await scene.join(server, { ...mine, session });
        return [far.isSessionReused(), far.authorized, far.getPeerCertificate().subject?.CN];
      },
      ([reused, authorized]) => assert.deepEqual([reused, authorized], [true, true]),
    );

    test(`does not happen with another sessionIdContext over ${version}`, async (scene) => {
      const ticketKeys = randomBytes(48);
      const one = await scene.listen(
        { ...only(version), ticketKeys, sessionIdContext: 'one' },
        greet,
      );
      const two = await scene.listen(
        { ...only(version), ticketKeys, sessionIdContext: 'two' },
        greet,
      );
      const { session } = await visit(scene, one);
      assert.equal((await visit(scene, two, { session })).reused, false);
    });

    test(`takes a session by setSession over ${version}`, async (scene) => {
      const server = await scene.listen(only(version), greet);
      const { session } = await visit(scene, server);
      const near = scene.connect(server);
      near.setSession(session);
      await readAll(near);
      assert.equal(near.isSessionReused(), true);
    });
  }

  test('works by id with newSession and resumeSession', async (scene) => {
    const server = await scene.listen(noTicket, greet);
    const log = [];
    const sessions = store(server, log);
    const { session, reused } = await visit(scene, server);
    assert.equal(reused, false);
    assert.equal(sessions.size, 1);
    assert.equal((await visit(scene, server, { session })).reused, true);
    // A client that could do 1.3 sends an id at its first visit too (RFC 8446, appendix D.4).
    assert.deepEqual(log, ['resumeSession', 'newSession', 'resumeSession']);
  });

  test('gives Buffers to newSession and resumeSession', async (scene) => {
    const server = await scene.listen(noTicket, greet);
    const ids = [];
    server.on('newSession', (id, data, done) => {
      assert(Buffer.isBuffer(id) && Buffer.isBuffer(data));
      assert.equal(id.length, 32);
      ids.push(id);
      done();
    });
    server.on('resumeSession', (id, done) => {
      ids.push(id);
      done(null, null);
    });
    const { session } = await visit(scene, server, only('TLSv1.2'));
    assert.equal((await visit(scene, server, { session, ...only('TLSv1.2') })).reused, false);
    assert.deepEqual(ids[1], ids[0]);
  });

  test('does not happen by id without session events', async (scene) => {
    const server = await scene.listen(noTicket, greet);
    const near = scene.connect(server);
    await readAll(near);
    const again = await visit(scene, server, { session: near.getSession() });
    assert.equal(again.reused, false);
  });

  test('waits for the callback of newSession', async (scene) => {
    const server = await scene.listen(noTicket, greet);
    let called = false;
    server.on('newSession', (id, data, done) =>
      setTimeout(() => {
        called = true;
        done();
      }, 30),
    );
    const near = scene.connect(server);
    await once(near, 'secureConnect');
    assert.equal(called, true);
  });

  test.observe(
    'fails the handshake for an error of resumeSession',
    async (scene) => {
      const server = await scene.listen(noTicket, greet);
      const sessions = store(server);
      const { session } = await visit(scene, server);
      assert.equal(sessions.size, 1);
      server.removeAllListeners('resumeSession');
      server.on('resumeSession', (id, done) => done(new Error('no store')));
      return scene.attempt(server, { session });
    },
    ({ server }) => assert.equal(server.error.message, 'no store'),
  );

  test.observe(
    'emits session events like core with tickets',
    async (scene) => {
      const out = {};
      for (const version of versions) {
        const server = await scene.listen(only(version), greet);
        out[version] = [];
        store(server, out[version]);
        const { session } = await visit(scene, server);
        const { reused } = await visit(scene, server, { session });
        out[version].push(reused);
      }
      return out;
    },
    (out) => assert.deepEqual(Object.keys(out), versions),
  );

  test('does not happen after sessionTimeout', async (scene) => {
    const server = await scene.listen({ ...only('TLSv1.2'), sessionTimeout: 1 }, greet);
    const { session } = await visit(scene, server);
    await new Promise((resolve) => setTimeout(resolve, 2100));
    assert.equal((await visit(scene, server, { session })).reused, false);
  });

  test('gives the ticket in 1.2', async (scene) => {
    const { near, far } = await scene.open(only('TLSv1.2'));
    assert(Buffer.isBuffer(near.getTLSTicket()));
    assert(near.getTLSTicket().length > 100);
    assert.equal(far.getTLSTicket(), undefined);
  });

  test('has no ticket with SSL_OP_NO_TICKET', async (scene) => {
    const { near } = await scene.open(noTicket);
    assert.equal(near.getTLSTicket(), undefined);
  });
});

topic.api('ticket keys', (test) => {
  test('are 48 random bytes', ({ tls }) => {
    const one = tls.createServer().getTicketKeys();
    const two = tls.createServer().getTicketKeys();
    assert(Buffer.isBuffer(one));
    assert.equal(one.length, 48);
    assert.notDeepEqual(one, two);
  });

  test('are those of the option', ({ tls }) => {
    const ticketKeys = randomBytes(48);
    assert.deepEqual(tls.createServer({ ticketKeys }).getTicketKeys(), ticketKeys);
  });

  test('are those that were set', ({ tls }) => {
    const keys = randomBytes(48);
    const server = tls.createServer();
    server.setTicketKeys(keys);
    assert.deepEqual(server.getTicketKeys(), keys);
    const copy = server.getTicketKeys();
    copy.fill(0);
    assert.deepEqual(server.getTicketKeys(), keys);
  });

  const bad = {
    '47 bytes': Buffer.alloc(47),
    '49 bytes': Buffer.alloc(49),
    nothing: undefined,
    'a string': 'x'.repeat(48),
    'a number': 48,
    null: null,
  };
  for (const [title, keys] of Object.entries(bad)) {
    test.observe(
      `are not ${title}`,
      ({ tls }) => thrownBy(() => tls.createServer().setTicketKeys(keys)),
      (error) => assert.notEqual(error, undefined),
    );
  }

  test('are taken as Uint8Array and DataView', ({ tls }) => {
    const server = tls.createServer();
    const keys = new Uint8Array(48).fill(7);
    server.setTicketKeys(keys);
    assert.deepEqual(server.getTicketKeys(), Buffer.from(keys));
    server.setTicketKeys(new DataView(keys.buffer));
    assert.deepEqual(server.getTicketKeys(), Buffer.from(keys));
  });
});
