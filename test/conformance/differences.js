'use strict';

const major = Number.parseInt(process.versions.node, 10);

/**
 * The only places where napi-tls may behave differently from the node:tls beside it. A case that
 * matches is run as any other; its failure is then pending instead of an error, and an entry whose
 * cases no longer fail is an error itself.
 * @type {Array<{title: string|RegExp, reason: string, from?: number, below?: number, some?: boolean}>} `title` is the
 *   full title of a case without its pairing ('topic title'), or a pattern for it; `from` and `below`: on Nodes from
 *   this one on, and before this one; `some`: on some releases of these, as a fix came in the midst of a major
 */
const differences = [
  {
    title: /minDHSize|checkServerIdentity that is no function/,
    below: 22,
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
    title: /^checkServerIdentity (answers as core for|refuses) ("(::1|2001:|1\.2\.3|0x7f\.1)|1 )/i,
    from: 22,
    below: 24,
    some: true,
    reason: 'Node 22 takes no IPv6 address for one, and other forms of text for IPv4 addresses',
  },
  {
    title: /^resumption (shows what core shows of|has the legacy certificate objects of core)/,
    reason: 'core forgets the certificates of a resumed connection',
  },
  {
    title: 'resumption emits session events like core with tickets',
    below: 26,
    some: true,
    reason: 'core never resumes a TLS 1.3 session by newSession and resumeSession',
  },
  {
    title: 'certificates of a client form the chain of core on the server',
    from: 24,
    below: 26,
    some: true,
    reason:
      'a server sees the issuers that it knows, as a client does and as earlier releases had it',
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
    title: /^TLSSocket options of new TLSSocket: requestOCSP/,
    reason: 'the documentation says that the constructor takes it, and here it does',
  },
  {
    title: 'TLSSocket options of new TLSSocket: session is resumed as far as in core',
    from: 22,
    reason: 'the same; core binds the session to a host that such a socket does not have',
  },
  {
    title: /^session information says this after destroy/,
    reason: 'core throws a TypeError of its own where we answer undefined',
  },
  {
    title: /^a server refuses (no server name|a server name|two server names)/,
    some: true,
    reason:
      'a server name is read before OpenSSL does, as releases have it that bind sessions to it',
  },
  {
    title: 'SNI looks up a name in capitals as core does',
    below: 22,
    reason: 'server names are compared without regard to case, as later releases do',
  },
];

module.exports = differences.filter(
  ({ from = 0, below = Infinity }) => from <= major && major < below,
);
