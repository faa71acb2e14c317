'use strict';

// An HTTPS server that takes a new certificate into use when its files change. Connections that are open stay
// open; the next ones get the new certificate.
//
// Usage: node examples/https-hot-reload.js [--serve]

require('napi-tls/register');

const { once } = require('node:events');
const fs = require('node:fs');
const https = require('node:https');
const path = require('node:path');
const { createAuthority, stays } = require('./authority');

/** Editors and ACME clients write in several steps: wait until they are done. */
const kQuiet = 100; // milliseconds

function readCredentials({ keyFile, certFile }) {
  return { key: fs.readFileSync(keyFile), cert: fs.readFileSync(certFile) };
}

/**
 * Watches the folder of the certificate: a file that is replaced by another would be lost to a watch of its own.
 */
function reloadOnChange(server, files) {
  let timer;
  const reload = () => {
    try {
      server.setSecureContext(readCredentials(files));
      server.emit('certificateReloaded');
    } catch (error) {
      // Half of a pair, for example. The old certificate goes on serving.
      console.error(`The new certificate is of no use: ${error.message}`);
    }
  };
  const watcher = fs.watch(path.dirname(files.certFile), () => {
    clearTimeout(timer);
    timer = setTimeout(reload, kQuiet);
  });
  server.once('close', () => {
    clearTimeout(timer);
    watcher.close();
  });
}

/** @returns {Promise<string>} the serial number of the server's certificate, seen through this agent */
async function serialNumber(agent, port) {
  const request = https.get({ agent, port, servername: 'localhost' });
  const [response] = await once(request, 'response');
  const { serialNumber } = response.socket.getPeerCertificate();
  await once(response.resume(), 'end');
  return `${serialNumber.slice(0, 8)}${request.reusedSocket ? ', on the open connection' : ''}`;
}

async function main() {
  const authority = createAuthority();
  const files = authority.issue('localhost');

  const server = https.createServer(readCredentials(files), (request, response) => {
    response.end('Hello over TLS!\n');
  });
  reloadOnChange(server, files);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();

  const open = new https.Agent({ ca: authority.cert, keepAlive: true });
  const fresh = new https.Agent({ ca: authority.cert, maxCachedSessions: 0 });
  console.log('certificate', await serialNumber(open, port));
  const reloaded = once(server, 'certificateReloaded');
  authority.issue('localhost');
  await reloaded;
  console.log('reloaded');
  console.log('certificate', await serialNumber(open, port));
  console.log('certificate', await serialNumber(fresh, port));
  open.destroy();

  if (stays) {
    console.log(`serving: curl --cacert ${authority.certFile} https://localhost:${port}`);
    console.log(`change   ${files.keyFile} and ${files.certFile}`);
  } else {
    server.close();
  }
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
