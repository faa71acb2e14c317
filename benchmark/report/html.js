'use strict';

const fs = require('node:fs');
const path = require('node:path');
const cells = require('./cells');

// One page without anything from elsewhere. Each row of the table has its numbers as text, and a strip
// that shows the same to the eye: a table for those who cannot see it needs nothing in its place.

const STYLE = fs.readFileSync(path.join(__dirname, 'style.css'), 'utf8');

const GROUPS = [
  {
    title: 'More is better',
    note: 'ours to core: 2 is twice as fast',
    belongs: ({ kind, reach }) => kind === 'gain' && reach !== undefined,
    axis: { from: 0.5, to: 4, ticks: [0.5, 0.7, 1, 1.4, 2, 3, 4] },
  },
  {
    title: 'Less is better',
    note: 'ours to core: 0.5 is half as much',
    belongs: ({ kind }) => kind === 'cost',
    axis: { from: 0.25, to: 2, ticks: [0.25, 0.35, 0.5, 0.7, 1, 1.4, 2] },
  },
  {
    title: 'Fairness',
    note: 'p99 of a ping-pong beside a bulk connection to its p99 when quiet; less is better',
    belongs: ({ kind }) => kind === 'value',
    axis: { from: 1, to: 100, ticks: [1, 3, 10, 30, 100] },
  },
  {
    title: 'Distance to the limit',
    note: '1 is the limit',
    belongs: ({ kind, reach }) => kind === 'gain' && reach === undefined,
    axis: { from: 0.1, to: 1.5, ticks: [0.1, 0.2, 0.3, 0.5, 0.7, 1] },
  },
];

/**
 * @param {object} report what `--json` prints
 * @returns {string} a page of HTML
 */
function formatHtml(report) {
  const { rows, details } = report;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>napi-tls benchmark</title>
<style>
${STYLE}</style>
</head>
<body>
<main>
<h1>napi-tls to node:tls</h1>
<p>${escapeHtml(cells.describeMeasurement(report))}.</p>
<p>${escapeHtml(cells.LEGEND.join(' '))}</p>
${tally(rows)}
<p class="legend" aria-hidden="true">
<span><span class="strip sample"><i class="range" style="left:0;width:100%"></i><i class="quartiles" style="left:30%;width:40%"></i><i class="median" style="left:50%"></i></span> all rounds, half of them, median</span>
<span><span class="strip sample"><i class="reach" style="left:50%"></i></span> to be reached</span>
<span><span class="strip sample"><i class="beyond" style="left:50%"></i></span> beyond</span>
</p>
<div class="scroll" role="region" aria-labelledby="targets" tabindex="0">
<table class="targets">
<caption id="targets">Targets</caption>
<thead><tr>${targetHeader()}</tr></thead>
${GROUPS.map((group) => groupBody(group, rows.filter(group.belongs))).join('\n')}
</table>
</div>
<details>
<summary>Every metric of every case</summary>
<div class="scroll" role="region" aria-labelledby="details" tabindex="0">
<table>
<caption id="details">Details</caption>
<thead><tr>${cells.DETAIL_HEADER.map((name, i) => head(name, i >= 3)).join('')}</tr></thead>
<tbody>
${details.map(detailRows).join('\n')}
</tbody>
</table>
</div>
</details>
</main>
</body>
</html>
`;
}

/** @returns {string} how many rows have come how far */
function tally(rows) {
  const count = (verdict) => rows.filter((row) => row.verdict === verdict).length;
  const parts = ['beyond', 'reached', 'on average', 'missed'].map(
    (verdict) => `<li class="${slug(verdict)}"><b>${count(verdict)}</b> ${verdict}</li>`,
  );
  return `<ul class="tally">${parts.join('')}</ul>`;
}

function targetHeader() {
  const [name, ...rest] = cells.TARGET_HEADER;
  return [head(name), '<td></td>', ...rest.map((text, i) => head(text, i > 0))].join('');
}

function groupBody({ title, note, axis }, rows) {
  if (rows.length === 0) return '';
  const ticks = axis.ticks.map((tick) => `<i style="left:${position(tick, axis)}%">${tick}</i>`);
  return `<tbody>
<tr class="group"><th scope="rowgroup">${title}<small>${note}</small></th>
<td class="axis" aria-hidden="true"><span>${ticks.join('')}</span></td><td colspan="9"></td></tr>
${rows.map((row) => targetRow(row, axis)).join('\n')}
</tbody>`;
}

function targetRow(row, axis) {
  const [name, ...rest] = cells.targetCells(row);
  const result = cells.TARGET_HEADER.indexOf('result') - 1;
  const tds = rest.map((text, index) => {
    const kind = index === result ? 'result' : index > 0 ? 'number' : '';
    return `<td class="${kind}">${escapeHtml(text)}</td>`;
  });
  const verdict = slug(row.verdict ?? 'printed');
  return (
    `<tr class="${verdict}"><th scope="row">${escapeHtml(name)}</th>` +
    `<td class="plot" aria-hidden="true">${strip(row, axis)}</td>${tds.join('')}</tr>`
  );
}

function strip({ ratio, reach, beyond }, axis) {
  const mark = (kind, value) =>
    value === undefined ? '' : `<i class="${kind}" style="left:${position(value, axis)}%"></i>`;
  const bar = (kind, [from, to]) => {
    const left = position(from, axis);
    const width = (position(to, axis) - left).toFixed(2);
    return `<i class="${kind}" style="left:${left}%;width:${width}%"></i>`;
  };
  return `<span class="strip">${[
    mark('one', 1),
    mark('reach', reach),
    mark('beyond', beyond),
    bar('range', ratio.range),
    bar('quartiles', ratio.quartiles),
    mark('median', ratio.median),
  ].join('')}</span>`;
}

/** @returns {number} percent of the way along the axis, which is logarithmic */
function position(value, { from, to }) {
  const share = Math.log(value / from) / Math.log(to / from);
  return Number((100 * Math.min(1, Math.max(0, share))).toFixed(2));
}

function detailRows(detail) {
  return cells
    .detailCells(detail)
    .map((row) => {
      const tds = row.map(
        (text, i) => `<td class="${i >= 3 ? 'number' : ''}">${escapeHtml(text)}</td>`,
      );
      return `<tr>${tds.join('')}</tr>`;
    })
    .join('\n');
}

function head(name, isNumber = false) {
  return `<th scope="col" class="${isNumber ? 'number' : ''}">${escapeHtml(name)}</th>`;
}

function slug(verdict) {
  return verdict.replace(' ', '-');
}

function escapeHtml(text) {
  return text.replace(/[&<>"]/g, (c) => `&#${c.codePointAt(0)};`);
}

module.exports = { formatHtml };
