'use strict';

const { setTimeout: sleep } = require('node:timers/promises');
const { Run } = require('./run');

/** One turn of a pair in a round, in milliseconds. Other load comes and goes in longer times. */
const SLICE = 100;

/** Part of a turn that is not measured, in milliseconds: the caches are the other pair's. */
const SETTLE = 10;

const canSuspend = process.platform !== 'win32';

/**
 * Runs a case once with each pair, in fresh processes.
 *
 * Rates depend on what else the machine does, and on a shared machine that differs from second to
 * second. So all pairs of a round are up together, and take turns of a tenth of a second, each with the
 * machine to itself: the others are suspended (SIGSTOP). Whatever slows one pair slows the others as
 * much, and the ratios within a round are far steadier than the rates. Workloads that measure by
 * themselves, and all on Windows, run one pair after the other.
 *
 * @param {object} benchmarkCase an element of a workload's `cases`
 * @param {string[]} pairs
 * @param {object} options result of parseOptions()
 * @param {object} credentials result of createCredentials()
 * @returns {Promise<Object<string, Object<string, number>>>} by pair, the values by metric key
 * @throws {Error} when an end crashes, with its stderr, or does not answer in time, or stalls
 */
async function runRound(benchmarkCase, pairs, options, credentials) {
  const together = canSuspend && !benchmarkCase.measuresItself;
  const groups = together ? [pairs] : pairs.map((pair) => [pair]);
  const values = {};
  for (const group of groups) {
    Object.assign(values, await runGroup(benchmarkCase, group, options, credentials));
  }
  for (const pair of pairs) {
    for (const [key, value] of Object.entries(values[pair])) {
      if (value > 0 && value < Infinity) continue;
      throw new Error(`${benchmarkCase.name}: ${pair} stalled, ${key} is ${value}`);
    }
  }
  return values;
}

async function runGroup(benchmarkCase, pairs, options, credentials) {
  const takeTurns = pairs.length > 1;
  const suspend = (run) => takeTurns && run.suspend();
  const resume = (run) => takeTurns && run.resume();
  const runs = [];
  try {
    for (const pair of pairs) {
      const run = new Run(benchmarkCase, pair, options, credentials);
      runs.push(run);
      await run.start();
      if (benchmarkCase.measuresItself) return { [pair]: await run.measure() };
      await run.warmUp();
      suspend(run);
    }
    const slices = Math.ceil(options.duration / SLICE);
    for (let slice = 0; slice < slices; slice++) {
      // There and back again, so that a machine that gets slower does so for all.
      for (const run of slice % 2 === 0 ? runs : runs.toReversed()) {
        resume(run);
        await sleep(SETTLE);
        await run.measureSlice(SLICE);
        suspend(run);
      }
    }
    return Object.fromEntries(pairs.map((pair, index) => [pair, runs[index].results()]));
  } catch (error) {
    for (const run of runs) {
      resume(run);
      error.message += await run.log();
    }
    throw error;
  } finally {
    runs.forEach(resume);
    await Promise.all(runs.map((run) => run.stop()));
  }
}

module.exports = { runRound };
