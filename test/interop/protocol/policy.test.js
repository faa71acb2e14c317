'use strict';

/** What is on and off by default, seen from outside: all that core refuses is refused, and the rest is in its order. */

const assert = require('node:assert/strict');
const { once } = require('node:events');
const certs = require('../../certs');
const { topic } = require('../../conformance/pairings');
const { thrownBy } = require('../../conformance/scene');
const { ClientPeer, list16 } = require('./client-peer');
const { own } = require('./meet');
const { ServerPeer } = require('./server-peer');
const wire = require('./wire');

const { ContentType, Extension, HandshakeType, Reader, u8, u16, vector8, vector16 } = wire;

const range = (from, to) => Array.from({ length: to - from + 1 }, (_, i) => from + i);

/** The registries of IANA, as far as OpenSSL can know them. */
const every = {
  ciphers: [...range(1, 0xc7), ...range(0xc001, 0xc0b5), ...range(0xcca8, 0xccae)],
  ciphers13: range(0x1301, 0x1305),
  groups: [...range(1, 0x29), ...range(0x100, 0x104), ...range(0x11eb, 0x11ed)],
  algorithms: [
    ...[1, 2, 3, 4, 5, 6].flatMap((hash) => [1, 2, 3].map((key) => (hash << 8) | key)),
    ...range(0x0804, 0x080b),
    ...range(0x081a, 0x081c),
    ...range(0x0904, 0x0906),
  ],
};

/** One certificate of each kind. */
const identities = (...names) => ({
  key: names.map((name) => certs.read(`${name}-key.pem`)),
  cert: names.map((name) => certs.read(`${name}-cert.pem`)),
});

/** What comes of one ClientHello: what `read` makes of the answer, or the alert. */
async function ask(scene, server, version, change, read) {
  const peer = new ClientPeer(await scene.connectRaw(server));
  peer.sendHello(version, change);
  try {
    return await read(peer);
  } catch (error) {
    return error.message;
  } finally {
    peer.end();
  }
}

/** What a server takes of `offers`, in its order: each answer is left out of the next question. */
async function peel(offers, choose) {
  const taken = [];
  for (let left = offers; left.length > 0; left = left.filter((id) => id !== taken.at(-1))) {
    const choice = await choose(left);
    if (typeof choice === 'string') return { taken: taken.map((id) => id.toString(16)), choice };
    assert(left.includes(choice), `${choice} was not offered`);
    taken.push(choice);
  }
  return { taken: taken.map((id) => id.toString(16)) };
}

