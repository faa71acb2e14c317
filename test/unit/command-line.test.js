'use strict';

const assert = require('node:assert/strict');
const { execFile, execFileSync } = require('node:child_process');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const certs = require('../certs');

const major = Number.parseInt(process.versions.node, 10);
const TIMEOUT = 20_000; // milliseconds for a case: two processes
const CHILD = path.join(__dirname, 'command-line-child.js');
const caFile = path.join(certs.folder, 'ca-cert.pem');

/** Has P-384 alone, for those who read Node's own section. */
const openSSLConfig = path.join(__dirname, 'openssl.cnf');

/** Variables of whoever runs the tests have no say. */
const OURS =
  /^(NODE_(EXTRA_CA_CERTS|OPTIONS|TLS_REJECT_UNAUTHORIZED|USE_SYSTEM_CA)|OPENSSL_CONF|SSL_CERT_(FILE|DIR)|SSLKEYLOGFILE)$/;

/**
 * @param {'core' | 'ours'} which
 * @param {{ flags?: string[], env?: object, trust?: string, server?: object, client?: object, act?: string }}
 *   setting `act` is one of the child's
 * @returns {Promise<{ seen: object, stderr: string }>}
 */
function run(which, { flags = [], env = {}, trust = 'ca', server = {}, client = {}, act = '' }) {
  const inherited = Object.entries(process.env).filter(([name]) => !OURS.test(name));
  const texts = [server, client].map((options) => JSON.stringify(options));
  const args = [...flags, CHILD, which, trust, ...texts, act];
  const options = { env: { ...Object.fromEntries(inherited), ...env }, timeout: TIMEOUT / 2 };
  return new Promise((resolve) => {
    execFile(process.execPath, args, options, (error, stdout, stderr) => {
      assert(stdout !== '', `${which} has failed: ${error?.message} ${stderr}`);
      resolve({ seen: JSON.parse(stdout), stderr });
    });
  });
}

/** Both see the same, and it is what is expected. */
function agree(title, setting, check) {
  it(title, async function () {
    this.timeout(TIMEOUT);
    const core = await run('core', setting);
    const ours = await run('ours', setting);
    assert.deepEqual(ours.seen, core.seen);
    check(ours.seen);
  });
}

const trusted = (seen) => assert.equal(seen.authorized, true);
const distrusted = (seen) => assert.equal(seen.error, 'UNABLE_TO_VERIFY_LEAF_SIGNATURE');

