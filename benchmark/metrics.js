'use strict';

/**
 * @param {object} benchmarkCase
 * @returns {object[]} what is measured: `key`, `label` (none for the first), `unit` and `better`. Of
 *   cases that count, what Run.results() returns; of others what they say.
 */
function metricsOf({ metrics, unit }) {
  const perCount = `us/${unit}`;
  return (
    metrics ?? [
      { key: 'rate', unit: unit === 'MB' ? 'MB/s' : `${unit}s/s`, better: 'higher' },
      { key: 'serverCpu', label: 'CPU of server', unit: perCount, better: 'lower' },
      { key: 'clientCpu', label: 'CPU of client', unit: perCount, better: 'lower' },
      { key: 'serverThreadCpu', label: "server's main thread", unit: perCount, better: 'lower' },
    ]
  );
}

/**
 * CPU time of a pair for each count, of those ends that differ from the baseline's. Where only one
 * end does, what the other one uses would only dilute the comparison.
 *
 * @param {Object<string, number>} values by metric key
 * @param {string} pair
 * @param {string} baseline
 * @returns {number} microseconds
 */
function cpuOf(values, pair, baseline) {
  const [server, client] = pair.split('/');
  const [baselineServer, baselineClient] = baseline.split('/');
  return (
    (server === baselineServer ? 0 : values.serverCpu) +
    (client === baselineClient ? 0 : values.clientCpu)
  );
}

module.exports = { cpuOf, metricsOf };
