'use strict';

const assert = require('node:assert/strict');
const { execFileSync } = require('node:child_process');
const { once } = require('node:events');
const { PassThrough } = require('node:stream');
const certs = require('../certs');
const tls = require('../..');

const file = require.resolve('../../lib/implicit-context');
const { identify } = require(file);

const ignore = () => {};

/** The native context of a connection with these options, which does not get further than that. */
function contextOf(options) {
  const socket = tls.connect({ socket: new PassThrough(), ...options });
  socket.on('error', ignore);
  socket.destroy();
  return socket._tlsOptions.secureContext.context;
}

const copy = (buffer) => Buffer.from(buffer);

describe('contexts of connections that name none', () => {
  const { key, cert } = certs.identity('p256');
  const { ca } = certs;
  const encrypted = certs.read('p256-key-pkcs8.pem');
  const { passphrase } = certs;

  for (const [name, make] of Object.entries({
    'no options': () => ({}),
    'an authority': () => ({ ca: copy(ca) }),
    'authorities as text': () => ({ ca: [`${ca}`, `${cert}`] }),
    'an identity': () => ({ ca: [copy(ca)], key: copy(key), cert: copy(cert) }),
    'an encrypted key': () => ({ key: copy(encrypted), cert: copy(cert), passphrase }),
    'a PFX': () => ({ pfx: copy(certs.read('p256.pfx')), passphrase }),
    'all the rest': () => ({
      allowPartialTrustChain: true,
      ciphers: 'HIGH',
      ecdhCurve: 'P-256',
      honorCipherOrder: true,
      minVersion: 'TLSv1.2',
      maxVersion: 'TLSv1.2',
      secureOptions: 4,
      sessionIdContext: 'x',
      sessionTimeout: 5,
      sigalgs: 'RSA+SHA256',
    }),
  })) {
    it(`are shared with ${name} of the same content`, () => {
      const context = contextOf(make());
      assert.equal(contextOf({ ...make(), servername: 'a.example', timeout: 5 }), context);
    });
  }

  it('are others where any option is another', () => {
    const variants = [
      {},
      { ca },
      { ca: '' },
      { ca: [ca] },
      { ca: `${ca}` },
      { ca: [ca, cert] },
      { ca: ['junk', ''] },
      { ca: ['', 'junk'] },
      { ca: ['ju', 'nk'] },
      { ca, allowPartialTrustChain: true },
      { ca, crl: certs.read('ca-crl.pem') },
      { ca, key, cert },
      { ca, key, cert: Buffer.concat([cert, ca]) },
      { ca, ...certs.identity('rsa') },
      { ca, key: encrypted, cert, passphrase },
      { pfx: certs.read('p256.pfx'), passphrase },
      { ciphers: 'HIGH' },
      { ecdhCurve: 'P-256' },
      { honorCipherOrder: true },
      { minVersion: 'TLSv1.3' },
      { maxVersion: 'TLSv1.2' },
      { secureProtocol: 'TLS_client_method' },
      { secureOptions: 4 },
      { sessionIdContext: 'x' },
      { sessionTimeout: 5 },
      { sigalgs: 'RSA+SHA256' },
    ];
    const contexts = variants.map(contextOf);
    assert.equal(new Set(contexts).size, variants.length);
    // And each is found again.
    assert.deepEqual(variants.map(contextOf), contexts);
  });

  it('are others when the bytes of a Buffer have changed', () => {
    const bytes = copy(ca);
    const before = contextOf({ ca: bytes });
    bytes[bytes.length >> 1] ^= 1;
    assert.notEqual(contextOf({ ca: bytes }), before);
    bytes[bytes.length >> 1] ^= 1;
    assert.equal(contextOf({ ca: bytes }), before);
  });

  it('are others when an array of authorities has changed', () => {
    const list = ['junk', 'more'];
    const before = contextOf({ ca: list });
    list[1] = 'other';
    assert.notEqual(contextOf({ ca: list }), before);
    list.pop();
    assert.notEqual(contextOf({ ca: list }), before);
    assert.equal(contextOf({ ca: ['junk', 'more'] }), before);
  });

  it('are others when a default of the module has changed', () => {
    for (const [name, value] of Object.entries({
      DEFAULT_CIPHERS: 'TLS_AES_128_GCM_SHA256',
      DEFAULT_ECDH_CURVE: 'P-256',
      DEFAULT_MAX_VERSION: 'TLSv1.2',
      DEFAULT_MIN_VERSION: 'TLSv1.3',
    })) {
      const before = contextOf({});
      const old = tls[name];
      tls[name] = value;
      try {
        assert.notEqual(contextOf({}), before, name);
      } finally {
        tls[name] = old;
      }
      assert.equal(contextOf({}), before, name);
    }
  });

  it('are made anew from options that cannot be compared', () => {
    const shared = new Uint8Array(new SharedArrayBuffer(ca.length));
    shared.set(ca);
    for (const options of [
      { ca: shared },
      { dhparam: 'auto' },
      { key: [{ pem: encrypted, passphrase }], cert },
      { pfx: [{ buf: certs.read('p256.pfx'), passphrase }] },
      { ticketKeys: Buffer.alloc(48) },
    ]) {
      assert.notEqual(contextOf(options), contextOf(options), Object.keys(options)[0]);
    }
  });

  it('are made from what was compared', () => {
    let reads = 0;
    const changing = new Proxy([ca], {
      get(target, name) {
        if (name !== '0') return target[name];
        return reads++ === 0 ? ca : cert;
      },
    });
    const context = contextOf({ ca: changing, sessionTimeout: 7 });
    assert.equal(reads, 1);
    assert.equal(contextOf({ ca: [ca], sessionTimeout: 7 }), context);
  });

  it('keep the errors of bad options', () => {
    for (const [options, code] of [
      [{ ca: 1 }, 'ERR_INVALID_ARG_TYPE'],
      [{ ciphers: 'NONE' }, 'ERR_SSL_NO_CIPHER_MATCH'],
      [{ secureOptions: Infinity }, 'ERR_OUT_OF_RANGE'],
      [{ secureOptions: 1n }, 'ERR_INVALID_ARG_TYPE'],
      [{ minVersion: 'TLSv2' }, 'ERR_TLS_INVALID_PROTOCOL_VERSION'],
      [{ key: encrypted, passphrase: 'wrong' }, 'ERR_OSSL_BAD_DECRYPT'],
    ]) {
      for (const time of ['first', 'second']) {
        assert.throws(() => contextOf(options), { code }, `${code} the ${time} time`);
      }
    }
  });

  it('are forgotten when there are too many, the oldest first', () => {
    const [oldest, used] = [contextOf({ sessionTimeout: 100 }), contextOf({ sessionTimeout: 101 })];
    for (let i = 102; i < 140; i++) {
      contextOf({ sessionTimeout: i });
      assert.equal(contextOf({ sessionTimeout: 101 }), used);
    }
    assert.notEqual(contextOf({ sessionTimeout: 100 }), oldest);
  });

  it('have names that tell nothing about keys', () => {
    const name = identify({ key: `${encrypted}`, cert, passphrase }).key;
    assert(!name.includes(passphrase));
    for (const line of `${encrypted}`.split('\n')) assert(line === '' || !name.includes(line));
    // Nor can a passphrase be guessed from it: no two processes agree on the name.
    const script = `require(${JSON.stringify(file)}).identify({ passphrase: '${passphrase}' }).key`;
    const elsewhere = execFileSync(process.execPath, ['-p', script], { encoding: 'utf8' }).trim();
    assert.notEqual(identify({ passphrase }).key, elsewhere);
    assert.equal(identify({ passphrase }).key.length, elsewhere.length);
  });

  it('cannot be changed through a connection', () => {
    const first = tls.connect({ socket: new PassThrough(), ca, key, cert });
    const second = tls.connect({ socket: new PassThrough(), ca, key, cert });
    for (const socket of [first, second]) socket.on('error', ignore).destroy();
    const { secureContext } = first._tlsOptions;
    const { context } = secureContext;
    const other = tls.createSecureContext();
    const attempts = {
      addCACert: [ca],
      addCRL: [certs.read('ca-crl.pem')],
      addRootCerts: [],
      close: [],
      compressCertificates: [],
      init: [undefined, 0, 0],
      loadPKCS12: [certs.read('p256.pfx'), passphrase],
      setAllowPartialTrustChain: [],
      setCert: [cert],
      setCertificateCompression: [[]],
      setCipherSuites: ['TLS_AES_128_GCM_SHA256'],
      setCiphers: ['HIGH'],
      setClientCertEngine: ['x'],
      setDHParam: [true],
      setECDHCurve: ['P-256'],
      setEngineKey: ['x', 'y'],
      setKey: [key],
      setMaxProto: [0],
      setMinProto: [0],
      setOptions: [4],
      setSessionIdContext: ['x'],
      setSessionTimeout: [1],
      setSigalgs: ['RSA+SHA256'],
      setTicketKeys: [Buffer.alloc(48)],
      useRootStore: [{}],
    };
    const methods = Object.getOwnPropertyNames(Object.getPrototypeOf(context));
    const reads = [
      'constructor',
      'rootCertsWanted',
      'seal',
      ...methods.filter((m) => /^get/.test(m)),
    ];
    assert.deepEqual([...Object.keys(attempts), ...reads].sort(), methods.sort());
    for (const [name, args] of Object.entries(attempts)) {
      assert.throws(() => context[name](...args), { code: 'ERR_INVALID_STATE' }, name);
    }
    assert.throws(() => (context.note = 1), TypeError);
    secureContext.context = other.context;
    assert.equal(second._tlsOptions.secureContext.context, context);
    assert.equal(contextOf({ ca, key, cert }), context);
  });

  it('leave those of createSecureContext alone', () => {
    const options = { ca, key, cert };
    const context = tls.createSecureContext(options);
    assert.notEqual(tls.createSecureContext(options).context, context.context);
    contextOf(options);
    context.context.addCACert(cert);
    context.context.setTicketKeys(Buffer.alloc(48));
  });

  it('are made by the createSecureContext that a user has put in its place', () => {
    const { createSecureContext } = tls;
    const made = [];
    tls.createSecureContext = (options) => {
      made.push(createSecureContext(options));
      return made.at(-1);
    };
    try {
      const contexts = [contextOf({ ca }), contextOf({ ca })];
      assert.deepEqual(
        contexts,
        made.map(({ context }) => context),
      );
      assert.notEqual(contexts[0], contexts[1]);
    } finally {
      tls.createSecureContext = createSecureContext;
    }
  });

  describe('with a server', () => {
    let server;

    before(async () => {
      server = tls.createServer({ key, cert, ca, requestCert: true, rejectUnauthorized: false });
      server.on('secureConnection', (far) => {
        far.on('error', ignore);
        far.end(`${far.authorized}`);
      });
      server.on('tlsClientError', ignore);
      await once(server.listen(0), 'listening');
    });

    after(() => server.close());

    async function connect(options, prepare = ignore) {
      const { port } = server.address();
      const near = tls.connect({ port, servername: 'localhost', ...options });
      prepare(near);
      let answer = '';
      near.on('data', (chunk) => (answer += chunk));
      await once(near, 'close');
      return answer;
    }

    it('show the same certificate on each connection', async () => {
      for (let i = 0; i < 3; i++) {
        assert.equal(await connect({ ca, ...certs.identity('client') }), 'true');
        assert.equal(await connect({ ca }), 'false');
      }
    });

    it('reveal the keys of no other connection', async () => {
      const randoms = new Set();
      let lines = 0;
      const listen = (near) =>
        near.on('keylog', (line) => {
          lines++;
          randoms.add(`${line}`.split(' ')[1]);
        });
      await Promise.all([connect({ ca }), connect({ ca }, listen), connect({ ca })]);
      assert(lines >= 4);
      assert.equal(randoms.size, 1);
    });

    it('keep the certificate of setKeyCert for one connection', async () => {
      const setKeyCert = (near) => near.setKeyCert(certs.identity('client'));
      assert.equal(await connect({ ca }, setKeyCert), 'true');
      assert.equal(await connect({ ca }), 'false');
    });

    it('trust the default authorities of the moment', async function () {
      if (tls.setDefaultCACertificates === undefined) this.skip();
      const usual = tls.getCACertificates('default');
      const refused = { code: 'SELF_SIGNED_CERT_IN_CHAIN' };
      await assert.rejects(connect({}), refused);
      try {
        tls.setDefaultCACertificates([`${ca}`]);
        assert.equal(await connect({}), 'false');
        const context = contextOf({});
        assert.equal(contextOf({}), context);
      } finally {
        tls.setDefaultCACertificates(usual);
      }
      await assert.rejects(connect({}), refused);
    });
  });
});
