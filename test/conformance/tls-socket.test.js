'use strict';

const assert = require('node:assert/strict');
const { once } = require('node:events');
const net = require('node:net');
const certs = require('../certs');
const { topic } = require('./pairings');
const Scene = require('./scene');

const { describeError, only, versions } = Scene;

const { identity } = certs;

/** Core emits 'secure' inside of SSL_read(), and crashes where the socket is destroyed there. */
const leaveOpenSSL = () => new Promise(setImmediate);

/**
 * A server whose sockets are made by `new TLSSocket()`, and a client.
 * @param {object} scene
 * @param {object} serverOptions of TLSSocket, with the P-256 identity and `isServer`
 * @param {object} [clientOptions] of connect
 * @returns {Promise<{near: object, far: object}>} both ends, secure
 */
async function accept(scene, serverOptions, clientOptions) {
  const made = new Promise((resolve) => {
    scene.listening = scene.listenRaw((socket) => {
      const options = { isServer: true, ...identity('p256'), ...serverOptions };
      const far = scene.track(new scene.server.TLSSocket(socket, options));
      far.on('error', () => {});
      resolve(far);
    });
  });
  const near = scene.connect(await scene.listening, clientOptions);
  near.on('error', () => {});
  const far = await made;
  await Promise.all([once(far, 'secure'), once(near, 'secureConnect')]);
  await leaveOpenSSL();
  return { near, far };
}

/**
 * A client that is made by `new TLSSocket()`, and a server. It has no 'secureConnect' and verifies nobody.
 * @returns {Promise<{near: object, far: object}>} both ends, secure
 */
async function dial(scene, serverOptions, clientOptions, prepare = () => {}) {
  const server = await scene.listen(serverOptions);
  const accepted = once(server, 'secureConnection');
  const socket = net.connect(Scene.to(server));
  const near = scene.track(new scene.client.TLSSocket(scene.track(socket), clientOptions));
  prepare(near, server);
  near.write('starts the handshake');
  const [[far]] = await Promise.all([accepted, once(near, 'secure')]);
  await leaveOpenSSL();
  return { near, far };
}

