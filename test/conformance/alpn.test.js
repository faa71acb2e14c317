'use strict';

const assert = require('node:assert/strict');
const { AsyncLocalStorage } = require('node:async_hooks');
const { topic } = require('./pairings');
const { only, thrownBy, versions } = require('./scene');

const wire = (...names) =>
  Buffer.concat(
    names.map((name) => Buffer.concat([Buffer.from([name.length]), Buffer.from(name)])),
  );
const view = (buffer, View) => new View(Uint8Array.from(buffer).buffer);

topic('ALPN', (test) => {
  const chosen = async (scene, server, client) => {
    const { near, far } = await scene.open(server, client);
    assert.equal(near.alpnProtocol, far.alpnProtocol);
    return near.alpnProtocol;
  };

  for (const version of versions) {
    // [title, server's, client's, the choice]
    const cases = [
      ["the server's first of the client's", ['a', 'b', 'c'], ['c', 'b'], 'b'],
      ['the only one', ['h2'], ['h2'], 'h2'],
      ['nothing when only the server has some', ['a'], undefined, false],
      ['nothing when only the client has some', undefined, ['a'], false],
      ['nothing when neither has any', undefined, undefined, false],
      ['nothing for empty arrays', [], [], false],
      ['a name of 255 bytes', ['x'.repeat(255)], ['x'.repeat(255)], 'x'.repeat(255)],
    ];
    for (const [title, server, client, expected] of cases) {
      test(`chooses ${title} over ${version}`, async (scene) => {
        const protocol = await chosen(
          scene,
          { ...only(version), ALPNProtocols: server },
          { ALPNProtocols: client },
        );
        assert.equal(protocol, expected);
      });
    }

    test.observe(
      `fails without a common protocol over ${version}`,
      (scene) =>
        scene.handshake({ ...only(version), ALPNProtocols: ['a'] }, { ALPNProtocols: ['b'] }),
      ({ client, server }) => {
        assert.equal(client.error.code, 'ERR_SSL_TLSV1_ALERT_NO_APPLICATION_PROTOCOL');
        assert.equal(server.error.code, 'ERR_SSL_NO_APPLICATION_PROTOCOL');
      },
    );

    test(`asks ALPNCallback over ${version}`, async (scene) => {
      const calls = [];
      const ALPNCallback = (...args) => {
        calls.push(args);
        return 'second';
      };
      const protocol = await chosen(
        scene,
        { ...only(version), ALPNCallback },
        { ALPNProtocols: ['first', 'second'] },
      );
      assert.equal(protocol, 'second');
      assert.deepEqual(calls, [[{ servername: 'localhost', protocols: ['first', 'second'] }]]);
    });

    test.observe(
      `fails when ALPNCallback returns undefined over ${version}`,
      (scene) =>
        scene.handshake(
          { ...only(version), ALPNCallback: () => undefined },
          { ALPNProtocols: ['a'] },
        ),
      ({ client }) =>
        assert.equal(client.error.code, 'ERR_SSL_TLSV1_ALERT_NO_APPLICATION_PROTOCOL'),
    );

    test.observe(
      `fails when ALPNCallback returns what was not offered over ${version}`,
      (scene) =>
        scene.handshake({ ...only(version), ALPNCallback: () => 'b' }, { ALPNProtocols: ['a'] }),
      ({ server }) => assert.equal(server.error.code, 'ERR_TLS_ALPN_CALLBACK_INVALID_RESULT'),
    );
  }

  const forms = {
    'an array of strings': ['x', 'b'],
    'a Buffer': wire('x', 'b'),
    'a Uint8Array': new Uint8Array(wire('x', 'b')),
    'a Uint16Array': view(wire('x', 'b'), Uint16Array),
    'a DataView': view(wire('x', 'b'), DataView),
  };
  for (const [title, ALPNProtocols] of Object.entries(forms)) {
    test(`takes ${title} on the client`, async (scene) => {
      assert.equal(await chosen(scene, { ALPNProtocols: ['a', 'b'] }, { ALPNProtocols }), 'b');
    });
    test(`takes ${title} on the server`, async (scene) => {
      assert.equal(await chosen(scene, { ALPNProtocols }, { ALPNProtocols: ['a', 'b'] }), 'b');
    });
  }

  test('does not ask ALPNCallback without ALPN', async (scene) => {
    const ALPNCallback = () => assert.fail('no protocol was offered');
    assert.equal(await chosen(scene, { ALPNCallback }, {}), false);
  });

  test('gives ALPNCallback no server name where there is none', async (scene) => {
    let seen;
    const ALPNCallback = (question) => {
      seen = question;
      return 'a';
    };
    await chosen(scene, { ALPNCallback }, { ALPNProtocols: ['a'], servername: '' });
    assert.equal(seen.servername, false);
  });

  test('calls ALPNCallback after SNICallback', async (scene) => {
    const order = [];
    await chosen(
      scene,
      {
        SNICallback: (name, done) => {
          order.push('SNI');
          setTimeout(done, 5);
        },
        ALPNCallback: () => {
          order.push('ALPN');
          return 'a';
        },
      },
      { ALPNProtocols: ['a'] },
    );
    assert.deepEqual(order.includes('SNI') && order.includes('ALPN'), true);
  });

  for (const version of ['TLSv1.2', 'TLSv1.3']) {
    test(`asks ALPNCallback in the context of the server over ${version}`, async (scene) => {
      const storage = new AsyncLocalStorage();
      const stores = [];
      const options = {
        ...only(version),
        SNICallback: (name, done) => setImmediate(() => storage.run('of the answer', done)),
        ALPNCallback: () => {
          stores.push(storage.getStore());
          return 'a';
        },
      };
      const server = await storage.run('of the server', () => scene.listen(options));
      await scene.join(server, { ALPNProtocols: ['a'] });
      assert.deepEqual(stores, ['of the server']);
    });
  }

  test('negotiates again in a resumed session', async (scene) => {
    const server = await scene.listen({ ...only('TLSv1.2'), ALPNProtocols: ['a', 'b'] });
    const { near } = await scene.join(server, { ALPNProtocols: ['a'] });
    const session = near.getSession();
    const { near: again } = await scene.join(server, { ALPNProtocols: ['b'], session });
    assert.equal(again.isSessionReused(), true);
    assert.equal(again.alpnProtocol, 'b');
  });

  test('is null before the handshake on the client', async (scene) => {
    const server = await scene.listen();
    const near = scene.connect(server);
    assert.equal(near.alpnProtocol, null);
  });
});

