'use strict';

const { fork } = require('node:child_process');
const { once } = require('node:events');
const path = require('node:path');

/** Time that a process gets to end by itself, in milliseconds. */
const EXIT_TIMEOUT = 2_000;

/**
 * The environment of the measured processes. Additional roots would be loaded by core alone or by
 * both at different moments and hide the cost of the default roots; NODE_OPTIONS could preload
 * something in the place of node:tls.
 */
const environment = { ...process.env };
for (const name of ['NODE_EXTRA_CA_CERTS', 'SSL_CERT_FILE', 'SSL_CERT_DIR', 'NODE_OPTIONS']) {
  delete environment[name];
}

const running = new Set();
// A suspended process would never see that this one has ended.
process.on('exit', () => running.forEach((child) => child.kill('SIGKILL')));

/** One measured process, either end of the connections. */
class EndpointProcess {
  #child;
  #description;
  #end;
  #stderr = '';

  /**
   * @param {'server' | 'client'} role
   * @param {string} implementation what to require
   * @param {string} file of the workload
   * @param {{ node: string, execArgv: string[] }} options the executable and its options
   */
  constructor(role, implementation, file, { node, execArgv }) {
    this.#description = `${role} of ${path.basename(file)} with ${implementation}`;
    this.#child = fork(path.join(__dirname, 'endpoint.js'), [role, implementation, file], {
      env: environment,
      execArgv: ['--expose-gc', ...execArgv],
      execPath: node,
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    });
    running.add(this.#child);
    this.#child.stderr.setEncoding('utf8').on('data', (text) => (this.#stderr += text));
    // Not 'close', which a process whose channel has been disconnected from here never emits.
    this.#end = Promise.all([once(this.#child, 'exit'), once(this.#child.stderr, 'close')]);
    this.#end.catch(() => {}).finally(() => running.delete(this.#child));
  }

  /**
   * @param {'start' | 'sample' | 'measure'} method
   * @param {object} parameters argument of the method
   * @param {number} timeout in milliseconds
   * @returns {Promise<object>} what the method returned
   * @throws {Error} when the process ends, or does not answer in time
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

  /** Takes the CPU from the process; not on Windows. */
  suspend() {
    this.#child.kill('SIGSTOP');
  }

  /** Gives it back. */
  resume() {
    this.#child.kill('SIGCONT');
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

module.exports = { EndpointProcess, EXIT_TIMEOUT };
