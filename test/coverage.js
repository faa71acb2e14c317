'use strict';

/**
 * Usage: node test/coverage.js FOLDER
 *
 * Prints the lines of src/ that ran according to the reports of gcov in FOLDER (one JSON object on each
 * line of addon.json and native.json), and the sums of lib/ that c8 has left there. A line counts once,
 * whichever program ran it. Fails below kWanted.
 */

const fs = require('node:fs');
const path = require('node:path');

const kWanted = 90; // percent

const folder = process.argv[2];

/** By file, then by line: how often it ran. */
const files = new Map();

function count(report) {
  for (const { file, lines } of report.files) {
    const name = file.match(/(?:^|\/)(src\/(?:openssl|tls|io|node)\/.*)$/)?.[1];
    if (name === undefined) continue;
    if (!files.has(name)) files.set(name, new Map());
    const counts = files.get(name);
    for (const { line_number: line, count } of lines) {
      counts.set(line, (counts.get(line) ?? 0) + count);
    }
  }
}

for (const name of ['addon.json', 'native.json']) {
  for (const line of fs.readFileSync(path.join(folder, name), 'utf8').split('\n')) {
    if (line !== '') count(JSON.parse(line));
  }
}

/** 3, 4, 5, 9 as 3-5, 9 */
function ranges(lines) {
  const found = [];
  for (const line of lines) {
    const last = found.at(-1);
    if (last !== undefined && last[1] === line - 1) last[1] = line;
    else found.push([line, line]);
  }
  return found.map(([from, to]) => (from === to ? `${from}` : `${from}-${to}`)).join(', ');
}

const percent = (part, whole) => (100 * part) / whole;
const row = (name, part, whole, missing) =>
  console.log(
    `${name.padEnd(40)} ${percent(part, whole).toFixed(1).padStart(6)} % ${`${part}/${whole}`.padStart(10)}  ${missing}`,
  );

const total = { ran: 0, all: 0 };
for (const [name, counts] of [...files].sort()) {
  const lines = [...counts].sort(([a], [b]) => a - b);
  if (lines.length === 0) continue;
  const missing = lines.filter(([, count]) => count === 0).map(([line]) => line);
  row(name, lines.length - missing.length, lines.length, ranges(missing));
  total.ran += lines.length - missing.length;
  total.all += lines.length;
}
const { lines: js } = JSON.parse(
  fs.readFileSync(path.join(folder, 'coverage-summary.json'), 'utf8'),
).total;
console.log();
row('C++ lines', total.ran, total.all, '');
row('JavaScript lines', js.covered, js.total, '');
if (percent(total.ran, total.all) < kWanted || js.pct < kWanted) {
  console.error(`test/coverage.js: less than ${kWanted} % of the lines`);
  process.exitCode = 1;
}
