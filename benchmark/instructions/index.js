'use strict';

// Counts what a handshake, a resumption and a transfer of 1 MB cost in instructions of our own code, and
// fails when that has grown. Run by run.sh, which builds the program.
//
// Usage: node benchmark/instructions PROGRAM [--update]
//
// What makes the figures the same on every machine and from run to run:
// - Only the instructions of the executable are counted: the engine, which is linked into it, and what the
//   compiler has inlined. Those of OpenSSL, of the C and C++ libraries and of the loader depend on their
//   version, on what the CPU can do and on random numbers. What the engine asks of them is counted in calls.
// - A scenario is run a few times and many times, and the difference is divided: what happens once, the
//   start of the program, the keys and contexts, drops out.
// - Another compiler makes other code, another OpenSSL calls back at other times, and the options of the
//   compiler come from the headers of the release of Node. Figures are stored for each such toolchain and
//   compared with none but their own; one that has none stored is not judged.

const { execFileSync } = require('node:child_process');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { createCredentials } = require('../credentials');
const { count } = require('./callgrind');

const SCENARIOS = { handshake: [5, 20], resumption: [5, 20], transfer: [2, 8] };

/** Growth that is a failure. */
const TOLERANCE = 0.03;

const STORED = path.join(__dirname, 'stored.json');

/** @returns {string} what the figures depend on */
function toolchain() {
  const run = (command, ...args) => execFileSync(command, args, { encoding: 'utf8' }).trim();
  const compiler = process.env.CXX ?? 'c++';
  const name = run(compiler, '--version').includes('clang') ? 'clang' : 'gcc';
  const version = run(compiler, '-dumpversion').split('.')[0];
  const openssl = /^OpenSSL (\d+\.\d+)/.exec(run('openssl', 'version'))[1];
  const [node] = process.versions.node.split('.');
  return `${name} ${version}, ${process.arch}, OpenSSL ${openssl}, Node ${node}`;
}

/** @returns {Object<string, Object<string, number>>} figures by scenario */
function measure(program) {
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'napi-tls-instructions-'));
  try {
    createCredentials(directory);
    return Object.fromEntries(
      Object.entries(SCENARIOS).map(([scenario, [few, many]]) => {
        const [less, more] = [few, many].map((times) =>
          count(program, [directory, scenario, String(times)], directory),
        );
        const perTime = ([key, value]) => [key, Math.round((value - less[key]) / (many - few))];
        return [scenario, Object.fromEntries(Object.entries(more).map(perTime))];
      }),
    );
  } finally {
    fs.rmSync(directory, { recursive: true, force: true });
  }
}

/** Prints the figures beside those that are stored. @returns {number} how many have grown too much */
function compare(figures, stored) {
  let grown = 0;
  for (const [scenario, figure] of Object.entries(figures)) {
    for (const [key, value] of Object.entries(figure)) {
      const before = stored?.[scenario]?.[key];
      let note = '';
      if (before !== undefined) {
        const isTooMuch = value - before > TOLERANCE * before;
        if (isTooMuch) grown++;
        note = `stored ${before}${isTooMuch ? ': TOO MUCH' : ''}`;
      }
      console.log(`${scenario.padEnd(10)} ${key.padEnd(12)} ${String(value).padStart(8)}  ${note}`);
    }
  }
  return grown;
}

function main([program, option]) {
  const all = JSON.parse(fs.readFileSync(STORED, 'utf8'));
  const name = toolchain();
  const figures = measure(program);
  console.log(name);
  const grown = compare(figures, all[name]);

  if (option === '--update') {
    fs.writeFileSync(STORED, `${JSON.stringify({ ...all, [name]: figures }, null, 2)}\n`);
    console.log(`Stored in ${path.relative('', STORED)}.`);
  } else if (all[name] === undefined) {
    console.log('Nothing is stored for this toolchain: npm run benchmark:instructions -- --update');
  } else if (grown > 0) {
    console.log(
      `${grown} figures have grown by more than ${100 * TOLERANCE} %. If that is what the change is worth:\n` +
        'npm run benchmark:instructions -- --update, and commit benchmark/instructions/stored.json.',
    );
    process.exitCode = 1;
  }
}

main(process.argv.slice(2));
