'use strict';

/**
 * @param {number[]} values at least one
 * @param {number} fraction 0.5 for the median
 * @returns {number} interpolated between neighbours
 */
function quantile(values, fraction) {
  const sorted = [...values].sort((a, b) => a - b);
  const position = (sorted.length - 1) * fraction;
  const below = Math.floor(position);
  const above = Math.ceil(position);
  return sorted[below] + (sorted[above] - sorted[below]) * (position - below);
}

/**
 * @param {number[]} values at least one, all positive
 * @returns {number}
 */
function geometricMean(values) {
  return values.reduce((product, value) => product * value, 1) ** (1 / values.length);
}

/**
 * @param {number[]} values one for each round
 * @returns {{ median: number, quartiles: number[], range: number[] }} `quartiles`: half of the rounds
 *   lie between these two; `range`: the least and the greatest
 */
function summarize(values) {
  return {
    median: quantile(values, 0.5),
    quartiles: [quantile(values, 0.25), quantile(values, 0.75)],
    range: [Math.min(...values), Math.max(...values)],
  };
}

module.exports = { geometricMean, quantile, summarize };
