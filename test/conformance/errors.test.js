'use strict';

const assert = require('node:assert/strict');
const { once } = require('node:events');
const net = require('node:net');
const certs = require('../certs');
const { topic } = require('./pairings');
const { describeError, only } = require('./scene');

const { identity, read } = certs;
const major = Number.parseInt(process.versions.node, 10);

/** All that can be seen of an error, apart from the lines of its stack. */
function whole(error) {
  assert(error instanceof Error, `${error} is no error`);
  const { message, ...rest } = describeError(error);
  return {
    ...rest,
    message,
    kind: Object.getPrototypeOf(error).constructor.name,
    keys: Object.keys(error),
    // But for the id of the thread, which may be one of libuv's pool.
    header: error.stack
      .split('\n')[0]
      .replace(error.message, message)
      .replace(/^Error: [0-9A-F]{8,}:/, 'Error: '),
    text: String(error).replace(error.message, message),
  };
}

/** The same of what `act` throws. */
function thrown(act) {
  try {
    act();
  } catch (error) {
    return whole(error);
  }
  return assert.fail('throws nothing');
}

/** What 'tlsClientError' brings for one client. */
async function clientError(scene, serverOptions, clientOptions) {
  const server = await scene.listen(serverOptions);
  const failed = once(server, 'tlsClientError');
  const near = scene.connect(server, clientOptions);
  near.on('error', () => {});
  return whole((await failed)[0]);
}

/** What 'error' brings to a client. */
async function connectError(scene, serverOptions, clientOptions) {
  const server = await scene.listen(serverOptions);
  const near = scene.connect(server, clientOptions);
  const [error] = await once(near, 'error');
  return whole(error);
}

/** A client renegotiates so many times; what the server's socket then fails with. */
async function renegotiated(scene, times, prepare = () => {}) {
  const { near, far } = await scene.open(only('TLSv1.2'));
  near.on('error', () => {});
  const failed = once(far, 'error');
  prepare(far);
  near.resume();
  far.resume();
  for (let i = 1; i < times; i++) {
    await new Promise((resolve, reject) => {
      near.renegotiate({}, (error) => (error ? reject(error) : resolve()));
    });
  }
  near.renegotiate({}, () => {});
  return whole((await failed)[0]);
}

const dhe = { ...only('TLSv1.2'), ciphers: 'DHE-RSA-AES128-GCM-SHA256' };
const pskOnly = { ...only('TLSv1.2'), key: undefined, ciphers: 'PSK-AES128-GCM-SHA256' };
const hintFailed =
  major < 24 ? 'ERR_TLS_PSK_SET_IDENTIY_HINT_FAILED' : 'ERR_TLS_PSK_SET_IDENTITY_HINT_FAILED';

// [code, when, what the scene gives]
const connecting = [
  [
    'ERR_TLS_ALPN_CALLBACK_INVALID_RESULT',
    'for a protocol that the client has not offered',
    (scene) => clientError(scene, { ALPNCallback: () => 'c' }, { ALPNProtocols: ['a', 'b'] }),
  ],
  [
    'ERR_TLS_CERT_ALTNAME_INVALID',
    "for a server's certificate of another name",
    async (scene) => {
      const { keys, ...rest } = await connectError(scene, identity('a'));
      return { ...rest, keys: keys.sort() };
    },
  ],
  [
    'ERR_TLS_DH_PARAM_SIZE',
    'for a group that the client finds too small',
    (scene) =>
      connectError(
        scene,
        { ...dhe, ...identity('rsa'), dhparam: read('dh2048.pem') },
        { ...dhe, minDHSize: 2049 },
      ),
  ],
  [
    'ERR_TLS_HANDSHAKE_TIMEOUT',
    'for a client that says nothing',
    async (scene) => {
      const server = await scene.listen({ handshakeTimeout: 20 });
      const failed = once(server, 'tlsClientError');
      await scene.connectRaw(server);
      return whole((await failed)[0]);
    },
  ],
  [
    hintFailed,
    'for a pskIdentityHint that is too long',
    (scene) =>
      clientError(
        scene,
        { ...pskOnly, pskCallback: () => null, pskIdentityHint: 'x'.repeat(257) },
        { ...pskOnly, pskCallback: () => ({ psk: Buffer.alloc(16), identity: 'x' }) },
      ),
  ],
  [
    'ERR_TLS_RENEGOTIATION_DISABLED',
    'on a socket that has disabled it',
    (scene) => renegotiated(scene, 1, (far) => far.disableRenegotiation()),
  ],
  ['ERR_TLS_SESSION_ATTACK', 'for the fourth renegotiation', (scene) => renegotiated(scene, 4)],
  [
    'ERR_SSL_NO_SHARED_CIPHER',
    'on a server without a cipher for the client',
    (scene) =>
      clientError(
        scene,
        { ...only('TLSv1.2'), ciphers: 'ECDHE-ECDSA-AES128-GCM-SHA256' },
        { ciphers: 'ECDHE-ECDSA-AES256-GCM-SHA384' },
      ),
  ],
  [
    'ERR_SSL_(SSLV3|SSL/TLS|TLSV1)_ALERT_HANDSHAKE_FAILURE',
    'on a client without a cipher for the server',
    (scene) =>
      connectError(
        scene,
        { ...only('TLSv1.2'), ciphers: 'ECDHE-ECDSA-AES128-GCM-SHA256' },
        { ciphers: 'ECDHE-ECDSA-AES256-GCM-SHA384' },
      ),
  ],
  [
    'ECONNRESET',
    'on a client whose server goes in the handshake',
    async (scene) => {
      const server = await scene.listenRaw((socket) => socket.end());
      const near = scene.connect(server, { path: undefined });
      const [error] = await once(near, 'error');
      const { host, localAddress, path } = error;
      assert.equal(error.port, server.address().port);
      return { ...whole(error), host, localAddress, path };
    },
  ],
  [
    'ECONNRESET',
    'on a server whose client goes in the handshake',
    async (scene) => {
      const server = await scene.listen();
      const failed = once(server, 'tlsClientError');
      (await scene.connectRaw(server)).end();
      return whole((await failed)[0]);
    },
  ],
  [
    'CERT_HAS_EXPIRED',
    "for a server's certificate",
    (scene) => connectError(scene, identity('expired')),
  ],
];

