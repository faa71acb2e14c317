'use strict';

/**
 * @param {number[]} values at least one
 * @returns {number}
 */
function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/**
 * @param {Object<string, number[]>} samples values by pair, one for each round
 * @param {string[]} pairs the first one is what the others are compared with
 * @returns {Object<string, object>} by pair: `median`; `spread`, the distance of the greatest to
 *   the least value as a part of the median; `ratio`, of the medians, to the first pair;
 *   `ratioRange`, the least and the greatest ratio within a round; `samples`
 */
function summarize(samples, pairs) {
  const baseline = samples[pairs[0]];
  const summary = {};
  for (const pair of pairs) {
    const values = samples[pair];
    const ratios = values.map((value, round) => value / baseline[round]);
    summary[pair] = {
      median: median(values),
      spread: (Math.max(...values) - Math.min(...values)) / median(values),
      ratio: median(values) / median(baseline),
      ratioRange: [Math.min(...ratios), Math.max(...ratios)],
      samples: values,
    };
  }
  return summary;
}

module.exports = { median, summarize };
