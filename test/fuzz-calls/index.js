'use strict';

/**
 * Usage: npm run fuzz:calls -- [--seed N] [--count M] [--concurrency N] [--transport native|stream]
 *   [--module PATH] [--trace]
 *
 * Random sequences of calls in every event and callback of TLS connections (sequence.js), in child processes: a
 * crash, a hang, an exception that no user has thrown, and what is left open fail with the seed that does it.
 */

const { fork } = require('node:child_process');
const path = require('node:path');
const { parseArgs } = require('node:util');

const { values: options } = parseArgs({
  options: {
    seed: { type: 'string', default: '1' },
    count: { type: 'string', default: '1000' },
    transport: { type: 'string' },
    module: { type: 'string', default: path.join(__dirname, '..', '..') },
    concurrency: { type: 'string', default: '32' },
    trace: { type: 'boolean', default: false },
  },
});

/** Sequences in one process, and milliseconds in which one of them has to come to its end. */
const kBatch = 500;
const kPatience = 30_000;

/** Runs a batch in a child. @returns {Promise<string[]>} what is wrong */
function run(first, count, transport, concurrency) {
  const args = [options.module, first, count, concurrency, options.trace ? 'trace' : ''].map(
    String,
  );
  const child = fork(path.join(__dirname, 'child.js'), args, {
    execArgv: ['--expose-gc', '--no-warnings'],
    env: { ...process.env, NAPI_TLS_TRANSPORT: transport },
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
  const running = new Set();
  const findings = [];
  let hasEnded = false;
  let stderr = '';
  // enableTrace() writes there too.
  child.stderr.on('data', (chunk) => (stderr = (stderr + chunk).slice(-4000)));
  if (options.trace) child.stdout.pipe(process.stdout);
  else child.stdout.resume();
  return new Promise((resolve) => {
    let timer;
    const watch = () => {
      clearTimeout(timer);
      timer = setTimeout(() => {
        findings.push(`hangs, with the seeds ${[...running]}`);
        hasEnded = true;
        child.kill('SIGKILL');
      }, kPatience);
    };
    watch();
    child.on('message', (message) => {
      watch();
      if (message.started !== undefined) running.add(message.started);
      if (message.ended !== undefined) {
        running.delete(message.ended);
        for (const finding of message.findings) findings.push(`seed ${message.ended}: ${finding}`);
      }
      if (message.stray) findings.push(`one of the seeds ${message.running}: ${message.stray}`);
      if (message.left) {
        hasEnded = true;
        for (const what of message.left) findings.push(`left from ${first} on: ${what}`);
      }
    });
    child.on('close', (code, signal) => {
      clearTimeout(timer);
      if (!hasEnded) {
        findings.push(`ends with ${signal ?? code}, with the seeds ${[...running]}\n${stderr}`);
      }
      resolve({ findings, running: [...running], hasCrashed: !hasEnded });
    });
  });
}

/** Which seed it was that has crashed the process, if it does so alone. */
async function isolate(seeds, transport) {
  const guilty = [];
  for (const seed of seeds) {
    const { hasCrashed } = await run(seed, 1, transport, 1);
    if (hasCrashed) guilty.push(seed);
  }
  return guilty;
}

async function main() {
  const started = Date.now();
  const last = Number(options.seed) + Number(options.count);
  const transports = options.transport ? [options.transport] : ['native', 'stream'];
  let failures = 0;
  let sequences = 0;
  for (let first = Number(options.seed); first < last; first += kBatch) {
    const count = Math.min(kBatch, last - first);
    for (const transport of transports) {
      const outcome = await run(first, count, transport, Number(options.concurrency));
      sequences += count;
      failures += outcome.findings.length;
      for (const finding of outcome.findings) console.log(`[${transport}] ${finding}`);
      if (outcome.hasCrashed && outcome.running.length > 1) {
        const guilty = await isolate(outcome.running, transport);
        console.log(`[${transport}] alone, these crash: ${guilty.join() || 'none'}`);
      }
    }
  }
  const seconds = Math.round((Date.now() - started) / 1000);
  console.log(`${sequences} sequences in ${seconds} s, ${failures} findings`);
  process.exitCode = failures === 0 ? 0 : 1;
}

main();
