'use strict';

const assert = require('node:assert/strict');
const { once } = require('node:events');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const certs = require('../certs');
const core = require('node:tls');
const { describeError, only, versions } = require('../conformance/scene');
const { transports } = require('../transports');
const { file, versionFlag, withPrograms } = require('./program');

const kIdentities = ['rsa', 'rsa-pss', 'p256', 'ed25519'];
const kPsk = Buffer.from('d731ef57be09e5204f0b205b60627028', 'hex');

const addressOf = ({ port }) => ({ address: () => ({ port, address: '127.0.0.1' }) });

transports('our client with openssl s_server', (test) => {
  for (const version of versions) {
    const flag = versionFlag[version];

    for (const identity of kIdentities) {
      test(`speaks ${version} with an ${identity} certificate`, (scene) =>
        withPrograms(scene, async (programs) => {
          const server = await programs.server(identity, [flag, '-rev']);
          const near = scene.connect(addressOf(server));
          await once(near, 'secureConnect');
          assert.equal(near.getProtocol(), version);
          assert.equal(near.authorized, true);
          near.write('stressed\n');
          const [reply] = await once(near, 'data');
          assert.equal(String(reply), 'desserts\n');
        }));
    }

    test(`shows a client certificate over ${version}`, (scene) =>
      withPrograms(scene, async (programs) => {
        const trust = ['-CAfile', file('ca-cert.pem'), '-Verify', '1', '-verify_return_error'];
        const server = await programs.server('p256', [flag, ...trust]);
        const near = scene.connect(addressOf(server), certs.identity('client'));
        await once(near, 'secureConnect');
        near.write('hello\n');
        const text = await server.print(/hello/);
        assert.match(text.input, /subject=O = napi-tls, CN = client/);
      }));

    for (const [title, name] of [
      ['no certificate', null],
      ['a certificate of another authority', 'client-other'],
    ]) {
      test(`is told as core is that it shows ${title} over ${version}`, (scene) =>
        withPrograms(scene, async (programs) => {
          const trust = ['-CAfile', file('ca-cert.pem'), '-Verify', '1', '-verify_return_error'];
          const server = await programs.server('p256', [flag, ...trust]);
          const attempt = async (tls) => {
            const near = scene.track(
              tls.connect({
                port: server.port,
                host: '127.0.0.1',
                ca: certs.ca,
                servername: 'localhost',
                ...(name && certs.identity(name)),
              }),
            );
            near.resume();
            return describeError(await new Promise((resolve) => near.on('error', resolve)));
          };
          const error = await attempt(scene.client);
          assert.match(error.code, /^ERR_SSL_/);
          assert.deepEqual(error, await attempt(core));
        }));
    }

    test(`resumes the session of its 'session' event over ${version}`, (scene) =>
      withPrograms(scene, async (programs) => {
        const server = await programs.server('p256', [flag, '-rev']);
        const first = scene.connect(addressOf(server));
        first.resume();
        const [session] = await once(first, 'session');
        first.end();
        await once(first, 'close');
        const second = scene.connect(addressOf(server), { session });
        await once(second, 'secureConnect');
        assert.equal(second.isSessionReused(), true);
        assert.equal(second.authorized, true);
      }));

    test(`agrees on a key that -psk has, over ${version}`, (scene) =>
      withPrograms(scene, async (programs) => {
        const psk = ['-psk', kPsk.toString('hex'), '-psk_identity', 'someone'];
        const server = await programs.server(null, [flag, ...psk, '-psk_hint', 'a hint', '-rev']);
        const hints = [];
        const near = scene.connect(addressOf(server), {
          ciphers: version === 'TLSv1.3' ? 'TLS_AES_128_GCM_SHA256' : 'PSK',
          checkServerIdentity: () => undefined,
          pskCallback: (hint) => {
            hints.push(hint);
            return { psk: kPsk, identity: 'someone' };
          },
        });
        await once(near, 'secureConnect');
        near.write('stressed\n');
        assert.equal(String((await once(near, 'data'))[0]), 'desserts\n');
        assert.equal(hints.at(-1), version === 'TLSv1.3' ? null : 'a hint');
      }));

    test(`hands on what -status_file has, over ${version}`, (scene) =>
      withPrograms(scene, async (programs) => {
        const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'napi-tls-'));
        try {
          const staple = path.join(folder, 'staple.der');
          const tryLater = Buffer.from('30030a0103', 'hex');
          fs.writeFileSync(staple, tryLater);
          const server = await programs.server('p256', [flag, '-status_file', staple]);
          const near = scene.connect(addressOf(server), { requestOCSP: true });
          const [response] = await once(near, 'OCSPResponse');
          assert.deepEqual(response, tryLater);
        } finally {
          fs.rmSync(folder, { recursive: true });
        }
      }));

    test(`answers a server that changes keys or renegotiates over ${version}`, (scene) =>
      withPrograms(scene, async (programs) => {
        const server = await programs.server('p256', [flag]);
        const near = scene.connect(addressOf(server));
        const lines = [];
        near.on('data', (chunk) => lines.push(String(chunk)));
        await once(near, 'secureConnect');
        for (let round = 0; round < 4; round++) {
          server.stdin.write(version === 'TLSv1.3' ? 'K\n' : 'r\n');
          near.write(`round ${round}\n`);
          await server.print(new RegExp(`round ${round}\n`));
        }
        const said = new Promise((resolve) => {
          near.on('data', () => lines.join('').includes('the end') && resolve());
        });
        server.stdin.write('the end\n');
        await said;
      }));
  }

  test('offers ALPN and a server name', (scene) =>
    withPrograms(scene, async (programs) => {
      const names = ['-servername', 'other.example', '-cert2', file('rsa-cert.pem')];
      const more = ['-key2', file('rsa-key.pem'), '-alpn', 'h2,http/1.1', '-rev'];
      const server = await programs.server('p256', [...names, ...more]);
      const options = { ALPNProtocols: ['http/1.1'] };
      const near = scene.connect(addressOf(server), options);
      await once(near, 'secureConnect');
      assert.equal(near.alpnProtocol, 'http/1.1');
      assert.equal(near.getPeerCertificate().subject.CN, 'p256');
      // It serves one after the other.
      near.destroy();
      const other = scene.connect(addressOf(server), {
        servername: 'other.example',
        checkServerIdentity: () => undefined,
      });
      await once(other, 'secureConnect');
      assert.equal(other.getPeerCertificate().subject.CN, 'rsa');
      assert.equal(other.alpnProtocol, false);
    }));

  for (const [groups, expected] of [
    ['X25519', { type: 'ECDH', name: 'X25519', size: 253 }],
    ['P-384', { type: 'ECDH', name: 'secp384r1', size: 384 }],
  ]) {
    test(`agrees on the key exchange of -groups ${groups}`, (scene) =>
      withPrograms(scene, async (programs) => {
        const server = await programs.server('p256', ['-groups', groups, '-rev']);
        const near = scene.connect(addressOf(server));
        await once(near, 'secureConnect');
        assert.deepEqual(near.getEphemeralKeyInfo(), expected);
      }));
  }

  test('is told as core is that no group is shared', (scene) =>
    withPrograms(scene, async (programs) => {
      const server = await programs.server('p256', ['-groups', 'P-521']);
      const attempt = async (tls) => {
        const options = { ca: certs.ca, servername: 'localhost', ecdhCurve: 'X25519' };
        const near = scene.track(
          tls.connect({ port: server.port, host: '127.0.0.1', ...options, ...only('TLSv1.3') }),
        );
        return describeError(await new Promise((resolve) => near.on('error', resolve)));
      };
      const error = await attempt(scene.client);
      assert.match(error.code, /^ERR_SSL_/);
      assert.deepEqual(error, await attempt(core));
    }));
});
