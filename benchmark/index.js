'use strict';

const { execFileSync } = require('node:child_process');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { createCredentials } = require('./credentials');
const { metricsOf } = require('./metrics');
const { parseOptions, USAGE } = require('./options');
const { formatNumber } = require('./report/cells');
const { formatHtml } = require('./report/html');
const { formatMarkdown } = require('./report/markdown');
const { formatText } = require('./report/text');
const { runRound } = require('./rounds');
const { summarizeCases, summarizeTargets } = require('./summary');

/**
 * @param {object} benchmarkCase an element of a workload's `cases`
 * @param {object} options result of parseOptions()
 * @param {object} credentials result of createCredentials()
 * @returns {Promise<object>} a Result of summary.js
 */
async function runCase(benchmarkCase, options, credentials) {
  const { name, pairs, parameters } = benchmarkCase;
  const metrics = metricsOf(benchmarkCase);
  const samples = Object.fromEntries(pairs.map((pair) => [pair, []]));

  process.stderr.write(`${name}:`);
  for (let round = 0; round < options.rounds; round++) {
    // The other way round every second time.
    const order = round % 2 === 0 ? pairs : [...pairs].reverse();
    const values = await runRound(benchmarkCase, order, options, credentials);
    for (const pair of pairs) samples[pair].push(values[pair]);
    const shown = pairs.map((pair) => formatNumber(values[pair][metrics[0].key]));
    process.stderr.write(` ${shown.join(':')}`);
  }
  process.stderr.write(` ${metrics[0].unit}\n`);
  return { name, parameters, pairs, metrics, samples };
}

/** @returns {object} what the measured processes run on */
function describeEnvironment({ node }) {
  const versions = execFileSync(node, ['-p', 'JSON.stringify(process.versions)'], {
    encoding: 'utf8',
  });
  const { node: version, openssl } = JSON.parse(versions);
  return { node: version, openssl, cpu: os.cpus()[0]?.model, cpus: os.cpus().length };
}

async function main() {
  const options = parseOptions(process.argv.slice(2));
  if (options.help) return void console.log(USAGE);
  if (options.list) return void options.cases.forEach(({ name }) => console.log(name));

  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'napi-tls-benchmark-'));
  process.on('exit', () => fs.rmSync(directory, { recursive: true, force: true }));
  for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => process.exit(1));
  const credentials = createCredentials(directory);

  const { cases, rounds, duration, ciphers } = options;
  process.stderr.write(`${cases.length} cases, ${rounds} rounds of ${duration} ms\n`);
  const results = [];
  for (const [index, benchmarkCase] of cases.entries()) {
    process.stderr.write(`${index + 1}/${cases.length} `);
    results.push(await runCase(benchmarkCase, options, credentials));
  }

  const report = {
    environment: describeEnvironment(options),
    ciphers,
    rounds,
    duration,
    rows: summarizeTargets(results, options.allCases),
    details: summarizeCases(results),
    results,
  };
  if (options.report) writeReports(report);
  console.log(options.json ? JSON.stringify(report, null, 2) : formatText(report, options.details));
}

/** @param {object} report what `--json` prints */
function writeReports(report) {
  const file = path.join(__dirname, 'report');
  fs.writeFileSync(`${file}.html`, formatHtml(report));
  fs.writeFileSync(`${file}.md`, formatMarkdown(report));
}

main().catch((error) => {
  process.stderr.write(`\n${error.message}\n`);
  process.exitCode = 1;
});
