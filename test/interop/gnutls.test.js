'use strict';

const assert = require('node:assert/strict');
const { once } = require('node:events');
const fs = require('node:fs');
const net = require('node:net');
const os = require('node:os');
const path = require('node:path');
const certs = require('../certs');
const { topic } = require('../conformance/pairings');
const { describeError } = require('../conformance/scene');
const { file, withPrograms } = require('./program');

/** What gnutls-cli and gnutls-serv call one protocol version alone. */
const priorities = {
  'TLSv1.2': 'NORMAL:-VERS-ALL:+VERS-TLS1.2',
  'TLSv1.3': 'NORMAL:-VERS-ALL:+VERS-TLS1.3',
};

/** gnutls-cli that trusts the test CA and expects 'localhost'. */
function client(programs, server, args) {
  const names = ['--sni-hostname', 'localhost', '--verify-hostname', 'localhost'];
  const trust = ['--x509cafile', file('ca-cert.pem')];
  const { port } = server.address();
  return programs.start('gnutls-cli', [...names, ...trust, ...args, '-p', port, '127.0.0.1']);
}

const kPortsToTry = 4; // one may be taken by another program before gnutls-serv has it

/** gnutls-serv that echoes lines, on a free port: it can be told one, and does not tell which it has. */
async function serve(programs, args, tries = kPortsToTry) {
  const reservation = net.createServer().listen(0, '127.0.0.1');
  await once(reservation, 'listening');
  const { port } = reservation.address();
  await new Promise((resolve) => reservation.close(resolve));
  const own = ['--x509certfile', file('p256-cert.pem'), '--x509keyfile', file('p256-key.pem')];
  const program = programs.start('gnutls-serv', ['--echo', ...own, ...args, '-p', port]);
  try {
    await program.print(/listening on IPv4[^\n]*done/);
  } catch (error) {
    if (tries === 1) throw error;
    return serve(programs, args, tries - 1);
  }
  return { address: () => ({ port, address: '127.0.0.1' }) };
}

/** The line that a tls client gets back, or its error. */
async function echo(scene, server, options) {
  const near = scene.connect(server, options);
  const failed = new Promise((resolve) => near.once('error', (error) => resolve(error)));
  // Of a write that waits for the handshake, core would report the failure.
  near.once('secureConnect', () => near.write('a line\n'));
  const first = await Promise.race([once(near, 'data'), failed]);
  if (first instanceof Error) return { error: describeError(first) };
  return { line: String(first[0]), protocol: near.getProtocol(), alpn: near.alpnProtocol };
}

