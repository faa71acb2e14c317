'use strict';

const { performance } = require('node:perf_hooks');
const { setTimeout: sleep } = require('node:timers/promises');
const { EndpointProcess, EXIT_TIMEOUT } = require('./endpoint-process');

/** Time that one answer of a process may take, in milliseconds. */
const TIMEOUT = 60_000;

/** CPU time that fresh processes use up before anything is measured, in microseconds; a case may name its own. */
const WARM_UP = 500_000;

/** Longest time for it, in milliseconds. */
const WARM_UP_LIMIT = 10_000;

/** A server and a client in fresh processes, and what they have done together. */
class Run {
  #server;
  #client;
  #parameters;
  #count;
  #warmUp;
  // Of the measured slices: what each end has counted and used.
  #sums = { server: {}, client: {} };

  /**
   * @param {object} benchmarkCase an element of a workload's `cases`
   * @param {string} pair implementations of server and client, for example 'core/ours'
   * @param {object} options result of parseOptions()
   * @param {object} credentials result of createCredentials()
   */
  constructor(benchmarkCase, pair, options, credentials) {
    const { file, parameters, countedBy = 'client', warmUp = WARM_UP } = benchmarkCase;
    const [serverName, clientName] = pair.split('/');
    const { ciphers, implementations } = options;
    this.#parameters = { ...parameters, credentials, ciphers };
    this.#count = countedBy;
    this.#warmUp = warmUp;
    this.#server = new EndpointProcess('server', implementations[serverName], file, options);
    this.#client = new EndpointProcess('client', implementations[clientName], file, options);
  }

  async start() {
    const { port } = await this.#server.call('start', this.#parameters, TIMEOUT);
    await this.#client.call('start', { ...this.#parameters, port }, TIMEOUT);
  }

  /** Lets the connections work until the code is hot: by CPU time, of which a busy machine gives less. */
  async warmUp() {
    const end = performance.now() + WARM_UP_LIMIT;
    const start = await this.#sample();
    for (let used = 0; used < this.#warmUp && performance.now() < end;) {
      await sleep(20);
      const { server, client } = await this.#sample();
      used = server.cpu - start.server.cpu + client.cpu - start.client.cpu;
    }
  }

  /**
   * Lets the connections do their work for a time, which counts.
   *
   * @param {number} duration in milliseconds
   */
  async measureSlice(duration) {
    const before = await this.#sample();
    await sleep(duration);
    const after = await this.#sample();
    for (const end of ['server', 'client']) {
      const sums = this.#sums[end];
      for (const [key, value] of Object.entries(after[end])) {
        sums[key] = (sums[key] ?? 0) + value - before[end][key];
      }
    }
  }

  /**
   * What the slices add up to. Sums, and not medians: a garbage collection hits one slice in many, and
   * has to be paid for.
   *
   * @returns {Object<string, number>} `rate`, counts a second; CPU time for each count in microseconds:
   *   `serverCpu`, `clientCpu`, and `serverThreadCpu`, of the server's main thread, where it is known
   */
  results() {
    const { server, client } = this.#sums;
    const counter = this.#sums[this.#count];
    const results = {
      rate: counter.count / (counter.time / 1e6),
      serverCpu: server.cpu / server.count,
      clientCpu: client.cpu / client.count,
    };
    if (server.threadCpu > 0) results.serverThreadCpu = server.threadCpu / server.count;
    return results;
  }

  /** @returns {Promise<Object<string, number>>} what both ends measure by themselves, by metric key */
  async measure() {
    const ends = [this.#server, this.#client];
    return Object.assign(
      {},
      ...(await Promise.all(ends.map((e) => e.call('measure', {}, TIMEOUT)))),
    );
  }

  suspend() {
    this.#client.suspend();
    this.#server.suspend();
  }

  resume() {
    this.#server.resume();
    this.#client.resume();
  }

  async stop() {
    await Promise.all([this.#server.stop(), this.#client.stop()]);
  }

  /** @returns {Promise<string>} what both ends have written to stderr until now, and shortly after */
  async log() {
    // A crash of one end takes the other with it, and either is noticed first.
    await sleep(EXIT_TIMEOUT);
    return this.#server.log + this.#client.log;
  }

  async #sample() {
    const [server, client] = await Promise.all([
      this.#server.call('sample', {}, TIMEOUT),
      this.#client.call('sample', {}, TIMEOUT),
    ]);
    return { server, client };
  }
}

module.exports = { Run };
