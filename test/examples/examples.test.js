'use strict';

const assert = require('node:assert/strict');
const { execFile, spawn } = require('node:child_process');
const { once } = require('node:events');
const fs = require('node:fs');
const path = require('node:path');
const { createInterface } = require('node:readline');
const { promisify } = require('node:util');

const run = promisify(execFile);
const root = path.join(__dirname, '..', '..');
const example = (name) => path.join(root, 'examples', `${name}.js`);
const kTimeout = 40_000; // milliseconds

/** What each example prints, and what the command answers that it gives for its server, when it `says` something. */
const examples = {
  'cluster-tickets': {
    prints:
      /^worker \d: full handshake\n(worker \d: resumed\n){3}new ticket keys\nworker \d: full handshake\nworker \d: resumed\n$/,
    answers: /^Reused, TLSv1.2/m,
  },
  'https-hot-reload': {
    prints:
      /^certificate (\w{8})\nreloaded\ncertificate \1, on the open connection\ncertificate (?!\1)\w{8}\n$/,
    answers: /^Hello over TLS!$/m,
  },
  mtls: {
    prints:
      /^alice: Hello, alice!\nserver refuses: \w+\nnobody: ERR_SSL_\w+_REQUIRED\nserver refuses: UNABLE_TO_VERIFY_LEAF_SIGNATURE\nmallory: the server has hung up\n$/,
    answers: /Hello, alice!/,
  },
  sni: {
    prints:
      /^one.example: the certificate of one.example\none.example: Welcome to one.example!\ntwo.example: the certificate of two.example\ntwo.example: Welcome to two.example!\nserver refuses: no tenant is called three.example\nthree.example: ECONNRESET\n$/,
    answers: /Welcome to one\.example!/,
  },
  starttls: {
    prints:
      /^< 220 localhost\n[^]*> STARTTLS\n< 220 go ahead\n {2}\(TLSv1.3, authorized\)\n[^]*< 221 bye\n$/,
    says: 'QUIT\n',
    answers: /Verify return code: 0 \(ok\)/,
  },
};

describe('the example', function () {
  this.timeout(kTimeout);

  it('has a test', () => {
    const names = fs.readdirSync(path.join(root, 'examples'));
    const tested = ['authority', 'demo', 'postgres', ...Object.keys(examples)];
    assert.deepEqual(
      names.filter((name) => name.endsWith('.js')),
      tested.map((name) => `${name}.js`).sort(),
    );
  });

  for (const [name, { prints, answers, says = '' }] of Object.entries(examples)) {
    it(`${name} shows what it says`, async () => {
      const { stdout } = await run(process.execPath, [example(name)], { timeout: kTimeout });
      assert.match(stdout, prints);
    });

    it(`${name} serves until it is interrupted`, async () => {
      const child = spawn(process.execPath, [example(name), '--serve'], { timeout: kTimeout });
      const exited = once(child, 'exit');
      let command;
      for await (const line of createInterface({ input: child.stdout })) {
        command = line.match(/^serving: (.*)/)?.[1];
        if (command) break;
      }
      assert.ok(command);
      const folder = command.match(/\S*napi-tls-example-\w+/)[0];
      assert.ok(fs.existsSync(folder));
      // Its input stays open: s_client would end with it, before it has received anything.
      const answered = run('sh', ['-c', command], { timeout: kTimeout });
      answered.child.stdin.write(says);
      const { stdout } = await answered;
      assert.match(stdout, answers);
      child.kill('SIGINT');
      assert.deepEqual(await exited, [0, null]);
      assert.equal(fs.existsSync(folder), false);
    });
  }

  it('postgres queries a server over TLS', async function () {
    const ended = run(process.execPath, [example('postgres')], { timeout: kTimeout });
    const { stdout, stderr } = await ended.catch((error) => error);
    if (stderr.startsWith('No PostgreSQL server')) this.skip();
    assert.match(
      stdout,
      /^server {3}PostgreSQL \d.*\nprotocol TLSv1.3\ncipher {3}TLS_.*\nnapi-tls true\n$/,
      stderr,
    );
  });

  it('says that the openssl command is missing', async () => {
    const env = { ...process.env, PATH: '/nowhere' };
    const ended = run(process.execPath, [example('mtls')], { env, timeout: kTimeout });
    await assert.rejects(ended, /with the openssl command: install it/);
  });
});
