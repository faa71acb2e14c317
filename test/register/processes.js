'use strict';

const { execFile } = require('node:child_process');
const path = require('node:path');

const root = path.join(__dirname, '..', '..');
const register = path.join(root, 'lib', 'register.js');
const kTimeout = 40_000; // milliseconds

/**
 * Runs node in a fresh process.
 *
 * @param {string[]} args - options of node and the program, such as ['-r', register, file]
 * @param {Object<string, string>} [env] - in addition to the environment, of which NODE_OPTIONS is left out
 * @returns {Promise<{ lines: string[], stderr: string }>} what it printed
 * @throws {Error} where it ends with anything but 0, with its stderr
 */
function run(args, env = {}) {
  const options = {
    env: { ...process.env, NODE_OPTIONS: '', NAPI_TLS_TRANSPORT: '', ...env },
    timeout: kTimeout,
    cwd: root,
  };
  return new Promise((resolve, reject) => {
    execFile(process.execPath, args, options, (error, stdout, stderr) => {
      if (error) reject(new Error(`${error.message}\n${stdout}\n${stderr}`));
      else resolve({ lines: stdout.trim().split('\n'), stderr });
    });
  });
}

/**
 * Runs a function in a process that has napi-tls/register preloaded, and where no connection may be one of
 * Node's own TLS.
 *
 * @param {(world: object) => Promise<void>} act - is sent as text: it sees its argument (world.js) and nothing else
 * @param {object} [given] - what JSON can carry: `world.given`
 */
async function registered(act, given = {}) {
  const world = path.join(__dirname, 'world.js');
  await run(['-r', register, world, act.toString(), JSON.stringify(given)]);
}

/**
 * A mocha test of a function for registered().
 *
 * @param {string} title
 * @param {(world: object) => Promise<void>} act
 * @param {() => object} [give] - what the function is given, asked for when the test runs
 */
function test(title, act, give) {
  it(title, () => registered(act, give?.())).timeout(kTimeout + 5_000);
}

module.exports = { register, root, run, test };