describe('the command line', () => {
  agree('makes the defaults', {}, ({ protocol }) => assert.equal(protocol, 'TLSv1.3'));

  const list = 'ECDHE-ECDSA-AES256-GCM-SHA384:TLS_CHACHA20_POLY1305_SHA256';
  agree('has --tls-cipher-list', { flags: [`--tls-cipher-list=${list}`] }, (seen) => {
    assert.equal(seen.ciphers, list);
    assert.equal(seen.cipher, 'TLS_CHACHA20_POLY1305_SHA256');
  });
  agree(
    'has --tls-cipher-list in NODE_OPTIONS',
    { env: { NODE_OPTIONS: `--tls-cipher-list=${list}` }, client: { maxVersion: 'TLSv1.2' } },
    (seen) => assert.equal(seen.cipher, 'ECDHE-ECDSA-AES256-GCM-SHA384'),
  );
  agree(
    'refuses a --tls-cipher-list that names none',
    { flags: ['--tls-cipher-list=ABC'] },
    (seen) => assert.equal(seen.thrown.code, 'ERR_SSL_NO_CIPHER_MATCH'),
  );

  for (const version of ['1.2', '1.3']) {
    agree(`has --tls-max-v${version}`, { flags: [`--tls-max-v${version}`] }, (seen) => {
      assert.equal(seen.defaults.DEFAULT_MAX_VERSION, `TLSv${version}`);
      assert.equal(seen.protocol, `TLSv${version}`);
    });
  }
  for (const version of ['1.0', '1.1', '1.2', '1.3']) {
    const name = `TLSv${version}`.replace('1.0', '1');
    agree(`has --tls-min-v${version}`, { flags: [`--tls-min-v${version}`] }, (seen) =>
      assert.equal(seen.defaults.DEFAULT_MIN_VERSION, name),
    );
  }
  agree(
    'refuses a lower version than --tls-min-v1.3',
    { flags: ['--tls-min-v1.3'], client: { minVersion: 'TLSv1.2', maxVersion: 'TLSv1.2' } },
    (seen) => assert.match(seen.error, /PROTOCOL_VERSION/),
  );

  it('has --tls-keylog', async function () {
    this.timeout(TIMEOUT);
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'napi-tls-'));
    try {
      const [core, ours] = [path.join(folder, 'core'), path.join(folder, 'ours')];
      const wanted = await run('core', { flags: [`--tls-keylog=${core}`] });
      const found = await run('ours', { flags: [`--tls-keylog=${ours}`] });
      const secrets = (file) => {
        const lines = fs.readFileSync(file, 'latin1').trimEnd().split('\n');
        return lines.map((line) => line.replace(/ .*/, '')).sort();
      };
      assert.deepEqual(secrets(ours), secrets(core));
      assert(secrets(ours).length >= 10);
      assert.equal(fs.statSync(ours).mode, fs.statSync(core).mode);
      const texts = [wanted, found].map(({ seen }) =>
        seen.warnings.map(({ message }) => message.replace(folder, '').replace(/core|ours/, '')),
      );
      assert.deepEqual(texts[1], texts[0]);
      assert.equal(texts[1].length, 1);
    } finally {
      fs.rmSync(folder, { recursive: true });
    }
  });

  const sent = /Sent (TLS )?Record[^]*ClientHello/;
  const received = /Received (TLS )?Record[^]*ClientHello/;
  const traces = [
    ['--trace-tls', { flags: ['--trace-tls'] }, sent, /--trace-tls can expose sensitive data/],
    ['the option enableTrace of connect', { client: { enableTrace: true } }, sent],
    ['the option enableTrace of createServer', { server: { enableTrace: true } }, received],
    [
      'the option enableTrace of new TLSSocket',
      { client: { enableTrace: true }, act: 'new tls.TLSSocket()' },
      sent,
    ],
    ['tlsSocket.enableTrace()', { act: 'tlsSocket.enableTrace()' }, sent],
  ];
  for (const [what, setting, ...patterns] of traces) {
    it(`has ${what}`, async function () {
      this.timeout(TIMEOUT);
      const core = await run('core', setting);
      const ours = await run('ours', setting);
      assert.deepEqual(ours.seen, core.seen);
      // A full pipe takes less than all of it, on either side: only the beginning is sure to be there.
      for (const { stderr } of [core, ours]) {
        for (const pattern of patterns) assert.match(stderr, pattern);
      }
    });
  }

  const noProvider = (seen) =>
    assert.match(seen.thrown.code, /^ERR_(OSSL_EVP_UNSUPPORTED|SSL_LIBRARY_HAS_NO_CIPHERS)$/);
  agree(
    'has crypto.setFips(), and no algorithms without a provider',
    { act: 'crypto.setFips()' },
    noProvider,
  );

  agree(
    'has --openssl-config, where the defaults of OpenSSL stand',
    { flags: [`--openssl-config=${openSSLConfig}`] },
    (seen) => assert.equal(seen.group, 'secp384r1'),
  );
  agree(
    'has --openssl-shared-config, which reads another section',
    { flags: [`--openssl-config=${openSSLConfig}`, '--openssl-shared-config'] },
    (seen) => assert.notEqual(seen.group, 'secp384r1'),
  );
  agree('has --openssl-legacy-provider', { flags: ['--openssl-legacy-provider'] }, ({ protocol }) =>
    assert.equal(protocol, 'TLSv1.3'),
  );
  agree(
    'has --secure-heap and --secure-heap-min',
    { flags: ['--secure-heap=65536', '--secure-heap-min=4'] },
    ({ protocol }) => assert.equal(protocol, 'TLSv1.3'),
  );
});

