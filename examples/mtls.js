'use strict';

// Mutual TLS: server and client show each other certificates of one authority. Whoever has none, or one of somebody
// else's, is refused.
//
// Usage: node examples/mtls.js [--serve]

const { once } = require('node:events');
const tls = require('napi-tls');
const { createAuthority, stays } = require('./authority');

/** @returns {tls.Server} greets clients by the name in their certificates */
function createServer(authority, { key, cert }) {
  const server = tls.createServer(
    // The server asks for a certificate, and accepts none but those of its own authority.
    { key, cert, ca: authority.cert, requestCert: true, rejectUnauthorized: true },
    (socket) => {
      socket.on('error', (error) => console.error('server:', error.code));
      socket.end(`Hello, ${socket.getPeerCertificate().subject.CN}!`);
    },
  );
  server.on('tlsClientError', (error, socket) => {
    console.log('server refuses:', socket.authorizationError ?? error.code);
    socket.destroy();
  });
  return server;
}

/**
 * @returns {Promise<string>} what the server says, or why it says nothing. In TLS 1.3 a client learns that only when it
 *   reads: for its side the handshake is done before the server has seen its certificate.
 */
async function greeting(options) {
  const socket = tls.connect({ host: 'localhost', servername: 'localhost', ...options });
  try {
    await once(socket, 'secureConnect');
    let text = '';
    for await (const chunk of socket.setEncoding('utf8')) text += chunk;
    return text || 'the server has hung up';
  } catch (error) {
    return error.code;
  }
}

async function main() {
  const authority = createAuthority();
  const server = createServer(authority, authority.issue('localhost'));
  server.listen(0, 'localhost');
  await once(server, 'listening');
  const { port } = server.address();

  const ca = authority.cert;
  const alice = authority.issue('alice');
  const mallory = createAuthority().issue('alice');
  console.log('alice:', await greeting({ port, ca, key: alice.key, cert: alice.cert }));
  console.log('nobody:', await greeting({ port, ca }));
  console.log('mallory:', await greeting({ port, ca, key: mallory.key, cert: mallory.cert }));

  if (stays) {
    const options = `-CAfile ${authority.certFile} -cert ${alice.certFile} -key ${alice.keyFile}`;
    console.log(`serving: openssl s_client -connect localhost:${port} ${options}`);
  } else {
    server.close();
  }
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
