'use strict';

const fs = require('node:fs');
const { reporters } = require('mocha');

/**
 * Mocha's spec reporter, which also appends `PASSED FAILED SKIPPED` to the file that the environment
 * variable TEST_COUNTS names.
 */
class Reporter extends reporters.Spec {
  constructor(runner, options) {
    super(runner, options);
    const file = process.env.TEST_COUNTS;
    if (!file) return;
    runner.once('end', () => {
      const { passes, failures, pending } = this.stats;
      fs.appendFileSync(file, `${passes} ${failures} ${pending}\n`);
    });
  }
}

module.exports = Reporter;
