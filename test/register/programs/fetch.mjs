// A worker of a cluster serves, the primary fetches.

import cluster from 'node:cluster';
import { once } from 'node:events';
import { createRequire } from 'node:module';
import https from 'node:https';
import { TLSSocket } from 'napi-tls';

const certs = createRequire(import.meta.url)('../../certs');

if (cluster.isPrimary) {
  const worker = cluster.fork();
  const [port] = await once(worker, 'message');
  const response = await fetch(`https://localhost:${port}/`);
  console.log(await response.text());
  worker.kill();
} else {
  const server = https.createServer(certs.identity('p256'), ({ socket }, response) => {
    response.end(`ours ${socket instanceof TLSSocket}`);
  });
  server.listen(0, () => process.send(server.address().port));
}
