'use strict';

/**
 * Usage: node turns-child.js
 * A server writes short pieces for as long as write() takes them, to a client in a thread that reads as fast as it
 * can. Prints how many bytes went in one turn of the event loop at most.
 */

const { Worker, isMainThread, workerData } = require('node:worker_threads');
const certs = require('../certs');
const tls = require('../..');

const kDuration = 500; // milliseconds
const kPiece = Buffer.alloc(64);

function read(port) {
  const near = tls.connect({ port, host: '127.0.0.1', ca: certs.ca, servername: 'localhost' });
  near.resume();
}

function write() {
  const server = tls.createServer(certs.identity('p256'), (far) => {
    far.on('error', () => {});
    // As servers have it; it also has timers move the clock of the loop on.
    far.setTimeout(60_000);
    let most = 0;
    let written = 0;
    const next = () => {
      most = Math.max(most, written);
      written = 0;
      setImmediate(next);
    };
    next();
    setTimeout(() => {
      console.log(most);
      process.exit();
    }, kDuration);
    const more = () => {
      let takesMore = true;
      while (takesMore) {
        takesMore = far.write(kPiece);
        written += kPiece.length;
      }
    };
    far.on('drain', more);
    more();
  });
  server.listen(
    0,
    '127.0.0.1',
    () => new Worker(__filename, { workerData: server.address().port }),
  );
}

if (isMainThread) write();
else read(workerData);
