'use strict';

const assert = require('node:assert/strict');
const { createHash, randomBytes } = require('node:crypto');
const http = require('node:http');
const certs = require('../certs');
const { only, versions } = require('../conformance/scene');
const { transports } = require('../transports');
const { file, withPrograms } = require('./program');

const kMegabyte = 1024 * 1024;

/** An HTTP application behind a TLS server of ours. */
async function serve(scene, options, listener) {
  const app = http.createServer(listener);
  const server = await scene.listen(options, (far) => app.emit('connection', far));
  return { server, url: (path) => `https://localhost:${server.address().port}/${path}` };
}

/** Starts curl, which resolves 'localhost' as everybody and trusts the test CA. */
const curl = (programs, args, options) =>
  programs.start('curl', ['-sS', '-4', '--cacert', file('ca-cert.pem'), ...args], options);

transports('our server with curl', (test) => {
  for (const version of versions) {
    for (const identity of ['rsa', 'rsa-pss', 'p256']) {
      test(`serves over ${version} with an ${identity} certificate`, (scene) =>
        withPrograms(scene, async (programs) => {
          const options = { ...certs.identity(identity), ...only(version) };
          const { url } = await serve(scene, options, (request, response) =>
            response.end(`${request.method} ${request.url} over ${request.socket.getProtocol()}`),
          );
          const { code, text } = await curl(programs, [url('there')]).end();
          assert.deepEqual([code, text], [0, `GET /there over ${version}`]);
        }));
    }

    test(`asks for a client certificate over ${version}`, (scene) =>
      withPrograms(scene, async (programs) => {
        const demand = { ca: certs.ca, requestCert: true, rejectUnauthorized: true };
        const options = { ...certs.identity('p256'), ...only(version), ...demand };
        const { url } = await serve(scene, options, (request, response) =>
          response.end(request.socket.getPeerCertificate().subject.CN),
        );
        const own = ['--cert', file('client-cert.pem'), '--key', file('client-key.pem')];
        assert.equal((await curl(programs, [...own, url('')]).end()).text, 'client');
        const refused = await curl(programs, [url('')]).end();
        assert.notEqual(refused.code, 0);
        assert.match(refused.text, /alert|reset|SSL/i);
      }));
  }

  test('keeps one connection for several requests', (scene) =>
    withPrograms(scene, async (programs) => {
      const sockets = new Set();
      const { url } = await serve(scene, certs.identity('p256'), (request, response) => {
        sockets.add(request.socket);
        response.end(request.url);
      });
      const { text } = await curl(programs, [url('1'), url('2'), url('3')]).end();
      assert.equal(text, '/1/2/3');
      assert.equal(sockets.size, 1);
    }));

  test('takes an upload and sends a download, whole', (scene) =>
    withPrograms(scene, async (programs) => {
      const data = randomBytes(16 * kMegabyte);
      const expected = createHash('sha256').update(data).digest('hex');
      const uploaded = [];
      const { url } = await serve(scene, certs.identity('p256'), (request, response) => {
        if (request.method === 'GET') {
          response.end(data);
          return;
        }
        const hash = createHash('sha256');
        request.on('data', (chunk) => hash.update(chunk));
        request.on('end', () => {
          uploaded.push(hash.digest('hex'));
          response.end('thanks');
        });
      });
      const upload = curl(programs, ['-T', '-', '-H', 'Expect:', url('up')]);
      upload.stdin.end(data);
      assert.equal((await upload.end()).text, 'thanks');
      assert.deepEqual(uploaded, [expected]);

      const download = curl(programs, [url('down')], { raw: true });
      const hash = createHash('sha256');
      download.stdout.on('data', (chunk) => hash.update(chunk));
      assert.equal((await download.end()).code, 0);
      assert.equal(hash.digest('hex'), expected);
    }));

  test('is refused where its certificate is not good', (scene) =>
    withPrograms(scene, async (programs) => {
      for (const [identity, complaint] of [
        ['expired', /expired/],
        ['self-signed', /self.signed/],
        ['wild', /no alternative certificate subject name matches/],
      ]) {
        const { server, url } = await serve(scene, certs.identity(identity), (request, response) =>
          response.end(),
        );
        server.on('tlsClientError', (error, socket) => socket.destroy());
        const { code, text } = await curl(programs, [url('')]).end();
        assert.equal(code, 60, identity);
        assert.match(text, complaint);
      }
    }));
});
