'use strict';

const assert = require('node:assert/strict');
const { topic } = require('./pairings');
const { thrownBy } = require('./scene');

const all = ['TLSv1', 'TLSv1.1', 'TLSv1.2', 'TLSv1.3'];
const legacy = { ciphers: 'DEFAULT@SECLEVEL=0' }; // TLS 1.0 and 1.1 need SHA-1

/** What both sides of an attempt show. */
const attempt = (server, client) => (scene) => scene.handshake(server, client);

topic('versions', (test) => {
  // [server options, client options, the version or undefined for a failure]
  const agreements = [
    [{}, {}, 'TLSv1.3'],
    [{ maxVersion: 'TLSv1.2' }, {}, 'TLSv1.2'],
    [{}, { maxVersion: 'TLSv1.2' }, 'TLSv1.2'],
    [{ minVersion: 'TLSv1.3' }, {}, 'TLSv1.3'],
    [{}, { minVersion: 'TLSv1.3' }, 'TLSv1.3'],
    [{ secureProtocol: 'TLS_method' }, {}, 'TLSv1.3'],
    [{ secureProtocol: 'TLS_server_method' }, { secureProtocol: 'TLS_client_method' }, 'TLSv1.3'],
    [{ secureProtocol: 'TLSv1_2_method' }, {}, 'TLSv1.2'],
    [{}, { secureProtocol: 'TLSv1_2_method' }, 'TLSv1.2'],
    [{}, { secureProtocol: 'TLSv1_2_client_method' }, 'TLSv1.2'],
    [{ secureProtocol: 'TLSv1_2_server_method' }, {}, 'TLSv1.2'],
    [{ secureProtocol: 'SSLv23_method' }, { secureProtocol: 'SSLv23_method' }, 'TLSv1.2'],
    [
      { ...legacy, minVersion: 'TLSv1.1', maxVersion: 'TLSv1.1' },
      { ...legacy, minVersion: 'TLSv1' },
      'TLSv1.1',
    ],
    [
      { ...legacy, minVersion: 'TLSv1' },
      { ...legacy, minVersion: 'TLSv1', maxVersion: 'TLSv1' },
      'TLSv1',
    ],
    [
      { ...legacy, secureProtocol: 'TLSv1_1_method' },
      { ...legacy, minVersion: 'TLSv1' },
      'TLSv1.1',
    ],
    [{ ...legacy, minVersion: 'TLSv1' }, { ...legacy, secureProtocol: 'TLSv1_method' }, 'TLSv1'],
  ];
  for (const [server, client, version] of agreements) {
    const title = (options) => JSON.stringify(options).replace(/"/g, '');
    test(`agree on ${version} with ${title(server)} and ${title(client)}`, async (scene) => {
      const { near, far } = await scene.open(server, client);
      assert.equal(near.getProtocol(), version);
      assert.equal(far.getProtocol(), version);
    });
  }

  // [title, server options, client options, client's code, server's code]
  const disagreements = [
    [
      'fails for a 1.2 client of a 1.3 server',
      { minVersion: 'TLSv1.3' },
      { maxVersion: 'TLSv1.2' },
      'ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION',
      'ERR_SSL_UNSUPPORTED_PROTOCOL',
    ],
    [
      'fails for a 1.3 client of a 1.2 server',
      { maxVersion: 'TLSv1.2' },
      { minVersion: 'TLSv1.3' },
      'ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION',
      'ERR_SSL_UNSUPPORTED_PROTOCOL',
    ],
    [
      'fails for a 1.1 client of a default server',
      {},
      { ...legacy, minVersion: 'TLSv1.1', maxVersion: 'TLSv1.1' },
      'ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION',
      'ERR_SSL_UNSUPPORTED_PROTOCOL',
    ],
    [
      'fails for a default client of a 1.1 server',
      { ...legacy, minVersion: 'TLSv1', maxVersion: 'TLSv1.1' },
      {},
      'ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION',
      'ERR_SSL_UNSUPPORTED_PROTOCOL',
    ],
    [
      'fails for a TLSv1_2_method client of a 1.3 server',
      { minVersion: 'TLSv1.3' },
      { secureProtocol: 'TLSv1_2_method' },
      'ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION',
      'ERR_SSL_UNSUPPORTED_PROTOCOL',
    ],
  ];
  for (const [title, server, client, near, far] of disagreements) {
    test.observe(title, attempt(server, client), (outcome) => {
      assert.equal(outcome.client.error.code, near);
      assert.equal(outcome.server.error.code, far);
      assert.equal(outcome.client.error.library, 'SSL routines');
      assert.equal(typeof outcome.client.error.reason, 'string');
    });
  }

  test('goes by the server for its own minVersion after a failure', async (scene) => {
    const server = await scene.listen({ minVersion: 'TLSv1.3' });
    const failed = await scene.attempt(server, { maxVersion: 'TLSv1.2' });
    assert.equal(failed.client.event, 'error');
    const worked = await scene.attempt(server, {});
    assert.equal(worked.client.event, 'secureConnect');
  });
});

topic.api('version options', (test) => {
  for (const version of all) {
    test(`take ${version}`, ({ tls }) => {
      tls.createSecureContext({ minVersion: version });
      tls.createSecureContext({ maxVersion: version, minVersion: version });
    });
  }

  const bad = {
    'an unknown minVersion': { minVersion: 'TLSv1.4' },
    'an unknown maxVersion': { maxVersion: 'SSLv3' },
    'a minVersion in lower case': { minVersion: 'tlsv1.2' },
    'a numeric minVersion': { minVersion: 1.2 },
    'an unknown secureProtocol': { secureProtocol: 'TLSv1_3_method' },
    'secureProtocol SSLv2_method': { secureProtocol: 'SSLv2_method' },
    'secureProtocol SSLv3_method': { secureProtocol: 'SSLv3_method' },
    'secureProtocol with minVersion': { secureProtocol: 'TLS_method', minVersion: 'TLSv1.2' },
    'secureProtocol with maxVersion': { secureProtocol: 'TLS_method', maxVersion: 'TLSv1.2' },
  };
  for (const [title, options] of Object.entries(bad)) {
    test.observe(
      `throw for ${title}`,
      ({ tls }) => [
        thrownBy(() => tls.createSecureContext(options)),
        thrownBy(() => tls.createServer(options)),
        thrownBy(() => tls.connect({ ...options, port: 1 })),
      ],
      (errors) => {
        assert.match(errors[0].code, /^ERR_(TLS_(INVALID|PROTOCOL)|INVALID_ARG_TYPE)/);
        assert.deepEqual(errors[1], errors[0]);
        assert.deepEqual(errors[2], errors[0]);
      },
    );
  }

  test.observe(
    'throw or not for a minVersion above maxVersion, as core',
    ({ tls }) =>
      thrownBy(() => tls.createSecureContext({ minVersion: 'TLSv1.3', maxVersion: 'TLSv1.2' })) ??
      'nothing',
    (outcome) => assert.equal(outcome, 'nothing'),
  );

  for (const name of ['minVersion', 'maxVersion']) {
    test.observe(
      `answer an empty ${name} as core does`,
      ({ tls }) => [
        thrownBy(() => tls.createSecureContext({ [name]: '' })) ?? 'nothing',
        thrownBy(() => tls.createServer({ [name]: '' })) ?? 'nothing',
      ],
      (errors) => {
        assert.equal(errors[0].code, 'ERR_TLS_INVALID_PROTOCOL_VERSION');
        assert.equal(errors[1], 'nothing');
      },
    );
  }

  for (const empty of [null, undefined]) {
    test(`take ${empty} for the default`, ({ tls }) => {
      tls.createSecureContext({ minVersion: empty, maxVersion: empty, secureProtocol: empty });
    });
  }
});
