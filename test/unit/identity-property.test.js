'use strict';

const assert = require('node:assert/strict');
const coreTls = require('node:tls');
const { domainToASCII } = require('node:url');
const { isIP } = require('node:net');
const { isDeepStrictEqual } = require('node:util');
const { checkServerIdentity } = require('../../lib/check-server-identity');
const { nodeMajor } = require('../../lib/node-version');

/**
 * Random certificates and hosts, on which core and we have to agree. A failure names its seed:
 * IDENTITY_SEED=123 runs that one alone, IDENTITY_CASES=1000000 runs more of them.
 */
const kCases = Number(process.env.IDENTITY_CASES ?? 5000);

/** mulberry32: numbers that follow from a seed. */
function generator(seed) {
  return () => {
    seed = (seed + 0x6d2b79f5) | 0;
    let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return (t ^ (t >>> 14)) >>> 0;
  };
}

const kLabels = [
  'a',
  'b',
  'example',
  'com',
  'A',
  'Com',
  'xn--bcher-kva',
  'XN--A',
  '1',
  'a-b',
  '_x',
];
const kOdd = [
  '',
  '*',
  'a*',
  '*b',
  'a*b',
  '**',
  'bücher',
  'K',
  'ß',
  'a b',
  'a\0b',
  'é',
  '%',
  '"',
  '\\',
];
const kAddresses = [
  '127.0.0.1',
  '::1',
  '2001:db8::1',
  '2001:DB8:0::1',
  '1.2.3',
  '0x7f.1',
  '::ffff:1.2.3.4',
  '::1%a',
];
const kKinds = ['DNS:', 'IP Address:', 'URI:', 'email:', 'DNS', ''];

function makeCase(seed) {
  const random = generator(seed);
  const pick = (list) => list[random() % list.length];
  const label = () => (random() % 3 === 0 ? pick(kOdd) : pick(kLabels));
  const name = () => {
    const labels = Array.from({ length: 1 + (random() % 4) }, label);
    return labels.join('.') + (random() % 8 === 0 ? '.' : '');
  };
  const host = random() % 5 === 0 ? pick(kAddresses) : name();
  // Names of the certificate that have something to do with the host.
  const related = () => {
    const labels = host.split('.');
    switch (random() % 4) {
      case 0:
        labels[0] = pick(['*', `${labels[0]}*`, `*${labels[0]}`, '**', '']);
        break;
      case 1:
        labels.unshift(label());
        break;
      case 2:
        labels[random() % labels.length] = label();
        break;
    }
    const changed = labels.join('.');
    return pick([changed, changed.toUpperCase(), `${changed}.`]);
  };
  const text = () => pick([name, related, related, () => pick(kAddresses)])();
  const altName = () => {
    const kind = pick(kKinds);
    const value = text();
    // As Node writes a name that has a comma or a quote in it, and as it does not.
    return pick([
      `${kind}${value}`,
      `${kind}${value}`,
      `${kind}${JSON.stringify(value)}`,
      `${kind}${JSON.stringify(`${value}, DNS:${host}`)}`,
      `${kind}"${value}`,
      `${kind}${value}", "`,
    ]);
  };
  const certificate = {};
  if (random() % 4 !== 0) {
    certificate.subjectaltname = Array.from({ length: random() % 4 }, altName).join(
      pick([', ', ', ', ',']),
    );
  }
  if (random() % 3 !== 0) {
    certificate.subject = { CN: pick([text(), text(), [text(), text()], '', undefined]) };
  }
  return { host, certificate };
}

/** See differences.js of the conformance tests, which names the releases and the reasons. */
function differs({ host }) {
  const ascii = domainToASCII(host);
  if (nodeMajor < 22) return ascii !== host.toLowerCase();
  return nodeMajor < 24 && (host.includes(':') || isIP(ascii) !== 0);
}

function outcome(check, { host, certificate }) {
  try {
    const error = check(host, certificate);
    return (
      error && { code: error.code, reason: error.reason, message: error.message, host: error.host }
    );
  } catch (error) {
    return { thrown: error.name, code: error.code };
  }
}

describe('checkServerIdentity on random certificates', () => {
  const { IDENTITY_SEED } = process.env;
  const seeds = IDENTITY_SEED
    ? [Number(IDENTITY_SEED)]
    : Array.from({ length: kCases }, (_, i) => i);

  // Most of the time would go into stacks that nobody looks at.
  const { stackTraceLimit } = Error;
  before(() => (Error.stackTraceLimit = 0));
  after(() => (Error.stackTraceLimit = stackTraceLimit));

  it('answers as core', () => {
    let matches = 0;
    for (const seed of seeds) {
      const one = makeCase(seed);
      if (differs(one)) continue;
      const ours = outcome(checkServerIdentity, one);
      const theirs = outcome(coreTls.checkServerIdentity, one);
      if (!isDeepStrictEqual(ours, theirs)) {
        assert.deepEqual(ours, theirs, `IDENTITY_SEED=${seed}: ${JSON.stringify(one)}`);
      }
      if (ours === undefined) matches++;
    }
    // Neither all of them nor none, or nothing has been compared.
    if (seeds.length > 1) {
      assert.ok(matches > seeds.length / 50 && matches < seeds.length / 2, `${matches}`);
    }
  });
});
