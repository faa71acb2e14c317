'use strict';

const assert = require('node:assert/strict');
const { SSL_OP_NO_TICKET } = require('node:constants');
const { once } = require('node:events');
const certs = require('../certs');
const { only, readAll, versions } = require('../conformance/scene');
const { ClientPeer } = require('../interop/protocol/client-peer');
const { Extension } = require('../interop/protocol/wire');
const { transports } = require('../transports');

/** The two ways to give a name a context. */
const ways = {
  addContext: (scene, options, context) => {
    const server = scene.createServer(options);
    server.addContext('localhost', context);
    return server;
  },
  SNICallback: (scene, options, context) =>
    scene.createServer({
      ...options,
      SNICallback: (name, done) => done(null, scene.server.createSecureContext(context)),
    }),
};

// What a Node after CVE-2026-123867 and CVE-2026-123872 does, done on every one.
transports('a server name', (test) => {
  for (const version of versions) {
    for (const [way, create] of Object.entries(ways)) {
      test(`brings authorities without a certificate by ${way} over ${version}`, async (scene) => {
        const authorities = { known: certs.ca, other: certs.read('other-ca-cert.pem') };
        for (const [own, named, authorized] of [
          ['other', { ca: authorities.known }, true],
          ['known', { ca: authorities.other }, false],
          ['known', { ca: 'junk' }, false],
          ['known', {}, true],
          ['other', {}, false],
        ]) {
          const server = create(
            scene,
            {
              ...only(version),
              ca: authorities[own],
              requestCert: true,
              rejectUnauthorized: false,
            },
            named,
          );
          await scene.bind(server);
          const { far } = await scene.join(server, certs.identity('client'));
          assert.equal(far.authorized, authorized, `${own} ${JSON.stringify(Object.keys(named))}`);
        }
      });
    }

    test(`has no session stand for a certificate over ${version}`, async (scene) => {
      const shared = { ...only(version), ca: certs.ca, ticketKeys: Buffer.alloc(48, version) };
      const lax = { requestCert: true, rejectUnauthorized: false };
      for (const made of [{}, lax]) {
        for (const offered of [lax, { requestCert: true }]) {
          const first = await scene.listen({ ...shared, ...made }, (far) => far.end('hello'));
          const second = await scene.listen({ ...shared, ...offered });
          let session;
          const near = scene.connect(first);
          near.on('session', (latest) => (session = latest));
          assert.equal(String(await readAll(near)), 'hello');
          const outcome = Promise.race([
            once(second, 'secureConnection').then(([far]) => far.authorized),
            once(second, 'tlsClientError').then(() => 'refused'),
          ]);
          scene.connect(second, { session }).on('error', () => {});
          assert.equal(await outcome, offered === lax ? false : 'refused');
        }
      }
    });

    for (const secureOptions of [0, SSL_OP_NO_TICKET]) {
      const without = secureOptions === 0 ? '' : ' or tickets';
      test(`needs no session id context${without} for clients with certificates over ${version}`, async (scene) => {
        const reused = [];
        for (const sessionIdContext of [undefined, 'application']) {
          const secureContext = scene.server.createSecureContext({
            ...certs.identity('p256'),
            ...only(version),
            ca: certs.ca,
            secureOptions,
            sessionIdContext,
          });
          const server = await scene.listenRaw((raw) => {
            const options = { isServer: true, secureContext, requestCert: true };
            const far = scene.track(new scene.server.TLSSocket(raw, options));
            far.on('secure', () => {
              reused.push(far.isSessionReused());
              assert.equal(far.getPeerCertificate().subject?.CN, 'client');
              far.end('hello');
            });
          });
          let session;
          for (let visit = 0; visit < 2; visit++) {
            const near = scene.connect(server, { ...certs.identity('client'), session });
            near.on('session', (latest) => (session = latest));
            assert.equal(String(await readAll(near)), 'hello');
          }
        }
        assert.deepEqual(reused, [false, false, false, secureOptions === 0]);
      });
    }
  }

  // OpenSSL asks for a ticket as for an identity, up to its first NUL; these begin with the name of their key.
  for (const name of ['ticket', 'T\0', '\0']) {
    const title = `is asked for by no ticket where there are pre-shared keys, ${JSON.stringify(name)}`;
    test(title, async (scene) => {
      const key = Buffer.alloc(32, 'key');
      const asked = [];
      const server = await scene.listen(
        {
          ciphers: 'TLS_AES_128_GCM_SHA256',
          ticketKeys: Buffer.concat([Buffer.from(name), Buffer.alloc(48, 'k')]).subarray(0, 48),
          pskCallback: (socket, identity) => {
            asked.push(identity);
            return key;
          },
        },
        (far) => far.end(`${far.servername} ${far.isSessionReused()}`),
      );
      let session;
      const visit = async (options) => {
        const near = scene.connect(server, { ciphers: 'TLS_AES_128_GCM_SHA256', ...options });
        near.on('session', (latest) => (session = latest));
        return String(await readAll(near));
      };
      const checkServerIdentity = () => undefined;
      const pskCallback = () => ({ psk: key, identity: "ich bin's, Jürgen" });
      assert.equal(await visit({ checkServerIdentity, pskCallback }), 'localhost true');
      assert.equal(await visit({ session, checkServerIdentity }), 'localhost true');
      assert.deepEqual(asked, ["ich bin's, Jürgen"]);
    });
  }

  test('is not empty', async (scene) => {
    const server = await scene.listen();
    const failed = once(server, 'tlsClientError');
    const peer = new ClientPeer(await scene.connectRaw(server));
    const empty = Buffer.from([0, 3, 0, 0, 0]);
    peer.sendHello('TLSv1.3', { add: [[Extension.serverName, empty]] });
    assert.equal(await peer.alert(), 'decode_error');
    const [error] = await failed;
    assert.equal(error.code, 'ERR_SSL_CALLBACK_FAILED');
    peer.end();
  });
});