topic.api('a server with gnutls-cli', (test) => {
  const pipe = (far) => {
    far.on('error', () => {});
    far.pipe(far);
  };

  for (const [version, priority] of Object.entries(priorities)) {
    test.observe(
      `echoes over ${version}`,
      (scene) =>
        withPrograms(scene, async (programs) => {
          const server = await scene.listen({}, pipe);
          const near = client(programs, server, ['--priority', priority]);
          await near.print(/Handshake was completed/);
          near.stdin.write('a line\n');
          await near.print(/^a line$/m);
          near.stdin.end();
          return (await near.end()).code;
        }),
      (code) => assert.equal(code, 0),
    );

    test.observe(
      `resumes over ${version}`,
      (scene) =>
        withPrograms(scene, async (programs) => {
          const reused = [];
          const server = await scene.listen({}, (far) => {
            far.on('error', () => {});
            reused.push(far.isSessionReused());
            far.resume();
          });
          const args = ['--resume', '--waitresumption', '--priority', priority];
          const near = client(programs, server, args);
          await near.print(/This is a resumed session/);
          near.stdin.end();
          await near.end();
          return reused;
        }),
      (reused) => assert.deepEqual(reused, [false, true]),
    );
  }

  test.observe(
    'renegotiates over TLSv1.2',
    (scene) =>
      withPrograms(scene, async (programs) => {
        const server = await scene.listen({}, pipe);
        const near = client(programs, server, [
          '--rehandshake',
          '--priority',
          priorities['TLSv1.2'],
        ]);
        await near.print(/ReHandshake was completed/);
        near.stdin.end('a line\n');
        await near.print(/^a line$/m);
        return near.text.includes('safe renegotiation');
      }),
    (safe) => assert.equal(safe, true),
  );

  test.observe(
    'refuses early data, and takes what is sent after it',
    (scene) =>
      withPrograms(scene, async (programs) => {
        const early = path.join(os.tmpdir(), `napi-tls-early-${process.pid}`);
        fs.writeFileSync(early, 'early\n');
        try {
          let received = '';
          const server = await scene.listen({}, (far) => {
            far.on('error', () => {});
            far.on('data', (chunk) => {
              received += chunk;
              far.write(chunk);
            });
          });
          const args = ['--resume', '--waitresumption', '--earlydata', early];
          const near = client(programs, server, [...args, '--priority', priorities['TLSv1.3']]);
          await near.print(/This is a resumed session/);
          near.stdin.write('late\n');
          await near.print(/^late$/m);
          near.stdin.end();
          await near.end();
          return received;
        } finally {
          fs.rmSync(early);
        }
      }),
    (received) => assert.equal(received, 'late\n'),
  );

  for (const [title, args, options, said, code] of [
    [
      'a fallback (TLS_FALLBACK_SCSV)',
      ['--priority', 'NORMAL:-VERS-TLS1.3:%FALLBACK_SCSV'],
      {},
      /Inappropriate fallback/i,
      'ERR_SSL_INAPPROPRIATE_FALLBACK',
    ],
    [
      'TLS 1.1 and older',
      ['--priority', 'NORMAL:-VERS-ALL:+VERS-TLS1.1:+VERS-TLS1.0'],
      {},
      /protocol version|No supported/i,
      'ERR_SSL_UNSUPPORTED_PROTOCOL',
    ],
    [
      '3DES',
      ['--priority', 'NORMAL:-VERS-ALL:+VERS-TLS1.2:-CIPHER-ALL:+3DES-CBC'],
      {},
      /Handshake failed/,
      'ERR_SSL_NO_SHARED_CIPHER',
    ],
    [
      'a client without a certificate',
      ['--priority', priorities['TLSv1.2']],
      { requestCert: true, ca: certs.ca },
      /Handshake failed/,
      'ERR_SSL_PEER_DID_NOT_RETURN_A_CERTIFICATE',
    ],
  ]) {
    test.observe(
      `refuses ${title}`,
      (scene) =>
        withPrograms(scene, async (programs) => {
          const server = await scene.listen(options);
          const failed = once(server, 'tlsClientError');
          const near = client(programs, server, args);
          await near.print(said);
          const [error] = await failed;
          return describeError(error);
        }),
      (error) => assert.equal(error.code, code),
    );
  }
});

topic.api('a client with gnutls-serv', (test) => {
  for (const [version, priority] of Object.entries(priorities)) {
    test.observe(
      `is echoed over ${version}, with ALPN`,
      (scene) =>
        withPrograms(scene, async (programs) => {
          const server = await serve(programs, ['--alpn', 'b', '--priority', priority]);
          return echo(scene, server, { ALPNProtocols: ['a', 'b'] });
        }),
      (outcome) => assert.deepEqual(outcome, { line: 'a line\n', protocol: version, alpn: 'b' }),
    );
  }

  for (const [title, args, code] of [
    ['TLS 1.1', ['--priority', 'NORMAL:-VERS-ALL:+VERS-TLS1.1'], /^ERR_SSL_UNSUPPORTED_PROTOCOL$/],
    [
      'a server without safe renegotiation',
      ['--priority', `${priorities['TLSv1.2']}:%DISABLE_SAFE_RENEGOTIATION`],
      /^ERR_SSL_UNSAFE_LEGACY_RENEGOTIATION_DISABLED$/,
    ],
    [
      'a server that knows another name only',
      ['--sni-hostname', 'other.example', '--sni-hostname-fatal'],
      /^ERR_SSL_TLSV1_UNRECOGNIZED_NAME$/,
    ],
    [
      'a server that asks for a certificate in vain',
      [
        '--require-client-cert',
        '--x509cafile',
        file('ca-cert.pem'),
        '--priority',
        priorities['TLSv1.3'],
      ],
      /^ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED$/,
    ],
  ]) {
    test.observe(
      `fails with ${title}`,
      (scene) =>
        withPrograms(scene, async (programs) => {
          const server = await serve(programs, args);
          return echo(scene, server);
        }),
      ({ error }) => assert.match(error?.code, code),
    );
  }
});
