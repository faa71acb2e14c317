'use strict';

const { execFileSync } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');

/** Time that one run under valgrind may take, in milliseconds. */
const TIMEOUT = 120_000;

/**
 * Runs a program under callgrind and adds up what its own code does: instructions of the executable
 * itself, without those of any library, and the calls that it makes to OpenSSL and for memory.
 *
 * @param {string} program path of the executable
 * @param {string[]} args
 * @param {string} directory existing directory for callgrind's output
 * @returns {{ instructions: number, opensslCalls: number, allocations: number }}
 * @throws {Error} when valgrind is missing, or the program fails
 */
function count(program, args, directory) {
  const output = path.join(directory, 'callgrind.out');
  execFileSync(
    'valgrind',
    [
      ['--tool=callgrind', `--callgrind-out-file=${output}`, '--quiet'],
      // Names in full at every place, so that each line can be read for itself.
      ['--compress-strings=no', '--compress-pos=no'],
      [program, ...args],
    ].flat(),
    {
      // Every function is found at the start, and not with instructions at its first call.
      env: { ...process.env, LD_BIND_NOW: '1' },
      stdio: ['ignore', 'inherit', 'inherit'],
      timeout: TIMEOUT,
    },
  );
  return read(fs.readFileSync(output, 'utf8'), fs.realpathSync(program));
}

/**
 * Reads a profile ("Callgrind Format Specification", valgrind.org/docs/manual/cl-format.html).
 *
 * @param {string} profile
 * @param {string} program the object (`ob=`) of interest
 * @returns {object} see count()
 */
function read(profile, program) {
  const counted = { instructions: 0, opensslCalls: 0, allocations: 0 };
  let object;
  let callee = {};
  let isInclusive = false;
  for (const line of profile.split('\n')) {
    const [, key, value] = /^(ob|fn|cob|cfn|calls)=(.*)$/.exec(line) ?? [];
    if (key === 'ob') object = value;
    if (key === 'cob') callee.object = value;
    if (key === 'cfn') callee.name = value;
    if (key === 'calls') {
      if (object === program) countCall(counted, callee, parseInt(value, 10));
      callee = {};
      // The line behind it is the cost of the callee.
      isInclusive = true;
    } else if (/^\d+ \d+$/.test(line)) {
      if (object === program && !isInclusive) counted.instructions += Number(line.split(' ')[1]);
      isInclusive = false;
    }
  }
  return counted;
}

/** A callee without an object is in that of its caller. */
function countCall(counted, { object = '', name }, times) {
  if (/^lib(ssl|crypto)\b/.test(path.basename(object))) counted.opensslCalls += times;
  if (object && /^(operator new|malloc$|calloc$|realloc$)/.test(name)) counted.allocations += times;
}

module.exports = { count };
