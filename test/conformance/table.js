'use strict';

/**
 * The table of docs/conformance.md: for each name of the specification the number of its cases, and what
 * came of them on each Node and pairing.
 *
 * Usage: node test/conformance/table.js FOLDER   - prints it, of what test/reporter.js has written into
 * FOLDER on each Node; fails where a name has no case, or a case has failed
 */

const fs = require('node:fs');
const path = require('node:path');
const specification = require('./specification');

/** The columns of a cell. */
const PAIRINGS = ['core', 'ours', 'ours-core', 'core-ours', 'processes'];
const PAIRING = / \[(core|ours|ours-core|core-ours)\](?= )/;
const MARKS = { failed: '✗', pending: '~', passed: '✓', none: '·' };

/** The parts of the tests that the table is made of. */
const files = [
  'test/conformance/*.test.js',
  'test/unit/command-line.test.js',
  'test/unit/warnings.test.js',
];

/**
 * @param {Array<{title: string, state: string}>} cases full titles, as mocha has them
 * @returns {Array<{title: string, pairing: string, state: string}>}
 */
function split(cases) {
  return cases.map(({ title, state }) => ({
    title: title.replace(PAIRING, ''),
    pairing: PAIRING.exec(title)?.[1] ?? 'processes',
    state,
  }));
}

/** The names of the specification in order: `{ section, name, cases, from, below, why }`. */
const entries = Object.entries(specification).flatMap(([section, names]) =>
  Object.entries(names).map(([name, entry]) => ({
    section,
    name,
    from: 0,
    below: Infinity,
    ...(entry instanceof RegExp ? { cases: entry } : entry),
  })),
);

const isOn = ({ from, below }, major) => from <= major && major < below;

/**
 * What is wrong with one entry on one Node.
 * @param {object} entry one of `entries`
 * @param {number} major of the Node
 * @param {object[]} cases of it, from `split`
 * @returns {string|undefined}
 */
function complaint(entry, major, cases) {
  if (entry.why !== undefined || !isOn(entry, major)) return undefined;
  const own = cases.filter(({ title }) => entry.cases.test(title));
  const where = `${entry.section}, ${entry.name}, Node ${major}`;
  if (own.length === 0) return `${where}: no case`;
  const failed = own.find(({ state }) => state === 'failed');
  return failed && `${where}: ${failed.title} [${failed.pairing}]`;
}

/** One character for each pairing. */
function cell(entry, major, cases) {
  if (!isOn(entry, major)) return 'n/a';
  const own = cases.filter(({ title }) => entry.cases.test(title));
  return PAIRINGS.map((pairing) => {
    const states = own.filter((one) => one.pairing === pairing).map(({ state }) => state);
    return MARKS[['failed', 'pending', 'passed'].find((state) => states.includes(state)) ?? 'none'];
  }).join('');
}

/**
 * @param {Array<{version: string, major: number, cases: object[]}>} results one for each Node
 * @returns {string} Markdown
 */
function render(results) {
  const lines = [
    '# Conformance',
    '',
    'What the documentation of `node:tls` names, and what came of the cases for it: made by',
    '`npm run conformance`, which fails when a name has no case or when a case fails. The names and the',
    'patterns for their cases are in `test/conformance/specification.js`.',
    '',
    'A cell has one mark for each pairing, in this order:',
    '',
    '1. client and server of core',
    '2. client and server of ours',
    '3. our client, the server of core',
    '4. the client of core, our server',
    '5. processes of core and of ours, compared',
    '',
    `\`${MARKS.passed}\` all cases have passed, \`${MARKS.pending}\` some are pending, which stand in`,
    `\`test/conformance/differences.js\` with the reason, \`${MARKS.failed}\` some have failed,`,
    `\`${MARKS.none}\` no case needs that pairing, \`n/a\` that Node does not have the name.`,
  ];
  for (const section of Object.keys(specification)) {
    lines.push('', `## ${section}`, '');
    lines.push(`| Name | Cases | ${results.map(({ version }) => version).join(' | ')} |`);
    lines.push(`| --- | ---: |${' --- |'.repeat(results.length)}`);
    for (const entry of entries.filter((one) => one.section === section)) {
      const name = `\`${entry.name}\``;
      if (entry.why !== undefined) {
        lines.push(`| ${name} | 0 | ${entry.why} |${' |'.repeat(results.length - 1)}`);
        continue;
      }
      const all = results.filter(({ major }) => isOn(entry, major)).flatMap(({ cases }) => cases);
      const titles = all.map(({ title }) => title).filter((title) => entry.cases.test(title));
      const cells = results.map(({ major, cases }) => {
        const text = cell(entry, major, cases);
        return text === 'n/a' ? text : `\`${text}\``;
      });
      lines.push(`| ${name} | ${new Set(titles).size} | ${cells.join(' | ')} |`);
    }
  }
  return `${lines.join('\n')}\n`;
}

/** The file that test/reporter.js has written on one Node. */
function readResult(file) {
  const { version, cases } = JSON.parse(fs.readFileSync(file, 'utf8'));
  return { version, major: Number.parseInt(version.slice(1), 10), cases: split(cases) };
}

module.exports = { entries, files, isOn, complaint, readResult, render };

if (require.main === module) {
  const [, , folder] = process.argv;
  const results = fs.readdirSync(folder).map((file) => readResult(path.join(folder, file)));
  results.sort((a, b) => a.major - b.major);
  process.stdout.write(render(results));
  const complaints = results.flatMap(({ major, cases }) =>
    entries.map((entry) => complaint(entry, major, cases)).filter(Boolean),
  );
  for (const line of complaints) console.error(line);
  process.exitCode = complaints.length === 0 && results.length > 0 ? 0 : 1;
}
