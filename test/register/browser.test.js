'use strict';

/* global document, location -- of the browser */

const { execFileSync } = require('node:child_process');
const { test } = require('./processes');

/** Whether there is a browser: `test/setup.sh browser` installs it. */
function hasChromium() {
  try {
    execFileSync('chromium', ['--version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

const suite = hasChromium() ? describe : describe.skip;
const reason = suite === describe ? '' : ' (skipped: chromium is not installed)';

suite(`Chromium with servers under napi-tls/register${reason}`, () => {
  for (const module of ['https', 'http2']) {
    const act = async (world) => {
      const { assert, assertCarried, certs, given, identity, listen, require } = world;
      const { execFile } = require('node:child_process');
      const { X509Certificate, createHash } = require('node:crypto');
      const fs = require('node:fs');
      const os = require('node:os');
      const path = require('node:path');
      const { promisify } = require('node:util');
      const { WebSocketServer } = require('ws');

      // Runs in the browser. Its result is in the DOM before the image comes that the page waits for.
      const script = async () => {
        const result = {};
        try {
          const body = 'a body '.repeat(300_000);
          const response = await fetch('/echo', { method: 'POST', body });
          result.echo = (await response.text()) === body;
          const many = Array.from({ length: 20 }, (_, i) => fetch(`/number?${i}`));
          const numbers = await Promise.all(many.map(async (answer) => (await answer).text()));
          result.numbers = numbers.join();
          const socket = new WebSocket(`wss://${location.host}/socket`);
          socket.binaryType = 'arraybuffer';
          const next = (event) =>
            new Promise((resolve, reject) => {
              socket.addEventListener(event, resolve, { once: true });
              socket.addEventListener('error', () => reject(new Error('WebSocket')));
            });
          await next('open');
          const messages = ['text', 'x'.repeat(100_000), new Uint8Array(1_000_000).fill(7)];
          result.messages = [];
          for (const message of messages) {
            socket.send(message);
            const { data } = await next('message');
            result.messages.push(
              typeof message === 'string'
                ? data === message
                : data.byteLength === 1_000_000 && new Uint8Array(data).every((b) => b === 7),
            );
          }
          socket.close(4000);
          result.code = (await next('close')).code;
          result.protocol = performance.getEntriesByType('navigation')[0].nextHopProtocol;
        } catch (error) {
          result.error = String(error);
        }
        document.querySelector('pre').textContent = JSON.stringify(result);
        await fetch('/finished');
      };
      const page =
        `<!doctype html><title>napi-tls</title><pre></pre><img src="/image">` +
        `<script type="module">(${script})();</script>`;

      let release;
      const finished = new Promise((resolve) => (release = resolve));
      const answer = async (request, response) => {
        const { pathname, search } = new URL(request.url, 'https://localhost');
        if (pathname === '/') {
          response.setHeader('content-type', 'text/html');
          response.end(page);
        } else if (pathname === '/echo') {
          request.pipe(response);
        } else if (pathname === '/number') {
          response.end(search.slice(1));
        } else {
          if (pathname === '/finished') release();
          if (pathname === '/image') await finished;
          response.statusCode = 204;
          response.end();
        }
      };
      const server =
        given.module === 'https'
          ? require('node:https').createServer(identity, answer)
          : require('node:http2').createSecureServer({ ...identity, allowHTTP1: true }, answer);
      const connections = [];
      server.on('secureConnection', (socket) => {
        connections.push({ socket, protocol: socket.getProtocol(), alpn: socket.alpnProtocol });
      });
      const sockets = new WebSocketServer({ server, path: '/socket' });
      sockets.on('connection', (peer) => {
        peer.on('message', (data, binary) => peer.send(data, { binary }));
      });
      const port = await listen(server);

      const { publicKey } = new X509Certificate(certs.read('p256-cert.pem'));
      const spki = publicKey.export({ type: 'spki', format: 'der' });
      const trusted = createHash('sha256').update(spki).digest('base64');
      const profile = fs.mkdtempSync(path.join(os.tmpdir(), 'chromium-'));
      try {
        const { stdout } = await promisify(execFile)(
          'chromium',
          [
            ...['--headless=new', '--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage'],
            ...['--no-first-run', '--disable-background-networking', '--disable-extensions'],
            '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost',
            ...[`--user-data-dir=${profile}`, `--ignore-certificate-errors-spki-list=${trusted}`],
            ...['--dump-dom', `https://localhost:${port}/`],
          ],
          { timeout: given.timeout, killSignal: 'SIGKILL' },
        );
        const result = JSON.parse(/<pre>(.*)<\/pre>/s.exec(stdout)[1]);
        assert.deepEqual(result, {
          echo: true,
          numbers: [...Array(20).keys()].join(),
          messages: [true, true, true],
          code: 4000,
          protocol: given.module === 'https' ? 'http/1.1' : 'h2',
        });
      } finally {
        fs.rmSync(profile, { recursive: true, maxRetries: 5 });
      }
      // Chromium opens some connections that it does not use.
      const used = connections.filter(({ socket }) => socket.bytesRead > 0);
      for (const { socket, protocol } of used) {
        assertCarried(socket);
        assert.equal(protocol, 'TLSv1.3');
      }
      const protocols = new Set(used.map(({ alpn }) => alpn));
      // The WebSocket has a connection of its own.
      const expected = given.module === 'https' ? ['http/1.1'] : ['h2', 'http/1.1'];
      assert.deepEqual([...protocols].sort(), expected);
      assert.ok(used.length >= 2);
    };
    test(`load a page, fetch and open a WebSocket over ${module}`, act, () => ({
      module,
      timeout: 30_000,
    }));
  }
});
