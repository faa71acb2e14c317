'use strict';

// The rows of the table: what is compared, and how far it is to get. A row may stand for several cases.

/** @returns {string} the pair where only the receiver of a bulk transfer is ours */
const ourReceiver = ({ sender }) => (sender === 'server' ? 'core/ours' : 'ours/core');
const ourSender = ({ sender }) => (sender === 'server' ? 'ours/core' : 'core/ours');
const oursWithOurs = () => 'ours/ours';
const coreWithOurs = () => 'core/ours';
const coreWithCore = () => 'core/core';

const FULL_RECORDS = /^bulk .*, (16 KB|64 KB|1 MB) writes/;
const MIXED_FULL_RECORDS = /^bulk .*, (16 KB|1 MB) writes/;
const CIPHER = /^limit, openssl speed/;
const BULK_LIMIT = /^limit, 64 KB writes/;

/**
 * @typedef {object} Target
 * @property {string} name
 * @property {RegExp} cases names of the cases
 * @property {function(object): string} pair of a case, by its parameters; compared with the case's first
 * @property {string} of what the ratio is of: a metric's key, or 'cpu', the CPU time for each count of
 *   those ends of the pair that differ from the first pair's
 * @property {'gain' | 'cost' | 'value'} kind 'gain': of rates ours to core, of CPU time core to ours,
 *   more is better; 'cost': ours to core, less is better; 'value': not a ratio, less is better
 * @property {number} [reach] to be reached
 * @property {number} [beyond] to be aimed at
 * @property {RegExp} [to] the case whose value (of the metric `toKey`) the values are divided by
 */

