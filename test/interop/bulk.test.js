'use strict';

const assert = require('node:assert/strict');
const { createHash, randomBytes } = require('node:crypto');
const { once } = require('node:events');
const core = require('node:tls');
const { pipeline } = require('node:stream/promises');
const certs = require('../certs');
const Scene = require('../conformance/scene');
const { transports } = require('../transports');
const { versionFlag, withPrograms } = require('./program');
const { only, to, versions } = Scene;

const long = process.env.NAPI_TLS_LONG === '1';
const kMegabyte = 1024 * 1024;
const kSize = (long ? 1024 : 64) * kMegabyte;
const kPatience = long ? 300_000 : 30_000; // milliseconds for one transfer

// A prime number of bytes: no record and no buffer ends where a chunk does.
const block = randomBytes(999_983);

/** `kSize` bytes, and their hash when all have been taken. */
function* source(hash) {
  for (let left = kSize; left > 0; left -= block.length) {
    const chunk = left < block.length ? block.subarray(0, left) : block;
    hash.update(chunk);
    yield chunk;
  }
}

async function send(sink) {
  const hash = createHash('sha256');
  await pipeline(source(hash), sink, { end: true });
  return hash.digest('hex');
}

/** @returns {Promise<[string, number]>} hash and size of all that comes */
async function receive(readable) {
  const hash = createHash('sha256');
  let size = 0;
  readable.on('data', (chunk) => {
    hash.update(chunk);
    size += chunk.length;
  });
  await once(readable, 'end');
  return [hash.digest('hex'), size];
}

transports('a bulk transfer', (test) => {
  for (const version of versions) {
    for (const [names, clientOf, serverOf] of [
      ['from ours to core', 'client', 'core'],
      ['from core to ours', 'core', 'client'],
      ['from ours to ours', 'client', 'client'],
    ]) {
      test(`goes ${names}, and back, over ${version}`, async function (scene) {
        this.timeout(2 * kPatience);
        const tls = { client: scene.client, core };
        const identity = certs.identity('p256');
        const server = scene.track(
          tls[serverOf].createServer({ ...identity, ...only(version), allowHalfOpen: true }),
        );
        await scene.bind(server);
        const options = { ...to(server), ca: certs.ca, servername: 'localhost' };
        const near = scene.track(tls[clientOf].connect({ ...options, allowHalfOpen: true }));
        const [far] = await once(server, 'secureConnection');
        scene.track(far);
        // Half of it ends, and the other half goes on.
        for (const [from, into] of [
          [near, far],
          [far, near],
        ]) {
          const [sent, [received, size]] = await Promise.all([send(from), receive(into)]);
          assert.equal(size, kSize);
          assert.equal(received, sent);
        }
        await Promise.all([near, far].map((socket) => socket.closed || once(socket, 'close')));
        assert.equal(near.bytesWritten, kSize);
        assert.equal(near.bytesRead, kSize);
      });
    }

    test(`goes to and from s_client over ${version}`, async function (scene) {
      this.timeout(2 * kPatience);
      await withPrograms(scene, async (programs) => {
        const options = { ...certs.identity('p256'), ...only(version) };
        const server = await scene.listen(options);
        for (const direction of ['to', 'from']) {
          const accepted = once(server, 'secureConnection');
          const client = programs.client(server, ['-quiet', '-nocommands', '-no_ign_eof'], {
            raw: true,
          });
          const [far] = await accepted;
          const [from, into] = direction === 'to' ? [far, client.stdout] : [client.stdin, far];
          if (direction === 'to') far.resume();
          else client.stdout.resume();
          const [sent, [received, size]] = await Promise.all([send(from), receive(into)]);
          assert.equal(size, kSize);
          assert.equal(received, sent);
        }
      });
    });

    test(`goes to and from s_server over ${version}`, async function (scene) {
      this.timeout(2 * kPatience);
      await withPrograms(scene, async (programs) => {
        for (const direction of ['to', 'from']) {
          const [server, socket] = await programs.quietServer('p256', [versionFlag[version]]);
          const near = scene.connect({ address: () => ({}) }, { socket: scene.track(socket) });
          await once(near, 'secureConnect');
          const [from, into] = direction === 'to' ? [near, server.stdout] : [server.stdin, near];
          const [sent, [received, size]] = await Promise.all([send(from), receive(into)]);
          assert.equal(size, kSize);
          assert.equal(received, sent);
        }
      });
    });
  }
});
