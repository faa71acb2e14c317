// An ES module that uses every export which all releases of Node have.

import * as core from 'node:tls';
import tls, {
  CLIENT_RENEG_LIMIT,
  CLIENT_RENEG_WINDOW,
  DEFAULT_CIPHERS,
  DEFAULT_ECDH_CURVE,
  DEFAULT_MAX_VERSION,
  DEFAULT_MIN_VERSION,
  Server,
  TLSSocket,
  checkServerIdentity,
  connect,
  createSecureContext,
  createServer,
  getCiphers,
  rootCertificates,
} from 'napi-tls';
import type { ConnectionOptions, PeerCertificate, SecureContext, TlsOptions } from 'napi-tls';
import * as all from 'napi-tls';

// Either way, the values.
const ours: typeof tls = core;
const theirs: typeof core = tls;
const named: typeof core = all;
void [ours, theirs, named];

// Either way, the objects.
const take = {
  ours: (socket: TLSSocket, server: Server, context: SecureContext) => [socket, server, context],
  theirs: (socket: core.TLSSocket, server: core.Server, context: core.SecureContext) => [
    socket,
    server,
    context,
  ],
};
const swapped: { ours: typeof take.theirs; theirs: typeof take.ours } = take;
void swapped;

const numbers: number[] = [CLIENT_RENEG_LIMIT, CLIENT_RENEG_WINDOW];
const versions: tls.SecureVersion[] = [DEFAULT_MIN_VERSION, DEFAULT_MAX_VERSION];
const strings: string[] = [DEFAULT_CIPHERS, DEFAULT_ECDH_CURVE, ...versions];
const context: SecureContext = createSecureContext({ minVersion: 'TLSv1.2' });
const options: TlsOptions & ConnectionOptions = { secureContext: context, ALPNProtocols: ['h2'] };
// What only this package has.
const additions: TlsOptions & tls.TLSSocketOptions = { offloadHandshake: 'auto' };
void additions;
const server: Server = createServer(options, (socket) => {
  const protocol: string | null = socket.getProtocol();
  const certificate: PeerCertificate = socket.getPeerCertificate();
  void [protocol, certificate.subject.CN];
});
server.addContext('example.com', context);
server.on('tlsClientError', (error: Error, socket: TLSSocket) => socket.destroy(error));
const refusal: Error | undefined = checkServerIdentity('example.com', {
  subject: { CN: 'example.org' },
} as PeerCertificate);

const socket: TLSSocket = connect({ port: 1, host: '127.0.0.1' });
socket.on('error', () => {}).destroy();
console.log(
  numbers.every(Number.isInteger),
  strings.every((value) => value.length > 0),
  refusal instanceof Error,
  getCiphers().length > 0,
  rootCertificates.length > 0,
  server instanceof tls.Server,
  socket instanceof TLSSocket,
);
