'use strict';

const LABELS = { 'core/core': 'core', 'ours/ours': 'ours' };
const ARROWS = { higher: '↑', lower: '↓' };

/**
 * @param {number} value
 * @returns {string} with about three significant digits
 */
function formatNumber(value) {
  const digits = Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 10 ? 1 : 2;
  return value.toFixed(digits);
}

/**
 * @param {object} report what `--json` prints
 * @returns {string} a table of aligned columns, with its heading and legend
 */
function formatTable({ environment, ciphers, pairs, rounds, duration, results }) {
  const label = (pair) => LABELS[pair] ?? pair;
  const [baseline, ...others] = pairs;

  const header = ['', 'unit'];
  for (const pair of pairs) header.push(label(pair), 'spread');
  for (const pair of others) header.push(`${label(pair)} : ${label(baseline)}`, 'least-most');

  const rows = results.map((result) => {
    const row = [result.name, `${result.unit} ${ARROWS[result.better]}`];
    for (const pair of pairs) {
      const { median, spread } = result.pairs[pair];
      row.push(formatNumber(median), `${(100 * spread).toFixed(0)}%`);
    }
    for (const pair of others) {
      const { ratio, ratioRange } = result.pairs[pair];
      row.push(ratio.toFixed(2), ratioRange.map((value) => value.toFixed(2)).join('-'));
    }
    return row;
  });

  const note = pairs.every((pair) => pair in LABELS) ? '' : ', pairs are server/client';
  const { node, openssl, cpu, cpus } = environment;
  return [
    `Node ${node}, OpenSSL ${openssl}, ${cpus} x ${cpu}`,
    `${ciphers}, medians of ${rounds} rounds of ${duration} ms${note}`,
    '',
    ...align([header, ...rows]),
    '',
    '↑ more is better, ↓ less is better',
    'spread: (most - least) / median; least-most: of the ratios of each round',
  ].join('\n');
}

/** @param {string[][]} rows */
function align(rows) {
  const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => row[column].length)));
  return rows.map((row) =>
    row
      .map((cell, column) =>
        column < 2 ? cell.padEnd(widths[column]) : cell.padStart(widths[column]),
      )
      .join('  ')
      .trimEnd(),
  );
}

module.exports = { formatNumber, formatTable };
