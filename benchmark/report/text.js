'use strict';

const cells = require('./cells');

/**
 * @param {object} report what `--json` prints
 * @param {boolean} withDetails
 * @returns {string} tables of aligned columns, with their heading and legend
 */
function formatText(report, withDetails) {
  const lines = [cells.describeMeasurement(report), ...cells.LEGEND, ''];
  if (report.rows.length > 0) {
    lines.push(...align([cells.TARGET_HEADER, ...report.rows.map(cells.targetCells)], 2), '');
  }
  if (withDetails || report.rows.length === 0) {
    lines.push(...align([cells.DETAIL_HEADER, ...report.details.flatMap(cells.detailCells)], 3));
  }
  return lines.join('\n').trimEnd();
}

/**
 * @param {string[][]} rows
 * @param {number} textColumns how many columns stand to the left
 */
function align(rows, textColumns) {
  const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => row[column].length)));
  return rows.map((row) =>
    row
      .map((cell, column) =>
        column < textColumns ? cell.padEnd(widths[column]) : cell.padStart(widths[column]),
      )
      .join('  ')
      .trimEnd(),
  );
}

module.exports = { formatText };
