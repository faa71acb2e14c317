'use strict';

// STARTTLS: a connection begins in the clear, and both sides go over to TLS when the client asks for it. Here it is
// that of SMTP (RFC 3207).
//
// Usage: node examples/starttls.js [--serve]

const { once } = require('node:events');
const net = require('node:net');
const tls = require('napi-tls');
const { createAuthority, stays } = require('./authority');

/** RFC 5321, section 4.5.3.1.5. */
const kMaxLine = 512;

/** @returns {() => Promise<string>} reads a line, and no byte beyond it, which may belong to TLS already */
function lineReader(socket) {
  const closed = new AbortController();
  socket.once('close', () => closed.abort());
  return async () => {
    let line = '';
    while (line.length < kMaxLine) {
      const byte = socket.read(1);
      if (byte === null) await once(socket, 'readable', { signal: closed.signal });
      else if (byte[0] === 0x0a) return line.trimEnd();
      else line += String.fromCharCode(byte[0]);
    }
    throw new Error('a line is too long');
  };
}

/** Serves one client until it quits. */
async function serve(raw, secureContext) {
  let socket = raw;
  let readLine = lineReader(socket);
  socket.write('220 localhost\r\n');
  for (;;) {
    const command = (await readLine()).toUpperCase();
    if (command.startsWith('EHLO')) {
      socket.write(socket.encrypted ? '250 localhost\r\n' : '250-localhost\r\n250 STARTTLS\r\n');
    } else if (command === 'QUIT') {
      socket.end('221 bye\r\n');
      return;
    } else if (socket.encrypted) {
      socket.write('502 not implemented\r\n');
    } else if (command !== 'STARTTLS') {
      socket.write('530 must issue a STARTTLS command first\r\n');
    } else if (socket.readableLength > 0) {
      // Sent in the clear, to be taken for encrypted: CVE-2011-0411.
      throw new Error('data after STARTTLS');
    } else {
      socket.write('220 go ahead\r\n');
      socket = new tls.TLSSocket(raw, { isServer: true, secureContext });
      socket.on('error', () => raw.destroy());
      readLine = lineReader(socket);
    }
  }
}

function createServer(credentials) {
  const secureContext = tls.createSecureContext(credentials);
  return net.createServer((raw) => {
    raw.on('error', () => {});
    serve(raw, secureContext).catch((error) => {
      if (error.name !== 'AbortError') console.error('server:', error.message);
      raw.destroy();
    });
  });
}

/** @returns {(command?: string) => Promise<void>} sends a command, and shows the reply of one line or more */
function dialogue(socket) {
  const readLine = lineReader(socket);
  return async (command) => {
    if (command) {
      console.log('>', command);
      socket.write(`${command}\r\n`);
    }
    let line;
    do {
      line = await readLine();
      console.log('<', line);
    } while (line[3] === '-');
  };
}

async function main() {
  const authority = createAuthority();
  const server = createServer(authority.issue('localhost'));
  server.listen(0, 'localhost');
  await once(server, 'listening');
  const { port } = server.address();

  const raw = net.connect(port, 'localhost');
  let say = dialogue(raw);
  await say();
  await say('EHLO client');
  await say('STARTTLS');
  const socket = tls.connect({ socket: raw, servername: 'localhost', ca: authority.cert });
  await once(socket, 'secureConnect');
  console.log(
    `  (${socket.getProtocol()}, ${socket.authorized ? 'authorized' : 'not authorized'})`,
  );
  say = dialogue(socket);
  await say('EHLO client');
  await say('QUIT');

  if (stays) {
    const options = `-starttls smtp -CAfile ${authority.certFile}`;
    console.log(`serving: openssl s_client -connect localhost:${port} ${options}`);
  } else {
    server.close();
  }
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
