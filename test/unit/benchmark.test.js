'use strict';

const assert = require('node:assert/strict');
const { metricsOf } = require('../../benchmark/metrics');
const { formatHtml } = require('../../benchmark/report/html');
const { geometricMean, quantile } = require('../../benchmark/statistics');
const { summarizeCases, summarizeTargets } = require('../../benchmark/summary');

/** Rounds of a case that counts, from rates and from CPU times of server and client. */
function rounds(...values) {
  return values.map(([rate, serverCpu, clientCpu]) => ({ rate, serverCpu, clientCpu }));
}

/** The rows of these results, where there are no other cases. */
function rowsOf(results) {
  return summarizeTargets(
    results,
    results.map(({ name }) => name),
  );
}

/** A Result of a bulk case with 1 KB writes. */
function bulk(sender, samples) {
  const name = `bulk ${sender === 'server' ? 'server to client' : 'client to server'}, 1 KB writes`;
  const metrics = metricsOf({ unit: 'MB' });
  return { name, parameters: { sender }, pairs: Object.keys(samples), metrics, samples };
}

describe('benchmark', () => {
  it('interpolates quantiles and multiplies means', () => {
    assert.equal(quantile([3, 1, 2], 0.5), 2);
    assert.equal(quantile([4, 1, 2, 3], 0.5), 2.5);
    assert.equal(quantile([0, 10], 0.99), 9.9);
    assert.ok(Math.abs(geometricMean([0.5, 2, 8]) - 2) < 1e-9);
  });

  it('takes the median of ratios within rounds, not the ratio of medians', () => {
    const [row] = rowsOf([
      bulk('server', {
        'core/core': rounds([100, 1, 1], [10, 1, 1], [50, 1, 1]),
        'ours/ours': rounds([160, 1, 1], [16, 1, 1], [20, 1, 1]),
      }),
    ]);
    assert.equal(row.ratio.median, 1.6);
    assert.equal(row.wall.median, 1.6);
    assert.deepEqual(row.ratio.range, [0.4, 1.6]);
    assert.equal(row.verdict, 'reached');
  });

  it('tells a row that only some of its cases have reached', () => {
    const core = rounds([100, 1, 1]);
    const [row] = rowsOf([
      bulk('server', { 'core/core': core, 'ours/ours': rounds([250, 1, 1]) }),
      bulk('client', { 'core/core': core, 'ours/ours': rounds([100, 1, 1]) }),
    ]);
    assert.equal(row.weakest.median, 1);
    assert.equal(row.weakest.name, 'bulk client to server, 1 KB writes');
    assert.ok(Math.abs(row.ratio.median - Math.sqrt(2.5)) < 1e-9);
    assert.equal(row.verdict, 'on average');
  });

  it('says of which cases a row lacks the figures', () => {
    const results = [
      bulk('server', { 'core/core': rounds([1, 1, 1]), 'ours/ours': rounds([2, 1, 1]) }),
    ];
    const names = ['server to client', 'client to server'].map((way) => `bulk ${way}, 1 KB writes`);
    assert.equal(summarizeTargets(results, names)[0].name, 'bulk, 1 KB writes (1 of 2 cases)');
    assert.equal(rowsOf(results)[0].name, 'bulk, 1 KB writes');
  });

  it('compares the CPU time of the ends that differ, core to ours', () => {
    const [row] = rowsOf([
      {
        ...bulk('server', {
          'core/core': rounds([100, 1000, 30]),
          'core/ours': rounds([100, 5, 10]),
        }),
        name: 'connect with explicit secureContext',
      },
    ]);
    assert.equal(row.cpu.median, 3);
    assert.equal(row.ratio.median, 3);
    assert.equal(row.verdict, 'beyond');
  });

  it('wants costs to be small', () => {
    const memory = (core, ours) => ({
      name: 'memory of 5000 idle connections',
      parameters: {},
      pairs: ['core/core', 'ours/ours'],
      metrics: [],
      samples: {
        'core/core': [{ serverMemory: core, clientMemory: core }],
        'ours/ours': [{ serverMemory: ours, clientMemory: ours }],
      },
    });
    const verdicts = (core, ours) => rowsOf([memory(core, ours)]).map(({ verdict }) => verdict);
    assert.deepEqual(verdicts(100, 75), ['reached', 'missed']);
    assert.deepEqual(verdicts(100, 50), ['beyond', 'beyond']);
    assert.deepEqual(verdicts(100, 120), ['missed', 'missed']);
  });

  it('escapes what it puts into the page', () => {
    const results = [
      bulk('server', { 'core/core': rounds([1, 1, 1]), 'ours/ours': rounds([2, 1, 1]) }),
    ];
    const page = formatHtml({
      environment: { node: '1', openssl: '3', cpu: '<b>&"', cpus: 1 },
      ciphers: 'X',
      rounds: 1,
      duration: 1,
      rows: rowsOf(results),
      details: summarizeCases(results),
    });
    assert.ok(page.includes('&#60;b&#62;&#38;&#34;'));
    assert.ok(page.includes('<th scope="row">bulk, 1 KB writes</th>'));
    assert.ok(!page.includes('http'), 'nothing comes from elsewhere');
  });
});
