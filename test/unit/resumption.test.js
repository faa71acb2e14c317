'use strict';

const assert = require('node:assert/strict');
const { once } = require('node:events');
const certs = require('../certs');
const { only, versions } = require('../conformance/scene');
const { transports } = require('../transports');

/** Ends a connection that has got its session. */
async function sessionOf(near) {
  near.on('data', () => {});
  const [[session]] = await Promise.all([once(near, 'session'), once(near, 'secureConnect')]);
  near.destroy();
  return session;
}

transports('a resumed session', (test) => {
  for (const version of versions) {
    // The name of cn-only is compared without a certificate object, those of rich with one.
    for (const name of ['cn-only', 'rich']) {
      const serve = (scene) =>
        scene.listen({ ...certs.identity(name), ...only(version) }, (far) => far.write('x'));

      test(`of ${name} over ${version} is its host's`, async (scene) => {
        const server = await serve(scene);
        const session = await sessionOf(scene.connect(server));
        const near = scene.connect(server, { session });
        await once(near, 'secureConnect');
        assert.deepEqual([near.isSessionReused(), near.authorized], [true, true]);
      });

      test(`of ${name} over ${version} is no way around the check`, async (scene) => {
        const server = await serve(scene);
        const elsewhere = { servername: 'elsewhere.example' };
        const lax = { ...elsewhere, checkServerIdentity: () => undefined };
        const session = await sessionOf(scene.connect(server, lax));

        const again = scene.connect(server, { ...lax, session });
        await once(again, 'secureConnect');
        assert.deepEqual([again.isSessionReused(), again.authorized], [true, true]);

        const near = scene.connect(server, { ...elsewhere, session });
        await assert.rejects(once(near, 'secureConnect'), {
          code: 'ERR_TLS_CERT_ALTNAME_INVALID',
        });
        assert.equal(near.authorized, false);

        const told = scene.connect(server, { ...elsewhere, session, rejectUnauthorized: false });
        await once(told, 'secureConnect');
        assert.equal(told.isSessionReused(), true);
        assert.equal(told.authorizationError, 'ERR_TLS_CERT_ALTNAME_INVALID');
      });

      test(`of ${name} over ${version} is not shown to another check`, async (scene) => {
        const server = await serve(scene);
        const session = await sessionOf(scene.connect(server));
        const near = scene.connect(server, {
          session,
          checkServerIdentity: () => new Error('as with core, nobody is asked'),
        });
        await once(near, 'secureConnect');
        assert.deepEqual([near.isSessionReused(), near.authorized], [true, true]);
      });
    }
  }
});
