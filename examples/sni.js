'use strict';

// One port, many tenants: the name that a client asks for (SNI, RFC 6066) chooses the certificate. Each is loaded when
// it is first asked for.
//
// Usage: node examples/sni.js [--serve]

const { once } = require('node:events');
const fs = require('node:fs/promises');
const tls = require('napi-tls');
const { createAuthority, stays } = require('./authority');

/** @returns {(name: string) => Promise<tls.SecureContext>} loads the context of a tenant once */
function contextLoader(tenants) {
  const contexts = new Map();
  const load = async ({ keyFile, certFile }) => {
    const [key, cert] = await Promise.all([fs.readFile(keyFile), fs.readFile(certFile)]);
    return tls.createSecureContext({ key, cert });
  };
  return (name) => {
    const tenant = tenants.get(name);
    if (tenant === undefined) return Promise.reject(new Error(`no tenant is called ${name}`));
    if (!contexts.has(name)) {
      const context = load(tenant);
      // A file that cannot be read now may be there the next time.
      context.catch(() => contexts.delete(name));
      contexts.set(name, context);
    }
    return contexts.get(name);
  };
}

async function main() {
  const authority = createAuthority();
  const names = ['one.example', 'two.example'];
  const tenants = new Map(names.map((name) => [name, authority.issue(name)]));
  const contextOf = contextLoader(tenants);

  const server = tls.createServer({
    SNICallback(servername, done) {
      contextOf(servername.toLowerCase()).then((context) => done(null, context), done);
    },
  });
  server.on('secureConnection', (socket) => {
    socket.on('error', (error) => console.error('server:', error.code));
    socket.end(`Welcome to ${socket.servername}!`);
  });
  server.on('tlsClientError', (error, socket) => {
    console.log('server refuses:', error.message);
    socket.destroy();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();

  for (const servername of [...names, 'three.example']) {
    const socket = tls.connect({ port, host: '127.0.0.1', servername, ca: authority.cert });
    try {
      await once(socket, 'secureConnect');
      console.log(`${servername}: the certificate of ${socket.getPeerCertificate().subject.CN}`);
      for await (const chunk of socket.setEncoding('utf8')) console.log(`${servername}: ${chunk}`);
    } catch (error) {
      console.log(`${servername}: ${error.code}`);
    }
  }

  if (stays) {
    const options = `-CAfile ${authority.certFile} -servername ${names[0]}`;
    console.log(`serving: openssl s_client -connect 127.0.0.1:${port} ${options}`);
  } else {
    server.close();
  }
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
