'use strict';

const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { parseArgs } = require('node:util');
const { createCredentials } = require('./credentials');
const { runOnce } = require('./runner');
const { summarize } = require('./statistics');
const { formatNumber, formatTable } = require('./table');

const USAGE = `Usage: node benchmark [options]

Compares this module with node:tls, in fresh processes, one for each end, over loopback.

  --filter REGEX    only the cases whose name matches (case does not matter)
  --rounds N        runs of each case and pair, interleaved (default 5)
  --duration MS     length of the measured part of a run (default 1000)
  --pairs LIST      which implementations meet, as server/client: same (default: core/core and
                    ours/ours), mixed (core/core, core/ours, ours/core), all, or a list such as
                    core/core,ours/core; ratios are to the first
  --ciphers SUITE   cipher suite; a TLS 1.2 name implies TLS 1.2 (default TLS_AES_128_GCM_SHA256)
  --ours MODULE     what to require as ours (default: this repository; node:tls shows the noise)
  --exec-argv=ARGS  options of node for the measured processes, for example --cpu-prof
  --details         also the CPU time of each end, which other load on the machine disturbs less
  --json            print JSON on stdout instead of the table
  --list            print the names of the cases
  --help            print this text`;

const PAIRS = {
  same: 'core/core,ours/ours',
  mixed: 'core/core,core/ours,ours/core',
  all: 'core/core,ours/ours,core/ours,ours/core',
};

const WORKLOADS = ['bulk', 'ping-pong', 'connect', 'memory', 'https'];

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
      rounds: { type: 'string', default: '5' },
      duration: { type: 'string', default: '1000' },
      pairs: { type: 'string', default: 'same' },
      ciphers: { type: 'string', default: 'TLS_AES_128_GCM_SHA256' },
      ours: { type: 'string', default: path.join(__dirname, '..') },
      'exec-argv': { type: 'string', default: '' },
      details: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
      list: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });

  const rounds = positiveInteger('--rounds', values.rounds);
  const duration = positiveInteger('--duration', values.duration);

  const pairs = [...new Set((PAIRS[values.pairs] ?? values.pairs).split(','))];
  for (const pair of pairs) {
    if (!/^(core|ours)\/(core|ours)$/.test(pair)) throw new Error(`--pairs: bad pair '${pair}'`);
  }

  const filter = new RegExp(values.filter, 'i');
  const cases = allCases
    .filter(({ name }) => filter.test(name))
    .map(({ metrics, ...rest }) => ({
      ...rest,
      metrics: metrics.filter(({ detail }) => values.details || !detail),
    }));
  if (cases.length === 0) throw new Error(`--filter: no case matches ${filter}`);

  const ours = values.ours.startsWith('node:') ? values.ours : path.resolve(values.ours);
  return {
    ...values,
    rounds,
    duration,
    pairs,
    cases,
    implementations: { core: 'node:tls', ours },
    execArgv: values['exec-argv'].split(/\s+/).filter(Boolean),
  };
}

function positiveInteger(option, text) {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 1) {
    throw new Error(`${option}: '${text}' is not a positive integer`);
  }
  return value;
}

/**
 * Runs one case with every pair, interleaved, so that a slow minute of the machine hits all pairs.
 *
 * @param {object} benchmarkCase an element of a workload's `cases`
 * @param {object} options result of parseOptions()
 * @param {object} credentials result of createCredentials()
 * @returns {Promise<object[]>} one summary for each metric of the case
 */
async function runCase(benchmarkCase, options, credentials) {
  const { name, metrics } = benchmarkCase;
  const samples = Object.fromEntries(
    metrics.map(({ key }) => [key, Object.fromEntries(options.pairs.map((pair) => [pair, []]))]),
  );

  process.stderr.write(`${name}:`);
  for (let round = 0; round < options.rounds; round++) {
    for (const pair of options.pairs) {
      const values = await runOnce(benchmarkCase, pair, options, credentials);
      for (const { key } of metrics) {
        if (!(values[key] > 0 && values[key] < Infinity)) {
          throw new Error(`${name}: ${pair} stalled, ${key} is ${values[key]}`);
        }
        samples[key][pair].push(values[key]);
      }
      process.stderr.write(` ${formatNumber(values[metrics[0].key])}`);
    }
  }
  process.stderr.write(` ${metrics[0].unit}\n`);

  return metrics.map((metric) => ({
    name: metric.label ? `${name}, ${metric.label}` : name,
    unit: metric.unit,
    better: metric.better,
    pairs: summarize(samples[metric.key], options.pairs),
  }));
}

async function main() {
  const options = parseOptions(process.argv.slice(2));
  if (options.help) return void console.log(USAGE);
  if (options.list) return void options.cases.forEach(({ name }) => console.log(name));

  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'napi-tls-benchmark-'));
  process.on('exit', () => fs.rmSync(directory, { recursive: true, force: true }));
  for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => process.exit(1));
  const credentials = createCredentials(directory);

  const { cases, pairs, rounds, duration, ciphers } = options;
  process.stderr.write(
    `${cases.length} cases, pairs ${pairs.join(' ')}, ${rounds} rounds of ${duration} ms\n`,
  );
  const results = [];
  for (const benchmarkCase of cases) {
    results.push(...(await runCase(benchmarkCase, options, credentials)));
  }

  const { node, openssl } = process.versions;
  const environment = { node, openssl, cpu: os.cpus()[0]?.model, cpus: os.cpus().length };
  const report = { environment, ciphers, pairs, rounds, duration, results };
  console.log(options.json ? JSON.stringify(report, null, 2) : formatTable(report));
}

main().catch((error) => {
  process.stderr.write(`\n${error.message}\n`);
  process.exitCode = 1;
});
