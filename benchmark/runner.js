'use strict';

const { fork } = require('node:child_process');
const { once } = require('node:events');
const path = require('node:path');
const { setTimeout: sleep } = require('node:timers/promises');

/** Time that a run may take beyond its measured part, in milliseconds. */
const GRACE = 30_000;

/** Time that a process gets to end by itself, in milliseconds. */
const EXIT_TIMEOUT = 2_000;

/** Part of a run before the measured one, in milliseconds. */
const WARM_UP = 200;

/**
 * The environment of the measured processes. Additional roots would be loaded by core alone or by
 * both at different moments and hide the cost of the default roots; NODE_OPTIONS could preload
 * something in the place of node:tls.
 */
const environment = { ...process.env };
for (const name of ['NODE_EXTRA_CA_CERTS', 'SSL_CERT_FILE', 'SSL_CERT_DIR', 'NODE_OPTIONS']) {
  delete environment[name];
}

/** One measured process, either end of the connections. */
class Endpoint {
  #child;
  #description;
  #end;
  #stderr = '';

  constructor(role, implementation, file, execArgv) {
    this.#description = `${role} of ${path.basename(file)} with ${implementation}`;
    this.#child = fork(path.join(__dirname, 'endpoint.js'), [role, implementation, file], {
      env: environment,
      execArgv: ['--expose-gc', ...execArgv],
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    });
    this.#child.stderr.setEncoding('utf8').on('data', (text) => (this.#stderr += text));
    // Not 'close', which a process whose channel has been disconnected from here never emits.
    this.#end = Promise.all([once(this.#child, 'exit'), once(this.#child.stderr, 'close')]);
    this.#end.catch(() => {});
  }

  /**
   * @param {string} method 'start' or 'measure'
   * @param {object} parameters argument of the method
   * @param {number} timeout in milliseconds
   * @returns {Promise<object>} what the method returned
   */
  async call(method, parameters, timeout) {
    const limit = new AbortController();
    const timer = setTimeout(() => limit.abort(), timeout);
    try {
      const reply = once(this.#child, 'message', { signal: limit.signal });
      reply.catch(() => {});
      this.#child.send({ method, parameters }, () => {}); // When that fails, the process has ended.
      const [value] = await Promise.race([reply, this.#endEarly()]);
      return value;
    } catch (error) {
      throw limit.signal.aborted ? this.#error(`'${method}' took over ${timeout} ms`) : error;
    } finally {
      clearTimeout(timer);
      limit.abort();
    }
  }

  /** What the process has written to stderr, under a heading; '' when it wrote nothing. */
  get log() {
    return this.#stderr && `\n\nstderr of ${this.#description}:\n${this.#stderr.trim()}`;
  }

  async stop() {
    if (this.#child.connected) this.#child.disconnect();
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), EXIT_TIMEOUT);
    await this.#end.catch(() => {});
    clearTimeout(timer);
  }

  async #endEarly() {
    const [[code, signal]] = await this.#end;
    throw this.#error(`ended early (${signal ?? `exit code ${code}`})`);
  }

  #error(what) {
    return new Error(`${this.#description}: ${what}`);
  }
}

/**
 * Runs one case once, in two fresh processes.
 *
 * @param {{ file: string, parameters: object }} benchmarkCase
 * @param {string} pair implementations of server and client, for example 'core/ours'
 * @param {object} options `duration` (milliseconds), `ciphers`, `implementations`, `execArgv`
 * @param {object} credentials result of createCredentials()
 * @returns {Promise<Object<string, number>>} the measured values of both ends, by metric key
 * @throws {Error} when either end crashes, with its stderr, or does not answer in time
 */
async function runOnce({ file, parameters }, pair, options, credentials) {
  const { duration, ciphers, implementations, execArgv } = options;
  const [serverName, clientName] = pair.split('/');
  const common = { ...parameters, ...credentials, ciphers, duration, warmUp: WARM_UP };
  const timeout = WARM_UP + duration + GRACE;

  const server = new Endpoint('server', implementations[serverName], file, execArgv);
  const client = new Endpoint('client', implementations[clientName], file, execArgv);
  try {
    const { port } = await server.call('start', common, timeout);
    await client.call('start', { ...common, port }, timeout);
    const values = await Promise.all(
      [server, client].map((endpoint) => endpoint.call('measure', {}, timeout)),
    );
    return Object.assign({}, ...values);
  } catch (error) {
    // A crash of one end takes the other with it, and either is noticed first.
    await sleep(EXIT_TIMEOUT);
    error.message += server.log + client.log;
    throw error;
  } finally {
    await Promise.all([server.stop(), client.stop()]);
  }
}

module.exports = { runOnce };
