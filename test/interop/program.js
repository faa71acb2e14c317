'use strict';

const assert = require('node:assert/strict');
const { spawn } = require('node:child_process');
const { once } = require('node:events');
const fs = require('node:fs');
const net = require('node:net');
const os = require('node:os');
const path = require('node:path');
const { setTimeout: delay } = require('node:timers/promises');
const certs = require('../certs');

const kPatience = 8000; // milliseconds that a program may take to say or finish something

/** A program at the other end: its process, what it has printed, and how it ended. */
class Program {
  #text = '';
  #waiting = new Set();

  /**
   * @param {string} command
   * @param {string[]} args
   * @param {{ raw?: boolean }} [options] - raw: standard output is left to the caller
   */
  constructor(command, args, { raw = false } = {}) {
    this.child = spawn(command, args, { stdio: 'pipe' });
    this.stdin = this.child.stdin;
    this.stdout = this.child.stdout;
    // A program that is gone already reads no input.
    this.stdin.on('error', () => {});
    const streams = raw ? [this.child.stderr] : [this.child.stdout, this.child.stderr];
    for (const stream of streams) {
      stream.setEncoding('latin1').on('data', (text) => {
        this.#text += text;
        for (const check of this.#waiting) check();
      });
    }
    this.closed = once(this.child, 'close').then(([code, signal]) => ({ code, signal }));
    this.child.on('close', () => {
      for (const check of this.#waiting) check();
    });
  }

  /** Everything that was printed, on both streams. */
  get text() {
    return this.#text;
  }

  /** @returns {Promise<RegExpMatchArray>} when something that matches has been printed */
  async print(pattern) {
    const deadline = Date.now() + kPatience;
    for (;;) {
      const match = this.#text.match(pattern);
      if (match) return match;
      const { exitCode } = this.child;
      assert(exitCode === null, `ended with ${exitCode} before ${pattern}:\n${this.#text}`);
      assert(Date.now() < deadline, `no ${pattern} in:\n${this.#text}`);
      let check;
      const heard = new Promise((resolve) => this.#waiting.add((check = resolve)));
      await Promise.race([heard, delay(100)]);
      this.#waiting.delete(check);
    }
  }

  /** @returns {Promise<{ code: number | null, signal: string | null, text: string }>} */
  async end() {
    const late = new AbortController();
    const outcome = await Promise.race([
      this.closed,
      delay(kPatience, null, { signal: late.signal }).catch(() => null),
    ]);
    late.abort();
    assert(outcome, `does not end:\n${this.#text}`);
    return { ...outcome, text: this.#text };
  }

  /** Ends it by force if it is still there. */
  async stop() {
    if (this.child.exitCode === null && this.child.signalCode === null) this.child.kill('SIGKILL');
    await this.closed;
  }
}

const file = (name) => path.join(certs.folder, name);

/** The programs that one test starts, stopped at its end. */
class Programs {
  #all = [];
  #folders = [];

  start(command, args, options) {
    const program = new Program(command, args.map(String), options);
    this.#all.push(program);
    return program;
  }

  /** `openssl s_client` that trusts the test CA and expects 'localhost'. */
  client(server, args = [], options) {
    const target = ['-connect', `127.0.0.1:${server.address().port}`, '-servername', 'localhost'];
    const trust = ['-CAfile', file('ca-cert.pem'), '-verify_return_error'];
    return this.start('openssl', ['s_client', ...target, ...trust, ...args], options);
  }

  /** `openssl s_server` with an identity of test/certs, listening; its property `port` says where. */
  async server(identity, args = []) {
    const own = identity
      ? ['-cert', file(`${identity}-cert.pem`), '-key', file(`${identity}-key.pem`)]
      : ['-nocert'];
    const program = this.start('openssl', ['s_server', '-accept', '127.0.0.1:0', ...own, ...args]);
    program.port = Number((await program.print(/ACCEPT \S+:(\d+)/))[1]);
    return program;
  }

  /**
   * The same for one connection, with nothing but data on its standard output; so it says neither where it
   * listens nor since when, and a path is told to it that nobody else has.
   * @returns {Promise<[Program, net.Socket]>} with a connection to it
   */
  async quietServer(identity, args = []) {
    const place = path.join(this.temporary(), 'socket');
    const own = ['-cert', file(`${identity}-cert.pem`), '-key', file(`${identity}-key.pem`)];
    const one = ['-unix', place, '-naccept', '1', '-quiet', '-no_ign_eof'];
    const program = this.start('openssl', ['s_server', ...one, ...own, ...args], { raw: true });
    for (const deadline = Date.now() + kPatience; ; await delay(10)) {
      const socket = net.connect(place);
      const connected = await new Promise((resolve) => {
        socket.once('connect', () => resolve(true));
        socket.once('error', () => resolve(false));
      });
      if (connected) return [program, socket];
      assert(Date.now() < deadline, `does not listen:\n${program.text}`);
    }
  }

  /** @returns {string} a new folder, which is there until stop() */
  temporary() {
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'napi-tls-'));
    this.#folders.push(folder);
    return folder;
  }

  async stop() {
    await Promise.all(this.#all.splice(0).map((program) => program.stop()));
    for (const folder of this.#folders.splice(0)) fs.rmSync(folder, { recursive: true });
  }
}

/**
 * Runs `body` with a Programs and stops what it has started, after our own side.
 * @param {import('../conformance/scene')} scene
 * @param {(programs: Programs) => Promise<void>} body
 */
async function withPrograms(scene, body) {
  const programs = new Programs();
  try {
    return await body(programs);
  } finally {
    // The pipes to the programs are open still.
    scene.ignoreHandles();
    await scene.close();
    await programs.stop();
  }
}

module.exports = {
  file,
  withPrograms,
  /** What `openssl s_client` and `s_server` call the protocol versions. */
  versionFlag: { 'TLSv1.2': '-tls1_2', 'TLSv1.3': '-tls1_3' },
};