topic.api('ALPN options', (test) => {
  const bad = {
    'both a callback and protocols': { ALPNCallback: () => 'a', ALPNProtocols: ['a'] },
    'a name of 256 bytes': { ALPNProtocols: ['x'.repeat(256)] },
    'a number among the protocols': { ALPNProtocols: ['a', 1] },
    // Documented, but core takes only strings in an array.
    'a Buffer among the protocols': { ALPNProtocols: ['a', Buffer.from('b')] },
    'a DataView among the protocols': { ALPNProtocols: [view(Buffer.from('b'), DataView)] },
  };
  for (const [title, options] of Object.entries(bad)) {
    test.observe(
      `throw for ${title}`,
      ({ tls }) => thrownBy(() => tls.createServer(options)),
      (error) => assert.match(error.code, /^ERR_/),
    );
  }

  const converted = {
    arrays: ['a', 'bc'],
    buffers: wire('a', 'bc'),
    views: view(wire('a'), DataView),
  };
  for (const [title, protocols] of Object.entries(converted)) {
    test.observe(
      `are converted from ${title}`,
      ({ tls }) => {
        const out = {};
        tls.convertALPNProtocols(protocols, out);
        return out;
      },
      (out) => assert(Buffer.isBuffer(out.ALPNProtocols)),
    );
  }

  for (const nothing of [undefined, null, 1, 'a', {}]) {
    test.observe(
      `are left out of the conversion when ${JSON.stringify(nothing)}`,
      ({ tls }) => {
        const out = {};
        const error = thrownBy(() => tls.convertALPNProtocols(nothing, out));
        return { out, error };
      },
      ({ out, error }) => assert(error !== undefined || Object.keys(out).length === 0),
    );
  }

  test('are copied by the conversion', ({ tls }) => {
    const protocols = wire('a');
    const out = {};
    tls.convertALPNProtocols(protocols, out);
    protocols.fill(0);
    assert.deepEqual(out.ALPNProtocols, wire('a'));
  });
});
