'use strict';

const assert = require('node:assert/strict');
const { execFile } = require('node:child_process');
const { once } = require('node:events');
const path = require('node:path');
const { promisify } = require('node:util');
const { SSL_OP_NO_TICKET } = require('node:constants');
const certs = require('../certs');
const tls = require('../..');

const TIMEOUT = 20_000; // milliseconds

describe('sessions between servers', function () {
  this.timeout(TIMEOUT);

  it('resumes on one worker of a cluster what another has begun', async () => {
    const child = path.join(__dirname, 'cluster-child.js');
    const { stdout } = await promisify(execFile)(process.execPath, [child], { timeout: TIMEOUT });
    assert.deepEqual(JSON.parse(stdout), { crossings: ['1-2', '2-1'], refused: 0 });
  });

  for (const version of ['TLSv1.2', 'TLSv1.3']) {
    it(`resumes by newSession and resumeSession, without tickets, in ${version}`, async () => {
      const store = new Map();
      const servers = [1, 2].map(() => {
        const server = tls.createServer({
          ...certs.identity('p256'),
          secureOptions: SSL_OP_NO_TICKET,
          sessionIdContext: 'shared',
          maxVersion: version,
        });
        server.on('newSession', (id, session, done) => {
          store.set(id.toString('hex'), session);
          setImmediate(done);
        });
        server.on('resumeSession', (id, done) => {
          setImmediate(done, null, store.get(id.toString('hex')) ?? null);
        });
        return server.on('secureConnection', (socket) => socket.end('x'));
      });
      const connect = async (server, session) => {
        const { port } = server.address();
        const socket = tls.connect({ port, servername: 'localhost', ca: certs.ca, session });
        let latest;
        socket.on('session', (fresh) => (latest = fresh));
        socket.resume();
        await once(socket, 'secureConnect');
        const reused = socket.isSessionReused();
        const protocol = socket.getProtocol();
        const authorized = socket.authorized;
        await once(socket, 'close');
        return { session: latest, reused, protocol, authorized };
      };
      try {
        for (const server of servers) await once(server.listen(0), 'listening');
        const first = await connect(servers[0]);
        assert.equal(first.reused, false);
        assert(store.size > 0);
        const second = await connect(servers[1], first.session);
        assert.deepEqual(
          { reused: second.reused, protocol: second.protocol, authorized: second.authorized },
          { reused: true, protocol: version, authorized: true },
        );
        store.clear();
        assert.equal((await connect(servers[1], first.session)).reused, false);
      } finally {
        for (const server of servers) server.close();
      }
    });
  }

  it('offers a session to no other host than its own', async () => {
    const server = tls.createServer(certs.identity('p256'), (socket) => socket.end('x'));
    const connect = async (options) => {
      const { port } = server.address();
      const common = { port, ca: certs.ca, checkServerIdentity() {} };
      const socket = tls.connect({ ...common, ...options });
      let latest;
      socket.on('session', (fresh) => (latest = fresh));
      socket.resume();
      await once(socket, 'secureConnect');
      const reused = socket.isSessionReused();
      await once(socket, 'close');
      return { session: latest, reused };
    };
    try {
      await once(server.listen(0), 'listening');
      const { session } = await connect({ servername: 'a.example' });
      assert.equal((await connect({ servername: 'b.example', session })).reused, false);
      assert.equal((await connect({ session })).reused, false);
      assert.equal((await connect({ servername: 'a.example', session })).reused, true);
      const garbage = Buffer.from(session);
      garbage.fill(0xff, 0, 4);
      assert.equal((await connect({ servername: 'a.example', session: garbage })).reused, false);
    } finally {
      server.close();
    }
  });
});
