// The report of this process, of a worker, a fork and a child process, and of a worker and a fork without options.

import './report.mjs';
import { fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';

const report = fileURLToPath(new URL('report.mjs', import.meta.url));

await once(new Worker(report, { argv: ['worker'] }), 'exit');
await once(fork(report, ['fork']), 'exit');
await once(spawn(process.execPath, [report, 'child'], { stdio: 'inherit' }), 'exit');
await once(new Worker(report, { argv: ['bare worker'], execArgv: [] }), 'exit');
await once(fork(report, ['bare fork'], { execArgv: [] }), 'exit');
