'use strict';

// One end of a measured connection, in a process of its own; forked by runner.js:
//   endpoint.js server|client MODULE WORKLOAD
// It answers two messages: 'start' (connect or listen), then 'measure'.

const [role, implementation, file] = process.argv.slice(2);
const tls = require(implementation);
const workload = require(file);

let measure;

const methods = {
  async start(parameters) {
    const started = await workload[role](tls, parameters);
    measure = started.measure;
    return { port: started.port };
  },
  measure: () => measure(),
};

process.on('message', async ({ method, parameters }) => {
  process.send(await methods[method](parameters));
});

process.on('disconnect', () => process.exit());
