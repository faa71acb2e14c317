'use strict';

const assert = require('node:assert/strict');
const { once } = require('node:events');
const https = require('node:https');
const { setTimeout: delay } = require('node:timers/promises');
const certs = require('../certs');
const { transports } = require('../transports');

/** Listeners that make the handshake tell of more than its end. */
const kListeners = {
  'no listener': () => {},
  keylog: (near) => near.on('keylog', () => {}),
  session: (near) => near.on('session', () => {}),
  'keylog that writes': (near) => near.on('keylog', () => near.write('from keylog')),
};

const kWrites = {
  write: (near) => near.write('secret'),
  end: (near) => near.end('secret'),
  'a large write': (near) => near.write(Buffer.alloc(1_000_000, 'secret')),
  'corked writes': (near) => {
    near.cork();
    near.write('secret');
    near.write('secret');
    process.nextTick(() => near.uncork());
  },
};

const kReasons = {
  'that is not trusted': { ca: [] },
  'with another name': { servername: 'other.example' },
  'that the user refuses': { checkServerIdentity: () => new Error('mine') },
};

transports('a server', (test) => {
  for (const [reason, options] of Object.entries(kReasons)) {
    for (const maxVersion of ['TLSv1.2', 'TLSv1.3']) {
      test(`${reason} is sent nothing in ${maxVersion}`, async (scene) => {
        const server = await scene.listen(certs.identity('p256'));
        let received = 0;
        server.on('secureConnection', (far) => {
          far.on('error', () => {});
          far.on('data', (chunk) => (received += chunk.length));
        });
        const all = [];
        for (const listen of Object.values(kListeners)) {
          for (const write of Object.values(kWrites)) {
            const near = scene.connect(server, { ...options, maxVersion });
            listen(near);
            write(near);
            near.on('error', () => {});
            all.push(new Promise((resolve) => near.on('close', resolve)));
          }
        }
        await Promise.all(all);
        await delay(20);
        assert.equal(received, 0);
        // Unlike one that it trusts.
        const near = scene.connect(server, { maxVersion }).end('fine').resume();
        await once(near, 'close');
        assert.equal(received, 4);
      });
    }
  }

  test('that is not trusted gets no request of an agent', async (scene) => {
    const server = await scene.listen(certs.identity('p256'));
    let received = 0;
    server.on('secureConnection', (far) => {
      far.on('error', () => {});
      far.on('data', (chunk) => (received += chunk.length));
    });
    const agent = new https.Agent({ keepAlive: true });
    agent.createConnection = (options) => {
      const near = scene.connect(server, { ca: [] });
      near.on('session', (session) => agent._cacheSession(options._agentKey, session));
      return near;
    };
    agent.on('keylog', () => {});
    const request = https.get({ host: 'localhost', agent, auth: 'me:secret' });
    const [error] = await once(request, 'error');
    assert.equal(error.code, 'UNABLE_TO_VERIFY_LEAF_SIGNATURE');
    await delay(20);
    assert.equal(received, 0);
    agent.destroy();
  });
});