topic('TLSSocket options', (test) => {
  for (const version of versions) {
    test.observe(
      `of new TLSSocket: requestCert has the client show a certificate over ${version}`,
      async (scene) => {
        const { near, far } = await accept(
          scene,
          { ...only(version), requestCert: true, rejectUnauthorized: false, ca: certs.ca },
          identity('client'),
        );
        const { authorized, authorizationError } = far;
        return {
          subject: far.getPeerCertificate().subject,
          own: near.getCertificate().subject,
          authorized,
          authorizationError: describeError(authorizationError),
        };
      },
      ({ subject }) => assert.equal(subject.CN, 'client'),
    );

    test.observe(
      `of new TLSSocket: rejectUnauthorized does nothing without a server over ${version}`,
      async (scene) => {
        const { far } = await accept(
          scene,
          { ...only(version), requestCert: true, rejectUnauthorized: true, ca: certs.ca },
          identity('self-signed'),
        );
        const { authorized, authorizationError } = far;
        return {
          subject: far.getPeerCertificate().subject,
          authorized,
          authorizationError: describeError(authorizationError),
        };
      },
      ({ subject }) => assert.equal(subject.CN, 'localhost'),
    );

    test.observe(
      `of new TLSSocket: ALPNProtocols are negotiated by both sides over ${version}`,
      async (scene) => {
        const one = await accept(
          scene,
          { ...only(version), ALPNProtocols: ['b', 'a'] },
          { ALPNProtocols: ['a', 'b'] },
        );
        const other = await dial(
          scene,
          { ...only(version), ALPNProtocols: ['b', 'a'] },
          { ALPNProtocols: ['a', 'b'] },
        );
        return [one.near, one.far, other.near, other.far].map(({ alpnProtocol }) => alpnProtocol);
      },
      (protocols) => assert.equal(protocols[0], 'b'),
    );

    test.observe(
      `of new TLSSocket: ALPNCallback is asked over ${version}`,
      async (scene) => {
        const asked = [];
        const { near, far } = await accept(
          scene,
          {
            ...only(version),
            ALPNCallback(question) {
              asked.push(question, this === far || this.constructor.name);
              return 'b';
            },
          },
          { ALPNProtocols: ['a', 'b'] },
        ).catch((error) => ({ near: { alpnProtocol: error.code }, far: {} }));
        return { asked: asked.slice(0, 1), protocols: [near.alpnProtocol, far.alpnProtocol] };
      },
      ({ protocols }) => assert.equal(protocols.length, 2),
    );

    test(`of new TLSSocket: SNICallback chooses the context over ${version}`, async (scene) => {
      const names = [];
      const { near, far } = await accept(
        scene,
        {
          ...only(version),
          SNICallback: (name, done) => {
            names.push(name);
            done(null, scene.server.createSecureContext({ ...only(version), ...identity('a') }));
          },
        },
        { servername: 'a.example.com' },
      );
      assert.deepEqual(names, ['a.example.com']);
      assert.equal(near.getPeerCertificate().subject.CN, 'a.example.com');
      assert.equal(far.servername, 'a.example.com');
    });

    test.observe(
      `of new TLSSocket: secureContext goes before the other options over ${version}`,
      async (scene) => {
        const secureContext = scene.server.createSecureContext({
          ...only(version),
          ...identity('a'),
        });
        const { near } = await accept(
          scene,
          { secureContext, ...identity('p256'), maxVersion: 'TLSv1.1' },
          { servername: 'a.example.com' },
        );
        return [near.getPeerCertificate().subject.CN, near.getProtocol()];
      },
      (record) => assert.deepEqual(record, ['a.example.com', version]),
    );

    test.observe(
      `of new TLSSocket: requestOCSP brings OCSPResponse over ${version}`,
      async (scene) => {
        const responses = [];
        await dial(scene, only(version), { requestOCSP: true }, (near, server) => {
          server.on('OCSPRequest', (certificate, issuer, done) =>
            done(null, Buffer.from('a response')),
          );
          near.on('OCSPResponse', (response) => responses.push(String(response)));
        });
        return responses;
      },
      // Core does not ask.
      (responses) => assert.match(responses.join(), /^(a response)?$/),
    );
  }

  test.observe(
    'of new TLSSocket: session is resumed as far as in core',
    async (scene) => {
      const tls12 = { ...only('TLSv1.2'), ticketKeys: Buffer.alloc(48, 'keys') };
      const { near } = await dial(scene, tls12);
      const session = near.getSession();
      assert(Buffer.isBuffer(session));
      const { near: again, far } = await dial(scene, tls12, { session });
      assert.equal(again.isSessionReused(), far.isSessionReused());
      return again.isSessionReused();
    },
    (isReused) => assert.equal(typeof isReused, 'boolean'),
  );

  test.observe(
    'of new TLSSocket: server makes no events of the server, or those of core',
    async (scene) => {
      const tlsServer = scene.createServer({});
      const log = [];
      for (const name of ['secureConnection', 'keylog', 'newSession', 'tlsClientError']) {
        tlsServer.on(name, (...args) => {
          log.push(name);
          if (name === 'newSession') args[2]();
        });
      }
      await accept(scene, { ...only('TLSv1.2'), server: tlsServer });
      return log;
    },
    (log) => assert.equal(log.includes('secureConnection'), false),
  );

  test.observe(
    'of new TLSSocket: server has addContext and the ALPN protocols of the server not used',
    async (scene) => {
      const tlsServer = scene.createServer({ ALPNProtocols: ['a'] });
      tlsServer.addContext('a.example.com', identity('a'));
      const { near } = await accept(
        scene,
        { server: tlsServer },
        { servername: 'a.example.com', ALPNProtocols: ['a'], rejectUnauthorized: false },
      );
      return [near.getPeerCertificate().subject.CN, near.alpnProtocol];
    },
    ([name]) => assert.match(name, /^(p256|a\.example\.com)$/),
  );

  for (const version of versions) {
    test.observe(
      `of the ALPNCallback: setKeyCert() changes the certificate over ${version}`,
      async (scene) => {
        const server = await scene.listen({
          ...only(version),
          ALPNCallback({ protocols: [first] }) {
            this.setKeyCert(identity('a'));
            return first;
          },
        });
        const { near } = await scene.join(server, {
          ALPNProtocols: ['x'],
          servername: 'a.example.com',
          rejectUnauthorized: false,
        });
        return near.getPeerCertificate().subject.CN;
      },
      (name) => assert.equal(name, 'a.example.com'),
    );
  }
});

topic.api('TLSSocket options', (test) => {
  test.observe(
    'of new TLSSocket: are all optional',
    ({ tls }) => {
      const socket = new tls.TLSSocket(new net.Socket());
      const { encrypted, authorized, alpnProtocol, servername, authorizationError } = socket;
      socket.destroy();
      return { encrypted, authorized, alpnProtocol, servername, authorizationError };
    },
    ({ encrypted, authorized }) => assert.deepEqual([encrypted, authorized], [true, false]),
  );
});