/** @type {Target[]} */
const targets = [
  {
    name: 'bulk, writes of 16 KB and more',
    cases: FULL_RECORDS,
    pair: oursWithOurs,
    of: 'rate',
    kind: 'gain',
    reach: 1.4,
    beyond: 2,
  },
  {
    name: "the same, our receiver with core's sender",
    cases: MIXED_FULL_RECORDS,
    pair: ourReceiver,
    of: 'rate',
    kind: 'gain',
    reach: 1.2,
    beyond: 1.5,
  },
  {
    name: "the same, our sender with core's receiver",
    cases: MIXED_FULL_RECORDS,
    pair: ourSender,
    of: 'rate',
    kind: 'gain',
    reach: 1.0,
    beyond: 1.2,
  },
  {
    name: 'bulk, 1 KB writes',
    cases: /^bulk .*, 1 KB writes/,
    pair: oursWithOurs,
    of: 'rate',
    kind: 'gain',
    reach: 1.5,
    beyond: 2.3,
  },
  {
    name: 'bulk, 64 B writes',
    cases: /^bulk .*, 64 B writes/,
    pair: oursWithOurs,
    of: 'rate',
    kind: 'gain',
    reach: 1.3,
    beyond: 1.8,
  },
  {
    name: 'ping-pong 64 B and 1 KB, 50 and 500 connections',
    cases: /^ping-pong .*, (50|500) connections/,
    pair: oursWithOurs,
    of: 'rate',
    kind: 'gain',
    reach: 1.4,
    beyond: 1.9,
  },
  {
    name: 'ping-pong 64 B and 1 KB, 1 connection',
    cases: /^ping-pong .*, 1 connection$/,
    pair: oursWithOurs,
    of: 'rate',
    kind: 'gain',
    reach: 1.0,
    beyond: 1.3,
  },
  {
    name: 'tls.connect: default options; ca; key, cert and ca',
    cases: /^connect with (default options|ca|key, cert and ca)$/,
    pair: coreWithOurs,
    of: 'cpu',
    kind: 'gain',
    reach: 1.7,
    beyond: 2.1,
  },
  {
    name: 'tls.connect with explicit secureContext',
    cases: /^connect with explicit secureContext/,
    pair: coreWithOurs,
    of: 'cpu',
    kind: 'gain',
    reach: 1.3,
    beyond: 1.7,
  },
  {
    name: 'tls.connect, resumed',
    cases: /^connect with resumed session/,
    pair: coreWithOurs,
    of: 'cpu',
    kind: 'gain',
    reach: 1.3,
    beyond: 2,
  },
  {
    name: 'server accepts, P-256 and RSA-2048',
    cases: /^accept,/,
    pair: oursWithOurs,
    of: 'rate',
    kind: 'gain',
    reach: 1.0,
    beyond: 1.2,
  },
  {
    name: "server's main thread for a connection, handshake off the loop, RSA-2048",
    cases: /^accept off the loop, RSA/,
    pair: oursWithOurs,
    of: 'serverThreadCpu',
    kind: 'cost',
    reach: 0.33,
    beyond: 0.25,
  },
  {
    name: 'the same, P-256',
    cases: /^accept off the loop, P-256/,
    pair: oursWithOurs,
    of: 'serverThreadCpu',
    kind: 'cost',
    reach: 0.45,
    beyond: 0.3,
  },
  {
    name: 'event-loop delay p99 of a server in a storm (RSA-2048)',
    cases: /^storm/,
    pair: oursWithOurs,
    of: 'delay',
    kind: 'cost',
    reach: 1,
    beyond: 0.5,
  },
  {
    name: 'memory of an idle connection (of 5,000), server',
    cases: /^memory/,
    pair: oursWithOurs,
    of: 'serverMemory',
    kind: 'cost',
    reach: 0.8,
    beyond: 0.5,
  },
  {
    name: 'memory of an idle connection (of 5,000), client',
    cases: /^memory/,
    pair: oursWithOurs,
    of: 'clientMemory',
    kind: 'cost',
    reach: 0.7,
    beyond: 0.5,
  },
  {
    name: 'HTTPS keep-alive requests, 1 and 50 connections',
    cases: /^https requests/,
    pair: oursWithOurs,
    of: 'rate',
    kind: 'gain',
    reach: 1.05,
    beyond: 1.3,
  },
  {
    name: 'HTTPS download of 100 MB',
    cases: /^https download/,
    pair: oursWithOurs,
    of: 'rate',
    kind: 'gain',
    reach: 1.3,
  },
  {
    name: 'HTTP/2 requests, 1 and 50 streams',
    cases: /^http2 requests/,
    pair: oursWithOurs,
    of: 'rate',
    kind: 'gain',
    reach: 1,
  },
  {
    name: 'HTTP/2 download of 100 MB',
    cases: /^http2 download/,
    pair: oursWithOurs,
    of: 'rate',
    kind: 'gain',
    reach: 1,
  },
  {
    name: 'fairness: rise of a ping-pong p99 beside bulk',
    cases: /^fairness/,
    pair: oursWithOurs,
    of: 'rise',
    kind: 'value',
    reach: 3,
  },
  {
    name: "the same, core's",
    cases: /^fairness/,
    pair: coreWithCore,
    of: 'rise',
    kind: 'value',
  },
  {
    name: 'to the limit: bulk, ours to plain net.Socket',
    cases: BULK_LIMIT,
    pair: oursWithOurs,
    of: 'rate',
    kind: 'gain',
  },
  {
    name: "the same, core's",
    cases: BULK_LIMIT,
    pair: coreWithCore,
    of: 'rate',
    kind: 'gain',
  },
  {
    name: 'to the limit: bulk, ours to openssl speed',
    cases: BULK_LIMIT,
    pair: oursWithOurs,
    of: 'rate',
    kind: 'gain',
    to: CIPHER,
    toKey: 'speed',
  },
  {
    name: "the same, core's",
    cases: BULK_LIMIT,
    pair: coreWithCore,
    of: 'rate',
    kind: 'gain',
    to: CIPHER,
    toKey: 'speed',
  },
];

module.exports = { targets };
