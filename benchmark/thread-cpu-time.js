'use strict';

const fs = require('node:fs');

/**
 * CPU time of the calling thread alone: what a server's event loop pays, without the work that it has
 * given to other threads. process.threadCpuUsage() came with Node 23.9; before, Linux tells.
 *
 * @returns {number | undefined} microseconds; undefined where neither is there
 */
function threadCpuTime() {
  if (process.threadCpuUsage) {
    const { user, system } = process.threadCpuUsage();
    return user + system;
  }
  try {
    // Nanoseconds on the CPU, nanoseconds of waiting for it, and slices.
    return Number(fs.readFileSync('/proc/thread-self/schedstat', 'utf8').split(' ')[0]) / 1000;
  } catch {
    return undefined;
  }
}

module.exports = threadCpuTime;
