'use strict';

const assert = require('node:assert/strict');
const { once } = require('node:events');
const { setTimeout: delay } = require('node:timers/promises');
const certs = require('../certs');
const { topic } = require('./pairings');
const { describeError, only, readExactly, thrownBy } = require('./scene');

const renegotiate = (socket, options = {}) =>
  new Promise((resolve) => socket.renegotiate(options, (error) => resolve(describeError(error))));
const tls12 = only('TLSv1.2');

topic('renegotiation', (test) => {
  test('calls back without an error', async (scene) => {
    const { near, far } = await scene.open(tls12);
    far.resume();
    near.resume();
    assert.equal((await renegotiate(near)) ?? undefined, undefined);
  });

  test('lets data pass before and after', async (scene) => {
    const { near, far } = await scene.open(tls12);
    far.pipe(far);
    near.write('before');
    assert.equal(String(await readExactly(near, 6)), 'before');
    await renegotiate(near);
    near.write('after');
    assert.equal(String(await readExactly(near, 5)), 'after');
  });

  test('changes the Finished messages', async (scene) => {
    const { near, far } = await scene.open(tls12);
    far.resume();
    near.resume();
    const first = near.getFinished();
    await renegotiate(near);
    assert.notDeepEqual(near.getFinished(), first);
  });

  test('returns true', async (scene) => {
    const { near, far } = await scene.open(tls12);
    far.resume();
    near.resume();
    const done = new Promise((resolve) => {
      assert.equal(near.renegotiate({}, resolve), true);
    });
    await done;
  });

  test('can be asked for by the server', async (scene) => {
    const { near, far } = await scene.open(tls12);
    far.resume();
    near.resume();
    assert.equal((await renegotiate(far)) ?? undefined, undefined);
  });

  test.observe(
    'lets the server ask for a certificate, as far as core gets one',
    async (scene) => {
      const { near, far } = await scene.open({ ...tls12, ca: certs.ca }, certs.identity('client'));
      near.resume();
      far.resume();
      const before = far.getPeerCertificate();
      const error = await renegotiate(far, { requestCert: true, rejectUnauthorized: false });
      return { before, error, after: far.getPeerCertificate().subject?.CN };
    },
    ({ before }) => assert.deepEqual(before, {}),
  );

  test('is served three times, and is an attack the fourth time', async (scene) => {
    const { near, far } = await scene.open(tls12);
    far.resume();
    near.resume();
    near.on('error', () => {});
    const attack = once(far, 'error');
    attack.catch(() => {});
    for (let i = 0; i < 3; i++) assert.equal((await renegotiate(near)) ?? undefined, undefined);
    near.renegotiate({}, () => {});
    const [error] = await new Promise((resolve) => far.on('error', (error) => resolve([error])));
    assert.equal(error.code, 'ERR_TLS_SESSION_ATTACK');
  });

  test('is limited by CLIENT_RENEG_LIMIT', async (scene) => {
    const before = scene.server.CLIENT_RENEG_LIMIT;
    scene.server.CLIENT_RENEG_LIMIT = 1;
    try {
      const { near, far } = await scene.open(tls12);
      far.resume();
      near.resume();
      near.on('error', () => {});
      assert.equal((await renegotiate(near)) ?? undefined, undefined);
      const attack = new Promise((resolve) => far.on('error', resolve));
      near.renegotiate({}, () => {});
      assert.equal((await attack).code, 'ERR_TLS_SESSION_ATTACK');
    } finally {
      scene.server.CLIENT_RENEG_LIMIT = before;
    }
  });

  test('is served again after CLIENT_RENEG_WINDOW', async (scene) => {
    const { CLIENT_RENEG_LIMIT, CLIENT_RENEG_WINDOW } = scene.server;
    Object.assign(scene.server, { CLIENT_RENEG_LIMIT: 1, CLIENT_RENEG_WINDOW: 0.05 });
    try {
      const { near, far } = await scene.open(tls12);
      far.on('error', assert.ifError);
      far.resume();
      near.resume();
      for (let i = 0; i < 3; i++) {
        assert.equal((await renegotiate(near)) ?? undefined, undefined);
        await delay(70);
      }
    } finally {
      Object.assign(scene.server, { CLIENT_RENEG_LIMIT, CLIENT_RENEG_WINDOW });
    }
  });

  for (const rejectUnauthorized of [true, false]) {
    test.observe(
      `verifies what the server asks for with rejectUnauthorized ${rejectUnauthorized} as in core`,
      async (scene) => {
        const { near, far } = await scene.open(
          { ...tls12, ca: certs.ca },
          certs.identity('self-signed'),
        );
        near.on('error', () => {});
        far.on('error', () => {});
        near.resume();
        far.resume();
        const closed = new Promise((resolve) => far.on('close', () => resolve('closed')));
        const done = renegotiate(far, { requestCert: true, rejectUnauthorized });
        const outcome = await Promise.race([closed, done]);
        const { authorized, authorizationError } = far;
        return { outcome: describeError(outcome) ?? null, authorized, authorizationError };
      },
      ({ authorized }) => assert.equal(authorized, false),
    );
  }

  test.observe(
    'fails after disableRenegotiation of the server',
    async (scene) => {
      const { near, far } = await scene.open(tls12);
      far.resume();
      near.resume();
      far.disableRenegotiation();
      const failed = new Promise((resolve) =>
        far.on('error', (error) => resolve(describeError(error))),
      );
      near.on('error', () => {});
      near.renegotiate({}, () => {});
      return failed;
    },
    (error) => assert.equal(error.code, 'ERR_TLS_RENEGOTIATION_DISABLED'),
  );

  test.observe(
    'is not stopped by disableRenegotiation of the client',
    async (scene) => {
      const { near, far } = await scene.open(tls12);
      far.resume();
      near.disableRenegotiation();
      return renegotiate(near);
    },
    (error) => assert.equal(error, null),
  );

  test.observe(
    'gives an error in the callback over TLSv1.3',
    async (scene) => {
      const { near, far } = await scene.open(only('TLSv1.3'));
      far.resume();
      return renegotiate(near);
    },
    (error) => assert.equal(error.code, 'ERR_SSL_WRONG_SSL_VERSION'),
  );

  test.observe(
    'checks its arguments as core does',
    async (scene) => {
      const { near, far } = await scene.open(tls12);
      far.resume();
      return [[], [null], ['x'], [{}, 'x'], [{}, 1]].map(
        (args) => thrownBy(() => near.renegotiate(...args)) ?? 'nothing',
      );
    },
    (errors) => {
      for (const error of errors) assert.equal(error.code, 'ERR_INVALID_ARG_TYPE');
    },
  );

  test.observe(
    'does nothing on a destroyed socket, as in core',
    async (scene) => {
      const { near } = await scene.open(tls12);
      near.destroy();
      return String(near.renegotiate({}, () => {}));
    },
    (outcome) => assert.equal(outcome, 'undefined'),
  );
});
