'use strict';

const cells = require('./cells');

/**
 * @param {object} report what `--json` prints
 * @returns {string} a document of Markdown, with the tables of GitHub
 */
function formatMarkdown(report) {
  return [
    '# Benchmark',
    '',
    `${cells.describeMeasurement(report)}.`,
    ...cells.LEGEND,
    '',
    ...table([cells.TARGET_HEADER, ...report.rows.map(cells.targetCells)], 2),
    '',
    '## Details',
    '',
    ...table([cells.DETAIL_HEADER, ...report.details.flatMap(cells.detailCells)], 3),
    '',
  ].join('\n');
}

function table([header, ...rows], textColumns) {
  const line = (row) => `| ${row.join(' | ')} |`;
  const alignment = header.map((_, column) => (column < textColumns ? '---' : '---:'));
  return [header, alignment, ...rows].map(line);
}

module.exports = { formatMarkdown };
