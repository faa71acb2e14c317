'use strict';

const assert = require('node:assert/strict');
const { execFileSync } = require('node:child_process');
const { SSL_OP_NO_TICKET } = require('node:constants');
const { once } = require('node:events');
const fs = require('node:fs');
const path = require('node:path');
const certs = require('../certs');
const { describeError, only, versions } = require('../conformance/scene');
const { transports } = require('../transports');
const { file, versionFlag, withPrograms } = require('./program');

const kIdentities = ['rsa', 'rsa-pss', 'p256', 'ed25519'];
const kPsk = Buffer.from('d731ef57be09e5204f0b205b60627028', 'hex');

const echo = (socket) => socket.pipe(socket);

transports('our server with openssl s_client', (test) => {
  for (const version of versions) {
    for (const identity of kIdentities) {
      test(`speaks ${version} with an ${identity} certificate`, (scene) =>
        withPrograms(scene, async (programs) => {
          const server = await scene.listen(
            { ...certs.identity(identity), ...only(version) },
            echo,
          );
          const client = programs.client(server, [versionFlag[version]]);
          await client.print(/Verify return code: 0 \(ok\)/);
          client.stdin.write('a line through TLS\n');
          await client.print(/a line through TLS/);
          client.stdin.end('Q\n');
          const { code, text } = await client.end();
          assert.equal(code, 0);
          assert.match(text, new RegExp(`New, ${version}, Cipher is `));
        }));
    }

    test(`demands a client certificate over ${version}`, (scene) =>
      withPrograms(scene, async (programs) => {
        const server = await scene.listen({
          ...certs.identity('p256'),
          ...only(version),
          ca: certs.ca,
          requestCert: true,
        });
        const own = ['-cert', file('client-cert.pem'), '-key', file('client-key.pem')];
        const accepted = once(server, 'secureConnection');
        const client = programs.client(server, own);
        const [far] = await accepted;
        assert.equal(far.authorized, true);
        assert.equal(far.getPeerCertificate().subject.CN, 'client');
        client.stdin.end('Q\n');
        assert.equal((await client.end()).code, 0);
      }));

    test(`resumes sessions of -sess_out with -sess_in over ${version}`, (scene) =>
      withPrograms(scene, async (programs) => {
        const session = path.join(programs.temporary(), 'session.pem');
        const reused = [];
        const server = await scene.listen(
          { ...certs.identity('p256'), ...only(version) },
          (far) => {
            reused.push(far.isSessionReused());
            far.end('bye');
          },
        );
        const first = programs.client(server, ['-ign_eof', '-sess_out', session]);
        assert.match((await first.end()).text, /\bNew, /);
        const second = programs.client(server, ['-ign_eof', '-sess_in', session]);
        assert.match((await second.end()).text, /\bReused, /);
        assert.deepEqual(reused, [false, true]);
      }));

    for (const how of ['tickets', 'resumeSession']) {
      test(`binds a session to its server name with ${how} over ${version}`, (scene) =>
        withPrograms(scene, async (programs) => {
          const session = path.join(programs.temporary(), 'session.pem');
          const seen = [];
          const secureOptions = how === 'tickets' ? 0 : SSL_OP_NO_TICKET;
          const server = await scene.listen(
            { ...certs.identity('p256'), ...only(version), secureOptions },
            (far) => {
              seen.push([far.servername, far.isSessionReused()]);
              far.end('bye');
            },
          );
          const stored = new Map();
          server.on('newSession', (id, data, done) => {
            stored.set(id.toString('hex'), data);
            done();
          });
          server.on('resumeSession', (id, done) => done(null, stored.get(id.toString('hex'))));
          const visit = (...args) => programs.client(server, ['-ign_eof', ...args]).end();
          await visit('-sess_out', session);
          await visit('-sess_in', session, '-servername', 'other.example.com');
          await visit('-sess_in', session, '-servername', 'LOCALHOST');
          await visit('-sess_in', session);
          assert.deepEqual(seen, [
            ['localhost', false],
            ['other.example.com', false],
            ['LOCALHOST', false],
            ['localhost', true],
          ]);
          assert.equal(stored.size > 0, how === 'resumeSession' || version === 'TLSv1.3');
        }));
    }

    test(`answers -status with what 'OCSPRequest' gives over ${version}`, (scene) =>
      withPrograms(scene, async (programs) => {
        const server = await scene.listen({ ...certs.identity('p256'), ...only(version) });
        // An OCSPResponse without a responseBytes: responseStatus tryLater (RFC 6960, 4.2.1).
        const tryLater = Buffer.from('30030a0103', 'hex');
        server.on('OCSPRequest', (certificate, issuer, answer) => {
          setImmediate(answer, null, tryLater);
        });
        const client = programs.client(server, ['-status']);
        await client.print(/OCSP Response Status: trylater \(0x3\)/);
      }));

    test(`agrees on a key that -psk has, over ${version}`, (scene) =>
      withPrograms(scene, async (programs) => {
        const asked = [];
        const server = await scene.listen(
          {
            key: undefined,
            ...only(version),
            ciphers: version === 'TLSv1.3' ? 'TLS_AES_128_GCM_SHA256' : 'PSK',
            pskIdentityHint: 'a hint',
            pskCallback: (socket, identity) => {
              asked.push(identity);
              return kPsk;
            },
          },
          echo,
        );
        const psk = ['-psk', kPsk.toString('hex'), '-psk_identity', 'someone'];
        const ciphers = version === 'TLSv1.3' ? [] : ['-cipher', 'PSK'];
        const client = programs.client(server, [...psk, ...ciphers, versionFlag[version]]);
        await client.print(/New, |Reused, /);
        client.stdin.write('through PSK\n');
        await client.print(/through PSK/);
        assert.deepEqual([...new Set(asked)], ['someone']);
      }));

    test(`fails with core's error for a wrong -psk over ${version}`, (scene) =>
      withPrograms(scene, async (programs) => {
        const attempt = async (tls) => {
          const server = scene.track(
            tls.createServer({
              ...only(version),
              ciphers: version === 'TLSv1.3' ? 'TLS_AES_128_GCM_SHA256' : 'PSK',
              pskCallback: () => kPsk,
            }),
          );
          await scene.bind(server);
          const failed = once(server, 'tlsClientError');
          const ciphers = version === 'TLSv1.3' ? [] : ['-cipher', 'PSK'];
          programs.client(server, ['-psk', '00112233', versionFlag[version], ...ciphers]);
          const [error, socket] = await failed;
          socket.destroy();
          return describeError(error);
        };
        const error = await attempt(scene.server);
        assert.match(error.code, /^ERR_SSL_/);
        assert.deepEqual(error, await attempt(require('node:tls')));
      }));

    for (const [title, name] of [
      ['without one', null],
      ['with one of another authority', 'client-other'],
      ['with an expired one', 'client-expired'],
    ]) {
      test(`refuses a client ${title} as core does over ${version}`, (scene) =>
        withPrograms(scene, async (programs) => {
          const attempt = async (tls) => {
            const server = scene.track(
              tls.createServer({
                ...certs.identity('p256'),
                ...only(version),
                ca: certs.ca,
                requestCert: true,
                rejectUnauthorized: true,
              }),
            );
            await scene.bind(server);
            server.on('secureConnection', () => assert.fail('is not accepted'));
            const failed = once(server, 'tlsClientError');
            const own = name
              ? ['-cert', file(`${name}-cert.pem`), '-key', file(`${name}-key.pem`)]
              : [];
            const client = programs.client(server, own);
            const [error, socket] = await failed;
            socket.destroy();
            await client.end();
            return { ...describeError(error), authorization: socket.authorizationError };
          };
          const error = await attempt(scene.server);
          assert.match(error.code, /^(ERR_SSL_|ECONNRESET)/);
          assert.deepEqual(error, await attempt(require('node:tls')));
        }));
    }
  }

  test('chooses the protocol that -alpn offers and the name that -servername asks for', (scene) =>
    withPrograms(scene, async (programs) => {
      const server = await scene.listen({
        ...certs.identity('p256'),
        ALPNProtocols: ['spdy/9', 'http/1.1'],
        SNICallback: (name, answer) =>
          setImmediate(answer, null, scene.server.createSecureContext(certs.identity('rsa'))),
      });
      const accepted = once(server, 'secureConnection');
      const client = programs.client(server, ['-alpn', 'h2,http/1.1']);
      await client.print(/ALPN protocol: http\/1\.1/);
      await client.print(/Peer signature type: RSA/);
      const [far] = await accepted;
      assert.equal(far.alpnProtocol, 'http/1.1');
      assert.equal(far.servername, 'localhost');
    }));

  test('refuses -alpn without a protocol in common', (scene) =>
    withPrograms(scene, async (programs) => {
      const server = await scene.listen({ ...certs.identity('p256'), ALPNProtocols: ['h2'] });
      const failed = once(server, 'tlsClientError');
      const client = programs.client(server, ['-alpn', 'foo']);
      const [error] = await failed;
      assert.equal(error.code, 'ERR_SSL_NO_APPLICATION_PROTOCOL');
      const { text } = await client.end();
      assert.match(text, /no application protocol/);
    }));

  test('resumes the five sessions of -reconnect', (scene) =>
    withPrograms(scene, async (programs) => {
      const reused = [];
      const server = await scene.listen({ ...certs.identity('p256'), ...only('TLSv1.2') }, (far) =>
        reused.push(far.isSessionReused()),
      );
      const client = programs.client(server, ['-reconnect']);
      client.stdin.end();
      const { code, text } = await client.end();
      assert.equal(code, 0);
      assert.equal(text.match(/Reused, TLSv1\.2/g).length, 5);
      assert.deepEqual(reused, [false, true, true, true, true, true]);
    }));

  test('renegotiates when s_client is told R, and goes on', (scene) =>
    withPrograms(scene, async (programs) => {
      const server = await scene.listen({ ...certs.identity('p256'), ...only('TLSv1.2') }, echo);
      const accepted = once(server, 'secureConnection');
      const client = programs.client(server);
      const [far] = await accepted;
      await client.print(/Verify return code: 0/);
      for (let round = 0; round < 3; round++) {
        client.stdin.write('R\n');
        await client.print(new RegExp(`(RENEGOTIATING[^]*){${round + 1}}`));
        client.stdin.write(`after ${round}\n`);
        await client.print(new RegExp(`after ${round}`));
      }
      const attacked = new Promise((resolve) => far.on('error', resolve));
      client.stdin.write('R\n');
      assert.equal((await attacked).code, 'ERR_TLS_SESSION_ATTACK');
    }));

  test('changes its keys when s_client is told K', (scene) =>
    withPrograms(scene, async (programs) => {
      const server = await scene.listen({ ...certs.identity('p256'), ...only('TLSv1.3') }, echo);
      const client = programs.client(server);
      await client.print(/Verify return code: 0/);
      for (const [i, key] of ['K', 'k', 'K'].entries()) {
        client.stdin.write(`${key}\n`);
        await client.print(new RegExp(`(KEYUPDATE[^]*){${i + 1}}`));
        client.stdin.write(`after ${i}\n`);
        await client.print(new RegExp(`after ${i}\n`));
      }
    }));

  test('skips -early_data, and makes a full handshake', (scene) =>
    withPrograms(scene, async (programs) => {
      const folder = programs.temporary();
      const session = path.join(folder, 'session.pem');
      const early = path.join(folder, 'early');
      fs.writeFileSync(early, 'too early');
      // s_client sends early data only where the server of the session has permitted it.
      const permitting = await programs.server('p256', ['-max_early_data', '16384', '-rev']);
      const first = programs.client({ address: () => permitting }, ['-sess_out', session]);
      first.stdin.write('stressed\n');
      await first.print(/desserts/);
      first.stdin.end('Q\n');
      await first.end();
      const text = execFileSync('openssl', ['sess_id', '-in', session, '-noout', '-text']);
      assert.match(String(text), /Max Early Data: 16384/);
      const received = [];
      const server = await scene.listen(certs.identity('p256'), (far) => {
        far.on('data', (chunk) => {
          received.push(chunk);
          far.end('bye');
        });
      });
      const args = ['-sess_in', session, '-early_data', early];
      const client = programs.client(server, args);
      await client.print(/Early data was rejected/);
      client.stdin.write('in time\n');
      client.stdin.end();
      assert.equal((await client.end()).code, 0);
      assert.equal(String(Buffer.concat(received)), 'in time\n');
    }));

  for (const [groups, key] of [
    ['X25519', /Server Temp Key: X25519/],
    ['P-384', /Server Temp Key: ECDH, (P-384|secp384r1)/],
    ['P-256', /Server Temp Key: ECDH, (P-256|prime256v1)/],
  ]) {
    test(`agrees on the key exchange of -groups ${groups}`, (scene) =>
      withPrograms(scene, async (programs) => {
        const server = await scene.listen(certs.identity('p256'));
        await programs.client(server, ['-groups', groups]).print(key);
      }));
  }

  test('has no answer for -groups that it does not know', (scene) =>
    withPrograms(scene, async (programs) => {
      const server = await scene.listen({ ...certs.identity('p256'), ecdhCurve: 'P-256' });
      const failed = once(server, 'tlsClientError');
      const client = programs.client(server, ['-groups', 'P-521', '-tls1_3']);
      assert.match((await failed)[0].code, /^ERR_SSL_NO_SUITABLE_(KEY_SHARE|GROUPS)$/);
      assert.notEqual((await client.end()).code, 0);
    }));
});
