'use strict';

const { cpuOf } = require('./metrics');
const { geometricMean, summarize } = require('./statistics');
const { targets } = require('./targets');

/**
 * @typedef {object} Result what has been measured of a case
 * @property {string} name
 * @property {object} parameters
 * @property {string[]} pairs the first is what the others are compared with
 * @property {object[]} metrics
 * @property {Object<string, Array<Object<string, number>>>} samples by pair, the values of each round
 *   by metric key
 */

/**
 * @param {Result[]} results
 * @param {string[]} allCases names of all cases there are, so that a row can say which it lacks
 * @returns {object[]} the rows of the table: targets with the ratios that were measured, in `ratio`,
 *   and in `wall` and `cpu` where these are known; each with `median`, `quartiles` and `range` of the
 *   rounds. In a row of several cases the ratio of a round is the geometric mean of its cases';
 *   `weakest` is the case with the worst median. `verdict`: see verdictOf().
 */
function summarizeTargets(results, allCases) {
  return targets.flatMap((target) => {
    const measured = results.filter(
      ({ name, parameters, samples }) =>
        target.cases.test(name) && samples[target.pair(parameters)],
    );
    const divisor = target.to && results.find(({ name }) => target.to.test(name));
    if (measured.length === 0 || (target.to && !divisor)) return [];

    const row = { ...target, cases: measured.map(({ name }) => name), count: measured.length };
    delete row.pair;
    delete row.to;
    const perCase = measured.map((result) => ({
      name: result.name,
      ratios: ratiosOf(result, target, target.of, divisor),
    }));
    const expected = allCases.filter((name) => target.cases.test(name)).length;
    if (row.count < expected) row.name += ` (${row.count} of ${expected} cases)`;
    row.ratio = pool(perCase.map(({ ratios }) => ratios));
    row.weakest = weakestOf(perCase, target);
    row.verdict = verdictOf(row);
    if (measured.every(({ metrics }) => metrics.some(({ key }) => key === 'serverCpu'))) {
      row.wall = pool(measured.map((result) => ratiosOf(result, target, 'rate', divisor)));
      row.cpu = divisor
        ? undefined
        : pool(measured.map((result) => ratiosOf(result, target, 'cpu')));
    }
    return [row];
  });
}

/** @returns {number[]} of each round */
function ratiosOf({ parameters, pairs: [baseline], samples }, target, of, divisor) {
  const pair = target.pair(parameters);
  return samples[pair].map((values, round) => {
    if (divisor) {
      const rounds = divisor.samples[divisor.pairs[0]];
      return values[of] / rounds[round % rounds.length][target.toKey];
    }
    const base = samples[baseline][round];
    if (of === 'cpu') return cpuOf(base, pair, baseline) / cpuOf(values, pair, baseline);
    return target.kind === 'value' ? values[of] : values[of] / base[of];
  });
}

/** @returns {object} summary of the geometric means of the rounds */
function pool(ratiosByCase) {
  const [first] = ratiosByCase;
  return summarize(first.map((_, round) => geometricMean(ratiosByCase.map((r) => r[round]))));
}

function weakestOf(perCase, { kind }) {
  const medians = perCase.map(({ name, ratios }) => ({ name, median: summarize(ratios).median }));
  return medians.reduce((worst, one) => {
    const worse = kind === 'gain' ? one.median < worst.median : one.median > worst.median;
    return worse ? one : worst;
  });
}

/**
 * @returns {string | undefined} 'beyond' or 'reached' when every case of the row is there; 'on average'
 *   when only the median of the row has reached what is to be reached; 'missed'; undefined for rows
 *   that are printed only
 */
function verdictOf({ kind, reach, beyond, ratio, weakest }) {
  if (reach === undefined) return undefined;
  const meets = (value, goal) => (kind === 'gain' ? value >= goal : value <= goal);
  if (beyond !== undefined && meets(weakest.median, beyond)) return 'beyond';
  if (meets(weakest.median, reach)) return 'reached';
  return meets(ratio.median, reach) ? 'on average' : 'missed';
}

/**
 * @param {Result[]} results
 * @returns {object[]} for each case and metric its `name`, `unit` and `better`; by pair in `pairs` the
 *   summary of the values, and of the ratios to the first pair in `ratio`
 */
function summarizeCases(results) {
  return results.flatMap(({ name, pairs, metrics, samples }) =>
    metrics
      .filter(({ key }) => pairs.every((pair) => samples[pair][0][key] !== undefined))
      .map(({ key, label, unit, better }) => {
        const baseline = samples[pairs[0]];
        const summary = pairs.map((pair) => {
          const values = samples[pair].map((value) => value[key]);
          const ratios = values.map((value, round) => value / baseline[round][key]);
          return [pair, { ...summarize(values), ratio: summarize(ratios) }];
        });
        return {
          name: label ? `${name}, ${label}` : name,
          unit,
          better,
          pairs: Object.fromEntries(summary),
        };
      }),
  );
}

module.exports = { summarizeCases, summarizeTargets };
