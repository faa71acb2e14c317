'use strict';

const assert = require('node:assert/strict');
const { execFile } = require('node:child_process');
const path = require('node:path');
const { promisify } = require('node:util');

const kPatience = 90_000; // milliseconds for one child
const child = path.join(__dirname, 'exceptions-child.js');
const ours = path.join(__dirname, '..', '..');

/** What exceptions-child.js reports; a crash of it is an exception. */
async function outcomes(module, transport) {
  const env = { ...process.env, NAPI_TLS_TRANSPORT: transport };
  const { stdout } = await promisify(execFile)(process.execPath, [child, module], {
    env,
    timeout: kPatience,
  });
  return JSON.parse(stdout);
}

/** What core does from Node 24 on, and this package on every Node: the socket ends, not the process. */
const safer = {
  'OCSPRequest of the server': {
    uncaught: [],
    near: ['end', 'error ECONNRESET', 'close'],
    far: ['tlsClientError boom'],
  },
};

/** Takes 'late' out of `expected` where `actual` has none. */
function drop(expected, actual) {
  if (!actual.includes('late')) {
    expected.splice(0, Infinity, ...expected.filter((e) => e !== 'late'));
  }
}

describe('an exception in a handler of the user', function () {
  this.timeout(kPatience);
  let core;
  before(async () => {
    core = outcomes('node:tls', '');
    await core;
  });

  for (const transport of ['native', 'stream']) {
    it(`goes to 'uncaughtException', and all else goes on as in core [${transport}]`, async () => {
      const expected = structuredClone(await core);
      const actual = await outcomes(ours, transport);
      assert(Object.keys(expected).length > 20);
      if (Number.parseInt(process.versions.node, 10) < 24) Object.assign(expected, safer);
      for (const [title, outcome] of Object.entries(expected)) {
        // A stream that is closed below closes what a missed 'finish' would leave open for ever.
        if (transport === 'stream') drop(outcome.near, actual[title].near);
        // Whether the end comes before the client has gone is a matter of time, in core too.
        if (title === 'session of the client') {
          for (const { far } of [outcome, actual[title]]) far.splice(0, Infinity, far.at(-1));
        }
        assert.deepEqual(actual[title], outcome, title);
      }
    });
  }

  it('holds up no other connection', async () => {
    const script = `
      const tls = require(${JSON.stringify(ours)});
      const certs = require(${JSON.stringify(path.join(__dirname, '..', 'certs'))});
      let thrown = 0;
      process.on('uncaughtException', () => thrown++);
      let received = 0;
      const server = tls.createServer(certs.identity('p256'), (far) =>
        far.on('data', (chunk) => {
          received += chunk.length;
          if (received === 12_000_000) process.stdout.write(String(thrown), () => process.exit());
        }),
      );
      server.listen(0, '127.0.0.1', () => {
        const { port } = server.address();
        const clients = [];
        const begin = () => {
          if (clients.filter((near) => near.authorized).length < 4) return;
          for (const near of clients) {
            for (let i = 0; i < 10; i++) near.write(Buffer.alloc(300_000), () => { throw 1; });
          }
        };
        for (let i = 0; i < 4; i++) {
          clients.push(tls.connect({ port, ca: certs.ca, servername: 'localhost' }, begin));
        }
      });`;
    const args = ['-e', script];
    const { stdout } = await promisify(execFile)(process.execPath, args, { timeout: 10_000 });
    assert(Number(stdout) >= 4);
  });

  it("ends the process where nobody listens to 'uncaughtException'", async () => {
    const script = `
      const tls = require(${JSON.stringify(ours)});
      const certs = require(${JSON.stringify(path.join(__dirname, '..', 'certs'))});
      const server = tls.createServer(certs.identity('p256'), (far) => far.write('x'));
      server.listen(0, '127.0.0.1', () => {
        const { port } = server.address();
        const near = tls.connect({ port, ca: certs.ca, servername: 'localhost' });
        near.on('data', () => { throw new Error('mine'); });
      });`;
    const failure = await promisify(execFile)(process.execPath, ['-e', script]).then(
      () => assert.fail('goes on'),
      (error) => error,
    );
    assert.deepEqual([failure.code, failure.signal], [1, null]);
    assert.match(failure.stderr, /Error: mine/);
  });
});
