'use strict';

const assert = require('node:assert/strict');
const { once } = require('node:events');
const certs = require('../certs');
const tls = require('../..');

describe('sessions that are still alive', () => {
  for (const version of ['TLSv1.2', 'TLSv1.3']) {
    describe(`in ${version}`, () => {
      let server;

      before(async () => {
        const options = { ...certs.identity('p256'), maxVersion: version };
        server = tls.createServer(options, (far) => far.end('x'));
        await once(server.listen(0), 'listening');
      });

      after(() => server.close());

      async function connect(session) {
        const { port } = server.address();
        const near = tls.connect({ port, servername: 'localhost', ca: certs.ca, session });
        let latest;
        near.on('session', (fresh) => (latest = fresh));
        near.resume();
        await once(near, 'secureConnect');
        const reused = near.isSessionReused();
        const { authorized } = near;
        const { fingerprint256 } = near.getPeerCertificate();
        await once(near, 'close');
        return { session: latest, reused, authorized, fingerprint256 };
      }

      it('are resumed as often as they are offered', async () => {
        const { session, fingerprint256 } = await connect();
        for (let i = 0; i < 3; i++) {
          const { reused, authorized, ...seen } = await connect(session);
          assert.deepEqual(
            { reused, authorized, fingerprint256: seen.fingerprint256 },
            { reused: true, authorized: true, fingerprint256 },
          );
        }
      });

      it('are resumed from a copy of their bytes too', async () => {
        const { session, fingerprint256 } = await connect();
        const resumed = await connect(Buffer.from(session));
        assert.equal(resumed.reused, true);
        assert.equal(resumed.fingerprint256, fingerprint256);
      });

      it('are what their bytes say at the moment', async () => {
        const { session } = await connect();
        const { session: other } = await connect();
        const bytes = Buffer.from(session);
        // The ticket stands at the end, more or less: no server knows it now.
        for (let i = 1; i <= 256; i++) session[session.length - i] ^= 1;
        assert.equal((await connect(session)).reused, false);
        bytes.copy(session);
        assert.equal((await connect(session)).reused, true);
        assert.notDeepEqual(other, session);
      });

      it('are taken from nobody but the native side', async () => {
        const { session } = await connect();
        const { port } = server.address();
        const near = tls.connect({ port, servername: 'localhost', ca: certs.ca });
        const der = session.subarray(-8);
        for (const forged of [null, {}, [], 1, Object.create(near.ssl), near.ssl]) {
          assert.equal(near.ssl.setSession(der, forged), false);
        }
        await once(near, 'secureConnect');
        assert.equal(near.isSessionReused(), false);
        near.destroy();
      });
    });
  }
});
