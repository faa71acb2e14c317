'use strict';

const fs = require('node:fs');
const path = require('node:path');
const { parseArgs } = require('node:util');

const USAGE = `Usage: npm run benchmark -- [options]

Compares this module with node:tls, in fresh processes, one for each end, over loopback. The whole table
takes about a quarter of an hour, and is also written to benchmark/report.html and report.md.

  --filter REGEX    only the cases whose name matches (case does not matter)
  --details         also every metric of every case
  --rounds N        fresh processes for each case and pair, interleaved (default 9)
  --duration MS     measured time of a pair in a round (default 500)
  --node BIN        the Node that runs both implementations (default: the running one)
  --report          write the reports of a part of the table too
  --json            print JSON on stdout instead of the table
  --list            print the names of the cases
  --pairs LIST      which implementations meet, as server/client, in place of each case's own: same
                    (core/core and ours/ours), mixed (core/core, core/ours, ours/core), all, or a list
                    such as core/core,ours/core; ratios are to the first
  --ciphers SUITE   cipher suite; a TLS 1.2 name implies TLS 1.2 (default TLS_AES_128_GCM_SHA256)
  --ours MODULE     what to require as ours (default: this repository; node:tls shows the noise)
  --exec-argv=ARGS  options of node for the measured processes, for example --cpu-prof
  --help            print this text`;

/** Lists of pairs that have a name. A case that names no pairs has the first one. */
const PAIRS = {
  same: 'core/core,ours/ours',
  mixed: 'core/core,core/ours,ours/core',
  all: 'core/core,ours/ours,core/ours,ours/core',
};

/** In the order of the table. */
const WORKLOADS = [
  'bulk',
  'ping-pong',
  'connect',
  'accept',
  'storm',
  'memory',
  'https',
  'http2',
  'fairness',
  'limits',
  'cipher',
];

const allCases = WORKLOADS.flatMap((name) => {
  const file = path.join(__dirname, 'workloads', `${name}.js`);
  return require(file).cases.map((benchmarkCase) => ({ ...benchmarkCase, file }));
});

/**
 * @param {string[]} argv arguments after the script's name
 * @returns {object} the checked options
 * @throws {Error} on an unknown option, or a value that makes no sense
 */
function parseOptions(argv) {
  const { values } = parseArgs({
    args: argv,
    options: {
      filter: { type: 'string', default: '' },
      details: { type: 'boolean', default: false },
      rounds: { type: 'string', default: '9' },
      duration: { type: 'string', default: '500' },
      node: { type: 'string', default: process.execPath },
      report: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
      list: { type: 'boolean', default: false },
      pairs: { type: 'string' },
      ciphers: { type: 'string', default: 'TLS_AES_128_GCM_SHA256' },
      ours: { type: 'string', default: path.join(__dirname, '..') },
      'exec-argv': { type: 'string', default: '' },
      help: { type: 'boolean', default: false },
    },
  });

  const rounds = positiveInteger('--rounds', values.rounds);
  const duration = positiveInteger('--duration', values.duration);
  if (!fs.existsSync(values.node)) throw new Error(`--node: there is no '${values.node}'`);

  const filter = new RegExp(values.filter, 'i');
  const pairs = values.pairs && parsePairs(values.pairs);
  const cases = allCases
    .filter(({ name }) => filter.test(name))
    .map((benchmarkCase) => ({
      ...benchmarkCase,
      pairs: pairs ?? benchmarkCase.pairs ?? PAIRS.same.split(','),
    }));
  if (cases.length === 0) throw new Error(`--filter: no case matches ${filter}`);

  const ours = values.ours.startsWith('node:') ? values.ours : path.resolve(values.ours);
  return {
    ...values,
    rounds,
    duration,
    cases,
    allCases: allCases.map(({ name }) => name),
    // A part of the table must not take the place of the whole.
    report: values.report || (cases.length === allCases.length && !pairs),
    implementations: { core: 'node:tls', ours, net: 'node:net' },
    execArgv: values['exec-argv'].split(/\s+/).filter(Boolean),
  };
}

function parsePairs(text) {
  const pairs = [...new Set((PAIRS[text] ?? text).split(','))];
  for (const pair of pairs) {
    if (!/^(core|ours)\/(core|ours)$/.test(pair)) throw new Error(`--pairs: bad pair '${pair}'`);
  }
  return pairs;
}

function positiveInteger(option, text) {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 1) {
    throw new Error(`${option}: '${text}' is not a positive integer`);
  }
  return value;
}

module.exports = { parseOptions, USAGE };
