'use strict';

const fs = require('node:fs');
const { reporters } = require('mocha');

/**
 * Mocha's spec reporter, which also appends `PASSED FAILED SKIPPED` to the file that the environment
 * variable TEST_COUNTS names, and writes every case as JSON to the one that TEST_CASES names.
 */
class Reporter extends reporters.Spec {
  constructor(runner, options) {
    super(runner, options);
    const { TEST_COUNTS, TEST_CASES } = process.env;
    if (TEST_COUNTS) {
      runner.once('end', () => {
        const { passes, failures, pending } = this.stats;
        fs.appendFileSync(TEST_COUNTS, `${passes} ${failures} ${pending}\n`);
      });
    }
    if (TEST_CASES) {
      const cases = [];
      const events = { pass: 'passed', fail: 'failed', pending: 'pending' };
      for (const [event, state] of Object.entries(events)) {
        runner.on(event, (test) => cases.push({ title: test.fullTitle(), state }));
      }
      runner.once('end', () => {
        fs.writeFileSync(TEST_CASES, JSON.stringify({ version: process.version, cases }));
      });
    }
  }
}

module.exports = Reporter;
