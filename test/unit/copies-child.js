'use strict';

/**
 * Usage: node copies-child.js FOLDER [ENDING]
 * Loads the package, and again from FOLDER when the files whose names end so have left the cache. Then each
 * sends random bytes to itself and to the other, all at the same time.
 */

const { randomBytes } = require('node:crypto');
const { once } = require('node:events');
const certs = require('../certs');

const kRounds = 20;

const [folder, ending] = process.argv.slice(2);
const copies = [require('../..')];
if (ending !== undefined) {
  for (const name of Object.keys(require.cache)) {
    if (ending === '.' || name.endsWith(ending)) delete require.cache[name];
  }
}
copies.push(require(folder));

/** Sends bytes through `near` to `far` and back. */
async function echo(near, far) {
  const server = far.createServer(certs.identity('p256'), (socket) => socket.pipe(socket));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  const socket = near.connect({ port, host: '127.0.0.1', ca: certs.ca, servername: 'localhost' });
  if (!(socket instanceof near.TLSSocket)) throw new Error('not a socket of this copy');
  for (let i = 0; i < kRounds; i++) {
    const sent = randomBytes(i * 5_000 + 1);
    socket.write(sent);
    let received = Buffer.alloc(0);
    while (received.length < sent.length) {
      const [chunk] = await once(socket, 'data');
      received = Buffer.concat([received, chunk]);
    }
    if (!received.equals(sent)) throw new Error(`other bytes, in round ${i}`);
  }
  socket.end();
  server.close();
}

(async () => {
  if (copies[0] === copies[1]) throw new Error('one copy only');
  const pairs = [0, 1].flatMap((near) => [0, 1].map((far) => [near, far]));
  await Promise.all(pairs.map(([near, far]) => echo(copies[near], copies[far])));
  process.stdout.write(pairs.map(([near, far]) => `${near + 1} to ${far + 1}`).join(', '));
})();
