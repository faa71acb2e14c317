'use strict';

/**
 * Usage: LD_PRELOAD=inject.so node inject-child.js core|ours VERSION STEP
 * Has one conversation after the other, in each of which one system call fails (inject.c): every STEP-th call of the
 * conversation, with each error. Prints for each kind of failure how the conversations have come out.
 */

const assert = require('node:assert/strict');
const { once } = require('node:events');
const fs = require('node:fs');
const constants = require('node:os').constants.errno;
const certs = require('../certs');
const tls = process.argv[2] === 'core' ? require('node:tls') : require('../..');

const version = process.argv[3];
const step = Number(process.argv[4]);
const kPatience = 3000; // milliseconds for one conversation
const kMaxCalls = 500;
const kData = Buffer.alloc(100_000, 'faults');

const faults = {
  'read EAGAIN': `read:CALL:${constants.EAGAIN}`,
  'read ENOBUFS': `read:CALL:${constants.ENOBUFS}`,
  'read ECONNRESET': `read:CALL:${constants.ECONNRESET}`,
  'read one byte': 'read:CALL:-1:20',
  'write EAGAIN': `write:CALL:${constants.EAGAIN}:3`,
  'write ENOBUFS': `write:CALL:${constants.ENOBUFS}:3`,
  'write ECONNRESET': `write:CALL:${constants.ECONNRESET}`,
  'write EPIPE': `write:CALL:${constants.EPIPE}`,
  'write one byte': 'write:CALL:-1:20',
};

const descriptors = () => fs.readdirSync('/proc/self/fd').length;

/** How the conversation that is going on comes out. */
let log;

/** There is to be one error and no other. */
function describe({ code, syscall }, before) {
  return `${before === 'closed' ? '' : `${before} and then `}error ${syscall} ${code}`;
}

function onFar(far) {
  log.announced++;
  far.on('error', (error) => (log.server = describe(error, log.server)));
  far.pipe(far);
}

function onFailure({ code }, socket) {
  log.announced++;
  log.server = `tlsClientError ${code}`;
  socket.destroy();
}

const closing = (socket) =>
  new Promise((resolve) => (socket.closed ? resolve() : socket.on('close', resolve)));

/** Connects, has something echoed, and ends. */
async function converse(server) {
  log = { client: 'closed', server: 'closed', announced: 0 };
  const accepted = once(server, 'connection');
  const near = tls.connect({ port: server.address().port, ca: certs.ca, servername: 'localhost' });
  let size = 0;
  near.on('error', (error) => (log.client = describe(error, log.client)));
  near.on('data', (chunk) => {
    if (!chunk.equals(kData.subarray(size, size + chunk.length))) log.client = 'wrong data';
    size += chunk.length;
    if (size === kData.length) near.end();
  });
  near.on('secureConnect', () => near.write(kData));
  const nearClosed = closing(near);
  const [raw] = await accepted;
  let timer;
  const late = new Promise((resolve) => (timer = setTimeout(resolve, kPatience, 'late')));
  const closed = Promise.all([nearClosed, closing(raw)]);
  if ((await Promise.race([closed, late])) === 'late') log.client = 'not closed';
  clearTimeout(timer);
  near.destroy();
  raw.destroy();
  await new Promise((resolve) => setTimeout(resolve, 2));
  if (log.announced !== 1) log.server += `, announced ${log.announced} times`;
  if (size === kData.length) log.client += ', all data';
  return `client: ${log.client}; server: ${log.server}`;
}

async function main() {
  const server = tls.createServer({
    ...certs.identity('p256'),
    minVersion: version,
    maxVersion: version,
  });
  server.on('secureConnection', onFar).on('tlsClientError', onFailure);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  await converse(server);
  await new Promise(setImmediate);
  const before = descriptors();
  const outcomes = {};
  for (const [name, fault] of Object.entries(faults)) {
    const seen = new Map();
    let call = 1;
    for (; call < kMaxCalls; call += step) {
      process.env.FAULT_DONE = '';
      process.env.FAULT = fault.replace('CALL', call);
      const outcome = await converse(server);
      process.env.FAULT = '';
      if (process.env.FAULT_DONE === '') break; // there is no such call
      if (!seen.has(outcome)) seen.set(outcome, []);
      seen.get(outcome).push(call);
    }
    assert(call > 1 && call < kMaxCalls, `${name}: ${call} calls`);
    outcomes[name] = Object.fromEntries(seen);
  }
  await new Promise((resolve) => setTimeout(resolve, 50));
  const left = descriptors() - before;
  server.close();
  console.log(JSON.stringify({ outcomes, left }, null, 1));
}

main();
