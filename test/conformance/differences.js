'use strict';

const major = Number.parseInt(process.versions.node, 10);

/**
 * The only places where napi-tls may behave differently from the node:tls beside it. A case that
 * matches is run as any other; its failure is then pending instead of an error, and an entry whose
 * cases no longer fail is an error itself.
 * @type {Array<{title: string|RegExp, reason: string, below?: number}>} `title` is the full title of a
 *   case without its pairing ('topic title'), or a pattern for it; `below`: on Nodes before this one
 */
const differences = [
  {
    title: /minDHSize|checkServerIdentity that is no function/,
    below: 24,
    reason: 'core fails an internal assertion; later releases give the argument error that we give',
  },
  {
    title: 'a hostile server answers with an unknown alert',
    reason: 'core is silent and hangs; we report the failure',
  },
  {
    title: /^checkServerIdentity answers as core for ("xn--a\.a\.com"|"bücher\.example"|1) /,
    below: 22,
    reason: 'names are compared in their IDNA form, as later releases do',
  },
  {
    title: /^resumption (shows what core shows of|has the legacy certificate objects of core)/,
    reason: 'core forgets the certificates of a resumed connection',
  },
  {
    title: 'resumption emits session events like core with tickets',
    reason: 'core never resumes a TLS 1.3 session by newSession and resumeSession',
  },
  {
    title: 'exports answer TLSSocket without new as core does',
    reason: 'the documentation says that it works, and here it does',
  },
  {
    title: 'exports answer new TLSSocket with a server that is none as core does',
    reason: 'a TypeError of the engine, with another expression in its message',
  },
  {
    title: /^session information says this after destroy/,
    reason: 'core throws a TypeError of its own where we answer undefined',
  },
  {
    title: 'SNI looks up a name in capitals as core does',
    below: 22,
    reason: 'server names are compared without regard to case, as later releases do',
  },
];

module.exports = differences.filter(({ below = Infinity }) => major < below);