describe('the environment', () => {
  agree('makes no authority of a test trusted by default', { trust: 'default' }, distrusted);

  const extra = { NODE_EXTRA_CA_CERTS: caFile };
  agree('has NODE_EXTRA_CA_CERTS', { trust: 'default', env: extra }, trusted);
  agree(
    'has NODE_EXTRA_CA_CERTS beside --use-openssl-ca',
    { trust: 'default', env: extra, flags: ['--use-openssl-ca'] },
    trusted,
  );
  agree(
    'has NODE_EXTRA_CA_CERTS beside --use-bundled-ca',
    { trust: 'default', env: extra, flags: ['--use-bundled-ca'] },
    trusted,
  );
  agree(
    'goes on without the file of NODE_EXTRA_CA_CERTS',
    { trust: 'default', env: { NODE_EXTRA_CA_CERTS: path.join(certs.folder, 'absent') } },
    distrusted,
  );

  const file = { SSL_CERT_FILE: caFile };
  agree(
    'has SSL_CERT_FILE with --use-openssl-ca',
    { trust: 'default', env: file, flags: ['--use-openssl-ca'] },
    trusted,
  );
  agree('has no SSL_CERT_FILE without', { trust: 'default', env: file }, distrusted);

  describe('with a folder of certificates', () => {
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'napi-tls-'));
    before(() => {
      const hash = execFileSync('openssl', ['x509', '-noout', '-hash', '-in', caFile], {
        encoding: 'utf8',
      });
      fs.copyFileSync(caFile, path.join(folder, `${hash.trim()}.0`));
    });
    after(() => fs.rmSync(folder, { recursive: true }));
    agree(
      'has SSL_CERT_DIR with --use-openssl-ca',
      { trust: 'default', env: { SSL_CERT_DIR: folder }, flags: ['--use-openssl-ca'] },
      trusted,
    );
    agree(
      'has no SSL_CERT_DIR without',
      { trust: 'default', env: { SSL_CERT_DIR: folder } },
      distrusted,
    );
    if (major >= 22) {
      // The store of the system holds the folder and, beside it, the file of OpenSSL.
      agree(
        'has --use-system-ca, and SSL_CERT_DIR for the store of the system',
        { trust: 'default', env: { SSL_CERT_DIR: folder }, flags: ['--use-system-ca'] },
        trusted,
      );
      agree(
        'has --use-system-ca beside --use-bundled-ca',
        { trust: 'default', env: file, flags: ['--use-system-ca', '--use-bundled-ca'] },
        trusted,
      );
    }
  });

  agree('has OPENSSL_CONF', { env: { OPENSSL_CONF: openSSLConfig } }, (seen) =>
    assert.equal(seen.group, 'secp384r1'),
  );

  if (major >= 22) {
    agree(
      'has --use-system-ca, and SSL_CERT_FILE for the store of the system',
      { trust: 'default', env: file, flags: ['--use-system-ca'] },
      trusted,
    );
    agree(
      'has tls.setDefaultCACertificates()',
      { trust: 'default', act: 'tls.setDefaultCACertificates()' },
      trusted,
    );
  }
  if (major >= 24) {
    agree(
      'has NODE_USE_SYSTEM_CA',
      { trust: 'default', env: { ...file, NODE_USE_SYSTEM_CA: '1' } },
      trusted,
    );
  }

  for (const value of ['0', '1', '']) {
    agree(
      `has NODE_TLS_REJECT_UNAUTHORIZED=${value}`,
      { trust: 'default', env: { NODE_TLS_REJECT_UNAUTHORIZED: value } },
      (seen) => {
        if (value !== '0') return distrusted(seen);
        assert.equal(seen.authorizationError, 'UNABLE_TO_VERIFY_LEAF_SIGNATURE');
        assert.equal(seen.warnings.length, 1);
      },
    );
  }
  agree(
    'has rejectUnauthorized go before NODE_TLS_REJECT_UNAUTHORIZED',
    {
      trust: 'default',
      env: { NODE_TLS_REJECT_UNAUTHORIZED: '0' },
      client: { rejectUnauthorized: true },
    },
    distrusted,
  );
});
