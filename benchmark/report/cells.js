'use strict';

// The cells of the two tables, and the words around them, for every form of the report.

const ARROWS = { higher: '↑', lower: '↓' };

const KINDS = { gain: '↑', cost: '↓', value: '↓' };

const MEASURES = {
  rate: 'rate',
  cpu: 'CPU time',
  delay: 'delay',
  serverThreadCpu: 'CPU time of the loop',
  serverMemory: 'RSS',
  clientMemory: 'RSS',
  rise: 'busy : quiet',
};

/**
 * @param {number} value
 * @returns {string} with about three significant digits
 */
function formatNumber(value) {
  const digits = Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 10 ? 1 : 2;
  return value.toFixed(digits);
}

/**
 * @param {number} value
 * @returns {string}
 */
function formatRatio(value) {
  return value.toFixed(2);
}

/**
 * @param {object} summary result of summarize()
 * @returns {string} the quartiles
 */
function formatQuartiles({ quartiles }) {
  return quartiles.map(formatRatio).join('-');
}

/** Names of the columns of targetCells(). */
const TARGET_HEADER = [
  'workload',
  'of',
  'ratio',
  'quartiles',
  'weakest',
  'reach',
  'beyond',
  'result',
  'by rate',
  'by CPU time',
];

/**
 * @param {object} row one of summarizeTargets()
 * @returns {string[]} a cell for each column
 */
function targetCells(row) {
  const goal = (value) => (value === undefined ? '' : String(value));
  const both = (summary) =>
    summary ? `${formatRatio(summary.median)} (${formatQuartiles(summary)})` : '';
  return [
    row.name,
    `${MEASURES[row.of]} ${KINDS[row.kind]}`,
    formatRatio(row.ratio.median),
    formatQuartiles(row.ratio),
    row.count > 1 ? formatRatio(row.weakest.median) : '',
    goal(row.reach),
    goal(row.beyond),
    row.verdict ?? '',
    both(row.wall),
    both(row.cpu),
  ];
}

/** Names of the columns of detailCells(). */
const DETAIL_HEADER = [
  'case',
  'unit',
  'server/client',
  'median',
  'least-most',
  'ratio',
  'quartiles',
  'least-most',
];

/**
 * @param {object} detail one of summarizeCases()
 * @returns {string[][]} a line of cells for each pair
 */
function detailCells({ name, unit, better, pairs }) {
  return Object.entries(pairs).map(([pair, { median, range, ratio }], index) => [
    index === 0 ? name : '',
    index === 0 ? `${unit} ${ARROWS[better]}` : '',
    pair,
    formatNumber(median),
    range.map(formatNumber).join('-'),
    index === 0 ? '' : formatRatio(ratio.median),
    index === 0 ? '' : formatQuartiles(ratio),
    index === 0 ? '' : ratio.range.map(formatRatio).join('-'),
  ]);
}

/**
 * @param {object} report what `--json` prints
 * @returns {string} what was measured, on what
 */
function describeMeasurement({ environment, ciphers, rounds, duration }) {
  const { node, openssl, cpu, cpus } = environment;
  return (
    `Node ${node}, OpenSSL ${openssl}, ${cpus} x ${cpu}, ${ciphers}, ` +
    `${rounds} rounds of ${duration} ms`
  );
}

const LEGEND = [
  'Ratios of rates, delays and memory are ours to core, of CPU time core to ours: medians of the rounds,',
  'half of which lie between the quartiles. ↑ more is better, ↓ less is better. Weakest: the case of the row',
  "with the worst median. 'on average': the row has reached it, not each of its cases.",
];

module.exports = {
  DETAIL_HEADER,
  describeMeasurement,
  detailCells,
  formatNumber,
  formatRatio,
  LEGEND,
  TARGET_HEADER,
  targetCells,
};
