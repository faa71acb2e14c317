'use strict';

// A cluster whose workers share the keys of their session tickets, so that a client resumes its session on whichever
// worker it meets. The primary makes the keys, and replaces them now and then: a ticket is good as long as its key.
//
// Usage: node examples/cluster-tickets.js [--serve]

const cluster = require('node:cluster');
const { randomBytes } = require('node:crypto');
const { once } = require('node:events');
const fs = require('node:fs');
const tls = require('napi-tls');
const { createAuthority, stays } = require('./authority');

const kWorkers = 2;
const kTicketKeysSize = 48;

/** A worker: the files of its certificate come in the environment, the ticket keys in messages. */
function work() {
  const { KEY_FILE, CERT_FILE } = process.env;
  const server = tls.createServer(
    { key: fs.readFileSync(KEY_FILE), cert: fs.readFileSync(CERT_FILE) },
    (socket) => {
      socket.on('error', (error) => console.error(`worker ${cluster.worker.id}:`, error.code));
      socket.end(`worker ${cluster.worker.id}`);
    },
  );
  server.listen(0, 'localhost');
  process.on('message', ({ ticketKeys }) => {
    server.setTicketKeys(Buffer.from(ticketKeys, 'base64'));
    process.send({ renewed: true });
  });
}

/** Gives all workers new keys. A ticket of the old ones is not an error: a full handshake follows. */
async function renewTicketKeys(workers) {
  const ticketKeys = randomBytes(kTicketKeysSize).toString('base64');
  await Promise.all(
    workers.map((worker) => {
      worker.send({ ticketKeys });
      return once(worker, 'message');
    }),
  );
}

/** @returns {Promise<Buffer>} the session to resume the next time */
async function connect(port, ca, session) {
  const socket = tls.connect({ port, host: 'localhost', servername: 'localhost', ca, session });
  // TLS 1.3 sends tickets after the handshake, and several of them.
  socket.on('session', (ticket) => (session = ticket));
  await once(socket, 'secureConnect');
  let text = '';
  const handshake = socket.isSessionReused() ? 'resumed' : 'full handshake';
  for await (const chunk of socket.setEncoding('utf8')) text += chunk;
  console.log(`${text}: ${handshake}`);
  return session;
}

async function lead() {
  const authority = createAuthority();
  const { keyFile, certFile } = authority.issue('localhost');
  const workers = Array.from({ length: kWorkers }, () =>
    cluster.fork({ KEY_FILE: keyFile, CERT_FILE: certFile }),
  );
  const [[{ port }]] = await Promise.all(workers.map((worker) => once(worker, 'listening')));

  await renewTicketKeys(workers);
  let session;
  for (let i = 0; i < 2 * kWorkers; i++) session = await connect(port, authority.cert, session);
  await renewTicketKeys(workers);
  console.log('new ticket keys');
  for (let i = 0; i < kWorkers; i++) session = await connect(port, authority.cert, session);

  if (stays) {
    const options = `-CAfile ${authority.certFile} -reconnect -tls1_2`;
    console.log(`serving: openssl s_client -connect localhost:${port} ${options}`);
    const hourly = () => renewTicketKeys(workers).catch(console.error);
    setInterval(hourly, 3_600_000);
  } else {
    cluster.disconnect();
  }
}

if (cluster.isPrimary) {
  lead().catch((error) => {
    console.error(error);
    process.exit(1);
  });
} else {
  work();
}
