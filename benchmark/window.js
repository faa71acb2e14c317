'use strict';

const { performance } = require('node:perf_hooks');
const { setTimeout: sleep } = require('node:timers/promises');

/**
 * Watches a counter for the measured part of a run. The elapsed time is read from the clock, so a
 * timer that a busy loop delays does not falsify the rate.
 *
 * @param {{ warmUp: number, duration: number }} parameters in milliseconds
 * @param {function(): number} count reads the counter
 * @returns {Promise<{ rate: number, cpu: number }>} counts a second, and microseconds of CPU time
 *   that this process used for each count
 */
async function watch({ warmUp, duration }, count) {
  await sleep(warmUp);
  const before = { count: count(), time: performance.now(), cpu: process.cpuUsage() };
  await sleep(duration);
  const counted = count() - before.count;
  const seconds = (performance.now() - before.time) / 1000;
  const { user, system } = process.cpuUsage(before.cpu);
  return { rate: counted / seconds, cpu: (user + system) / counted };
}

module.exports = { watch };
