'use strict';

/**
 * Usage: node transfer-child.js WAY
 * A user transfers the memory of each chunk that comes, in a way that takes away all of it, while another connection
 * goes on. Prints whether both have got what was sent.
 */

const { createHash, randomBytes } = require('node:crypto');
const { once } = require('node:events');
const { Worker } = require('node:worker_threads');
const certs = require('../certs');
const tls = require('../..');

const kChunks = [...Array(60).keys()].map((i) => randomBytes([100, 9000, 60_000][i % 3]));

const worker = new Worker('require("node:worker_threads").parentPort.on("message", () => {})', {
  eval: true,
});
const ways = {
  structuredClone: (chunk) => structuredClone(chunk, { transfer: [chunk.buffer] }),
  postMessage: (chunk) => worker.postMessage(chunk, [chunk.buffer]),
  transfer: (chunk) => chunk.buffer.transfer?.(),
  // The source is called at once, and what it throws is how the stream ends.
  streams: (chunk) => new ReadableStream({ type: 'bytes', start: (to) => to.enqueue(chunk) }),
};

async function main() {
  const take = ways[process.argv[2]];
  const server = tls.createServer(certs.identity('p256'), async (far) => {
    far.on('error', () => {});
    for (const chunk of kChunks) {
      far.write(chunk);
      await new Promise(setImmediate);
    }
    far.end();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  const digest = async (act) => {
    const near = tls.connect({ port, host: '127.0.0.1', ca: certs.ca, servername: 'localhost' });
    const hash = createHash('sha256');
    near.on('data', (chunk) => {
      hash.update(chunk);
      try {
        act(chunk);
      } catch {
        // It may not be taken away.
      }
    });
    await once(near, 'end');
    return hash.digest('hex');
  };
  const sent = createHash('sha256').update(Buffer.concat(kChunks)).digest('hex');
  const got = await Promise.all([digest(take), digest(() => {})]);
  console.log(got.every((each) => each === sent) ? 'intact' : 'not what was sent');
  await worker.terminate();
  process.exit();
}

main();
