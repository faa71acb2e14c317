'use strict';

// One end of the measured connections, in a process of its own; forked by run.js:
//   endpoint.js server|client MODULE WORKLOAD
// It answers the messages 'start' (connect or listen), 'sample' (counter, clock and CPU time of now)
// and 'measure' (of workloads that measure by themselves).

const { performance } = require('node:perf_hooks');
const threadCpuTime = require('./thread-cpu-time');

const [role, implementation, file] = process.argv.slice(2);
const tls = require(implementation);
const workload = require(file);

let started;

const methods = {
  async start(parameters) {
    started = await workload[role](tls, parameters);
    return { port: started.port };
  },
  sample() {
    const { user, system } = process.cpuUsage();
    const [count, time] = [started.count(), performance.now() * 1000];
    return { count, time, cpu: user + system, threadCpu: threadCpuTime() };
  },
  measure: () => started.measure?.() ?? {},
};

process.on('message', async ({ method, parameters }) => {
  process.send(await methods[method](parameters));
});

process.on('disconnect', () => process.exit());