topic.api('the policy of a server', (test) => {
  test.observe(
    'takes the versions that core takes',
    async (scene) => {
      const server = await scene.listen(identities('p256'));
      server.on('tlsClientError', () => {});
      const answers = {};
      for (const version of [0x0300, 0x0301, 0x0302, 0x0303]) {
        const hello = { legacy: version, ciphers: every.ciphers };
        answers[`legacy ${version.toString(16)}`] = await ask(
          scene,
          server,
          'TLSv1.2',
          hello,
          async (peer) => (await peer.serverHello()).version,
        );
        const replace = { [Extension.supportedVersions]: vector8(u16(version)) };
        answers[version.toString(16)] = await ask(
          scene,
          server,
          'TLSv1.3',
          { ciphers: every.ciphers, replace },
          async (peer) => (await peer.serverHello()).version,
        );
      }
      return answers;
    },
    (answers) => {
      for (const version of ['300', '301', '302']) {
        assert.equal(answers[version], 'protocol_version');
        assert.match(answers[`legacy ${version}`], /^(protocol_version|handshake_failure)$/);
      }
      assert.equal(answers[303], 0x0303);
    },
  );

  const options = { ...identities('rsa', 'p256'), dhparam: 'auto' };
  const replace = { [Extension.signatureAlgorithms]: list16(...every.algorithms) };

  for (const [version, offers] of [
    ['TLSv1.2', every.ciphers],
    ['TLSv1.3', every.ciphers13],
  ]) {
    test.observe(
      `takes the cipher suites that core takes, over ${version}`,
      async (scene) => {
        const server = await scene.listen(options);
        server.on('tlsClientError', () => {});
        return peel(offers, (ciphers) =>
          ask(
            scene,
            server,
            version,
            { ciphers, replace },
            async (peer) => (await peer.serverHello()).cipher,
          ),
        );
      },
      ({ taken, choice }) => {
        assert(taken.length > 2, String(taken));
        assert.equal(choice, 'handshake_failure');
      },
    );
  }

  for (const [key, cipher, wanted] of [
    ['ECDSA', 0xc02b, '403'],
    ['RSA', 0xc02f, '804'],
  ]) {
    test.observe(
      `takes the signature algorithms of ${key} that core takes`,
      async (scene) => {
        const server = await scene.listen(options);
        server.on('tlsClientError', () => {});
        return peel(every.algorithms, (algorithms) =>
          ask(
            scene,
            server,
            'TLSv1.2',
            {
              ciphers: [cipher],
              replace: { [Extension.signatureAlgorithms]: list16(...algorithms) },
            },
            async (peer) => {
              await peer.serverHello();
              await peer.expect(HandshakeType.certificate);
              const exchange = new Reader(await peer.expect(HandshakeType.serverKeyExchange));
              exchange.number(3);
              exchange.vector(1);
              return exchange.number(2);
            },
          ),
        );
      },
      ({ taken, choice }) => {
        assert(taken.includes(wanted), String(taken));
        assert(!taken.some((id) => Number.parseInt(id, 16) < 0x0300), `MD5 or SHA-1: ${taken}`);
        assert.equal(choice, 'handshake_failure');
      },
    );
  }

  test.observe(
    'takes the groups that core takes',
    async (scene) => {
      const server = await scene.listen(options);
      server.on('tlsClientError', () => {});
      return peel(every.groups, (groups) =>
        ask(
          scene,
          server,
          'TLSv1.3',
          {
            replace: {
              [Extension.supportedGroups]: list16(...groups),
              // None is offered, so that it has to say which it wants.
              [Extension.keyShare]: vector16(),
              ...replace,
            },
          },
          async (peer) => {
            const { extensions } = await peer.serverHello();
            return extensions.get(Extension.keyShare).readUInt16BE(0);
          },
        ),
      );
    },
    ({ taken, choice }) => {
      assert(taken.includes('1d') && taken.includes('17'), String(taken));
      assert.equal(choice, 'handshake_failure');
    },
  );

  test.observe(
    'asks clients for the signature algorithms that core asks for',
    async (scene) => {
      const server = await scene.listen({ ...options, requestCert: true, ca: certs.ca });
      server.on('tlsClientError', () => {});
      return ask(scene, server, 'TLSv1.2', { replace }, async (peer) => {
        let message;
        do message = await peer.nextMessage();
        while (message.type !== HandshakeType.certificateRequest);
        const request = new Reader(message.body);
        return [request.vector(1).toString('hex'), request.vector(2).toString('hex')];
      });
    },
    ([types, algorithms]) => {
      assert.notEqual(types, '');
      assert.match(algorithms, /0403/);
    },
  );
});

topic.api('the policy of a client', (test) => {
  for (const [title, options] of Object.entries({
    'by default': {},
    'with ALPN and OCSP': { ALPNProtocols: ['a', 'b'], requestOCSP: true },
    'with minVersion TLSv1': { minVersion: 'TLSv1' },
  })) {
    test.observe(
      `offers what core offers, ${title}`,
      async (scene) => {
        const server = await scene.listenRaw(() => {});
        const accepted = once(server, 'connection');
        scene.connect(server, options).on('error', () => {});
        const [socket] = await accepted;
        const peer = new ServerPeer(socket, own);
        const { sessionId, ciphers, compressions, extensions } = await peer.clientHello();
        peer.send(ContentType.alert, Buffer.concat([u8(2), u8(40)]));
        const shares = new Reader(new Reader(extensions.get(Extension.keyShare)).vector(2));
        const groups = [];
        while (!shares.empty) groups.push([shares.number(2), shares.vector(2).length]);
        extensions.delete(Extension.keyShare);
        return {
          groups,
          sessionId: sessionId.length,
          ciphers: ciphers.toString('hex'),
          compressions: compressions.toString('hex'),
          extensions: [...extensions].map(([type, content]) => [type, content.toString('hex')]),
        };
      },
      ({ ciphers, compressions, groups }) => {
        assert.match(ciphers, /^1302/);
        assert.equal(compressions, '00');
        assert(groups.length > 0);
      },
    );
  }
});

topic.api('the policy of a context', (test) => {
  test.observe(
    'refuses what core refuses',
    ({ tls }) =>
      Object.entries({
        dhparam: certs.read('dh768.pem'),
        ciphers: 'DES-CBC3-SHA:RC4-SHA',
        sigalgs: 'RSA+MD4',
        ecdhCurve: 'secp112r1',
        secureProtocol: 'SSLv3_method',
        minVersion: 'SSLv3',
      }).map(([name, value]) => [name, thrownBy(() => tls.createSecureContext({ [name]: value }))]),
    (refused) => {
      for (const [name, error] of refused) assert(error, name);
    },
  );
});
