'use strict';

/**
 * Usage: node test/abuse [--short] [--core] [--only NAME]
 *
 * Attacks a server, which has a process of its own, in each of the ways of attacks.js, while a healthy client in
 * another process makes one request after the other. Fails where the median of its times becomes more than twice
 * that before, or where memory of the server does not come back to within 5 % of what it was. The first rounds
 * of each attack warm the server up: allocators keep what they have had, and go on taking more for some rounds. --core attacks node:tls, for comparison, and
 * only prints.
 */

const { fork } = require('node:child_process');
const { once } = require('node:events');
const path = require('node:path');
const { setTimeout: delay } = require('node:timers/promises');
const attacks = require('./attacks');

const args = process.argv.slice(2);
const isShort = args.includes('--short');
const isCore = args.includes('--core');
const only = args.includes('--only') ? args[args.indexOf('--only') + 1] : undefined;

const kRequests = isShort ? 25 : 200;
const kOptions = { connections: isShort ? 500 : 2000 };
const kMaxRatio = 2;
const kMaxGrowth = 1.05;
const kWarmUps = 5;
const kAttempts = 3; // the machine may have something else to do now and then
const kClosing = 10_000; // milliseconds until all connections of an attack are gone

const child = (name, execArgv, ...rest) =>
  fork(path.join(__dirname, name), rest, { execArgv, stdio: 'inherit' });

/** Sends a message to a child, and waits for the next one that it sends. */
async function ask(process, message) {
  const answer = once(process, 'message');
  process.send(message);
  const [value] = await answer;
  return value;
}

const median = (values) => values.sort((a, b) => a - b)[values.length >> 1];

async function main() {
  const server = child('server.js', ['--expose-gc'], isCore ? 'core' : 'ours');
  const [to] = await once(server, 'message');
  const client = child('client.js', []);
  const attacker = child('attacker.js', []);
  for (const process of [server, client, attacker]) {
    process.on('exit', (code, signal) => {
      if (process.connected || code) throw new Error(`a process has ended: ${code ?? signal}`);
    });
  }

  const measure = async () => median(await ask(client, { ...to, count: kRequests }));
  const memory = async () => {
    for (const deadline = Date.now() + kClosing; ; await delay(50)) {
      const { rss, connections } = await ask(server, 'memory');
      if (connections === 0) return rss;
      if (Date.now() > deadline) throw new Error(`${connections} connections remain`);
    }
  };
  const round = async (attack) => {
    await ask(attacker, { attack, to, options: kOptions });
    const time = await measure();
    await ask(attacker, { stop: true });
    return time;
  };

  await measure();
  const failed = [];
  for (const attack of Object.keys(attacks)) {
    if (only !== undefined && attack !== only) continue;
    for (let i = 0; i < kWarmUps; i++) {
      await ask(attacker, { attack, to, options: kOptions });
      await ask(attacker, { stop: true });
      await memory();
    }
    await round(attack);
    let ratio;
    let growth;
    for (let attempt = 0; attempt < kAttempts; attempt++) {
      const before = await memory();
      const quiet = await measure();
      const attacked = await round(attack);
      const after = await memory();
      ratio = attacked / quiet;
      growth = after / before;
      console.log(
        `${attack.padEnd(30)} ${quiet.toFixed(2)} ms -> ${attacked.toFixed(2)} ms (x ${ratio.toFixed(2)}), ` +
          `RSS ${(before / 1e6).toFixed(1)} MB -> ${(after / 1e6).toFixed(1)} MB (x ${growth.toFixed(3)})`,
      );
      if (isCore || (ratio <= kMaxRatio && growth <= kMaxGrowth)) break;
    }
    if (ratio > kMaxRatio || growth > kMaxGrowth) failed.push(attack);
  }
  for (const process of [server, client, attacker]) process.disconnect();
  if (failed.length > 0 && !isCore) {
    console.error(`Too much: ${failed.join(', ')}`);
    process.exitCode = 1;
  }
}

main();
