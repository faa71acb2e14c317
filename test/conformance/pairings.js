'use strict';

const assert = require('node:assert/strict');
const core = require('node:tls');
const Scene = require('./scene');
const differences = require('./differences');

const TIMEOUT = 5000; // milliseconds for one case

const load = { core: () => core, ours: () => require('../..') };
const all = [
  { name: 'core', client: 'core', server: 'core' },
  { name: 'ours', client: 'ours', server: 'ours' },
  { name: 'ours-core', client: 'ours', server: 'core' },
  { name: 'core-ours', client: 'core', server: 'ours' },
];

// CONFORMANCE_PAIRINGS: names of `all`, separated by commas. Unset: all of them.
const wanted = process.env.CONFORMANCE_PAIRINGS?.split(',') ?? all.map(({ name }) => name);
const unknown = wanted.filter((name) => !all.some((pairing) => pairing.name === name));
assert.deepEqual(unknown, [], 'CONFORMANCE_PAIRINGS names no such pairing');
const pairings = all.filter(({ name }) => wanted.includes(name));

/** Runs `body` with a scene, and closes everything that it opened whatever happens. */
async function play(pairing, body) {
  const scene = new Scene(load[pairing.client](), load[pairing.server]());
  let result;
  try {
    result = await body(scene);
  } finally {
    await scene.close();
  }
  return result;
}

const tally = new Map(differences.map((difference) => [difference, { runs: 0, failures: 0 }]));

const differenceFor = (title) =>
  differences.find((difference) =>
    difference.title instanceof RegExp ? difference.title.test(title) : difference.title === title,
  );

/** Defines one mocha case; where a difference from core is listed, its failure is pending. */
function define(title, fullTitle, isCore, run) {
  const difference = isCore ? undefined : differenceFor(fullTitle);
  it(title, async function () {
    if (difference === undefined) return run();
    tally.get(difference).runs++;
    try {
      await run();
    } catch {
      tally.get(difference).failures++;
      this.skip();
    }
  });
}

/**
 * A topic: its cases run on every pairing.
 * @param {string} name
 * @param {(test: Function) => void} body calls `test(title, async (scene) => {})` for each case, or
 *   `test.observe(title, async (scene) => record, (record) => {})`: the record is checked, and has
 *   to equal the one that core makes on both sides
 * @param {object[]} [players] the pairings that it runs on
 */
function topic(name, body, players = pairings) {
  describe(name, () => {
    const observed = new Map();
    for (const pairing of players) {
      const isCore = pairing.client === 'core' && pairing.server === 'core';
      describe(`[${pairing.name}]`, function () {
        this.timeout(TIMEOUT);
        const test = (title, act) =>
          define(title, `${name} ${title}`, isCore, () => play(pairing, act));

        test.observe = (title, observe, check) =>
          define(title, `${name} ${title}`, isCore, async () => {
            const record = await play(pairing, observe);
            if (!isCore) {
              if (!observed.has(title)) observed.set(title, play(all[0], observe));
              assert.deepEqual(record, await observed.get(title), 'differs from core');
            }
            await check(record);
          });

        body(test);
      });
    }
  });
}

/**
 * A topic that needs no connection: its cases run on core and on ours, and get a scene whose `tls`
 * is the implementation.
 */
topic.api = (name, body) =>
  topic(
    name,
    body,
    pairings.filter(({ client, server }) => client === server),
  );

after('every listed difference still differs', () => {
  for (const [{ title, some }, { runs, failures }] of tally) {
    assert(some || runs === 0 || failures > 0, `no longer differs: ${title}`);
  }
});

module.exports = { topic, pairings };