const socketOf = (tls, options) => new tls.TLSSocket(new net.Socket(), options);
const p256 = identity('p256');

// [code, when, what throws]
const calling = [
  [
    'ERR_TLS_ALPN_CALLBACK_WITH_PROTOCOLS',
    'for both options of createServer',
    (tls) => tls.createServer({ ALPNCallback() {}, ALPNProtocols: ['a'] }),
  ],
  [
    'ERR_TLS_CERT_ALTNAME_FORMAT',
    'for a quote without its end',
    (tls) => tls.checkServerIdentity('a.com', { subjectaltname: 'DNS:"a.com' }),
  ],
  [
    'ERR_TLS_INVALID_CONTEXT',
    'for a secureContext of connect that is none',
    (tls) => tls.connect({ port: 1, secureContext: {} }),
  ],
  [
    'ERR_TLS_INVALID_CONTEXT',
    'for a secureContext of TLSSocket that is none',
    (tls) => socketOf(tls, { secureContext: 1 }),
  ],
  [
    'ERR_TLS_INVALID_PROTOCOL_METHOD',
    'for an unknown secureProtocol',
    (tls) => tls.createSecureContext({ secureProtocol: 'x' }),
  ],
  [
    'ERR_TLS_INVALID_PROTOCOL_METHOD',
    'for the secureProtocol of SSL 3',
    (tls) => tls.createSecureContext({ secureProtocol: 'SSLv3_method' }),
  ],
  [
    'ERR_TLS_INVALID_PROTOCOL_VERSION',
    'for an unknown minVersion',
    (tls) => tls.createSecureContext({ minVersion: 'x' }),
  ],
  [
    'ERR_TLS_INVALID_PROTOCOL_VERSION',
    'for an unknown maxVersion',
    (tls) => tls.createSecureContext({ maxVersion: 'x' }),
  ],
  [
    'ERR_TLS_INVALID_STATE',
    'for exportKeyingMaterial before the handshake',
    (tls) => socketOf(tls).exportKeyingMaterial(1, 'x'),
  ],
  [
    'ERR_TLS_PROTOCOL_VERSION_CONFLICT',
    'for secureProtocol with minVersion',
    (tls) => tls.createSecureContext({ secureProtocol: 'TLS_method', minVersion: 'TLSv1.2' }),
  ],
  [
    'ERR_TLS_REQUIRED_SERVER_NAME',
    'for addContext without a name',
    (tls) => tls.createServer().addContext('', {}),
  ],
  [
    'ERR_TLS_SNI_FROM_SERVER',
    "for setServername on a server's socket",
    (tls) => socketOf(tls, { isServer: true }).setServername('x'),
  ],
  [
    'ERR_SSL_NO_CIPHER_MATCH',
    'for unknown ciphers',
    (tls) => tls.createSecureContext({ ciphers: 'x' }),
  ],
  [
    'ERR_SSL_PASSED_A_NULL_PARAMETER',
    'for setKeyCert without a key',
    (tls) => socketOf(tls, { isServer: true }).setKeyCert({ cert: p256.cert }),
  ],
  [
    'ERR_(OSSL_X509|SSL)_KEY_(TYPE|VALUES)_MISMATCH',
    'for the key of another certificate',
    (tls) => tls.createSecureContext({ key: identity('a').key, cert: p256.cert }),
  ],
  [
    'ERR_OSSL_(PEM_NO_START_LINE|UNSUPPORTED)',
    'for a key that is none',
    (tls) => tls.createSecureContext({ key: 'x' }),
  ],
  [
    'ERR_OSSL_PEM_NO_START_LINE',
    'for a cert that is none',
    (tls) => tls.createSecureContext({ cert: 'x' }),
  ],
  [
    'ERR_OSSL_BAD_DECRYPT',
    'for a wrong passphrase',
    (tls) => tls.createSecureContext({ key: read('rsa-key-pkcs8.pem'), passphrase: 'wrong' }),
  ],
];

topic('errors', (test) => {
  for (const [code, when, observe] of connecting) {
    test.observe(`raise ${code} ${when}`, observe, (error) =>
      assert.match(error.code, new RegExp(`^${code}$`)),
    );
  }
});

topic.api('errors', (test) => {
  for (const [code, when, act] of calling) {
    test.observe(
      `raise ${code} ${when}`,
      (scene) => {
        scene.ignoreHandles();
        return thrown(() => act(scene.tls));
      },
      (error) => assert.match(error.code, new RegExp(`^${code}$`)),
    );
  }

  test.observe(
    'raise an uncoded error for setKeyCert without a certificate, from Node 22 on',
    ({ tls }) => thrown(() => socketOf(tls, { isServer: true }).setKeyCert({})),
    ({ code, message }) =>
      assert.equal(code ?? message, major < 22 ? 'ERR_SSL_PASSED_A_NULL_PARAMETER' : 'SetKeyCert'),
  );
});
