'use strict';

/**
 * Whether a certificate is a server's own: RFC 6125 (name matching), RFC 5890 (internationalised names),
 * Node documentation: tls.checkServerIdentity().
 */

const { isIP, isIPv4, isIPv6, SocketAddress } = require('node:net');
const tls = require('node:tls');
const { domainToASCII } = require('node:url');
const { codes } = require('./errors');

/** A JSON string: the form in which a name with a comma or a quote stands in a subjectaltname. */
const kQuoted = /"(?:[^"\\\0-\x1f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/y;

/** Characters that a name in a certificate may have: printable ASCII, no space. */
const kPrintable = /^[\x21-\x7e]*$/;

/**
 * Names that are their own ASCII form: labels of lower-case letters, digits and hyphens, no A-label among
 * them, the last one no number.
 */
const kPlainHost = /^(?!.{254}|.*xn--)(?:[a-z0-9-]{1,63}\.)*[a-z][a-z0-9-]{0,62}$/;

const kOddAddress = 'Host is a non-canonical IP address';

/**
 * Whether the running Node refuses what only resolvers take for an IPv4 address, such as 0x7f.1. It came with a minor
 * release (26.12).
 */
const kRefusesOddAddresses =
  tls.checkServerIdentity('0x1', { subject: {}, subjectaltname: 'DNS:a' })?.reason === kOddAddress;

function withoutFinalDot(name) {
  return name.endsWith('.') ? name.slice(0, -1) : name;
}

/** Of ASCII letters only: the Kelvin sign is no k. */
function toLowerCase(text) {
  return text.replace(/[A-Z]+/g, (letters) => letters.toLowerCase());
}

function labelsOf(name) {
  return toLowerCase(withoutFinalDot(name)).split('.');
}

/** @returns {string} the text form that two equal addresses share, '' for what is none */
function canonicalAddress(text) {
  if (isIPv4(text)) return text;
  // A zone is local to a host: it takes no part.
  const address = text.replace(/%.*/s, '');
  return isIPv6(address) ? new SocketAddress({ family: 'ipv6', address }).address : '';
}

/**
 * @param {string} text - as OpenSSL and Node write it: `DNS:a.example, IP Address:192.0.2.1`
 * @returns {string[]} its names, quoted parts unquoted
 */
function splitAltNames(text) {
  if (!text.includes('"')) return text.split(', ');
  const names = [];
  let name = '';
  let position = 0;
  while (position < text.length) {
    if (text[position] === ',') {
      names.push(name);
      name = '';
      position += ', '.length;
    } else if (text[position] === '"') {
      kQuoted.lastIndex = position;
      const quoted = kQuoted.exec(text)?.[0];
      if (quoted === undefined) throw new codes.ERR_TLS_CERT_ALTNAME_FORMAT();
      name += JSON.parse(quoted);
      position += quoted.length;
    } else {
      name += text[position++];
    }
  }
  names.push(name);
  return names;
}

/**
 * RFC 6125, sections 6.4.1 and 6.4.3: one wildcard, in the leftmost label, never in an A-label or right
 * under a top-level domain.
 *
 * @param {string[]} labels - of the host
 * @param {string} pattern - a name of the certificate
 * @returns {boolean}
 */
function matches(labels, pattern) {
  if (!kPrintable.test(pattern)) return false;
  const [first, ...others] = labelsOf(pattern);
  if (others.length !== labels.length - 1) return false;
  if (others.some((label, i) => label === '' || label !== labels[i + 1])) return false;

  const parts = first.split('*');
  if (parts.length === 1 || first.includes('xn--')) return first !== '' && first === labels[0];
  if (parts.length > 2 || others.length < 2) return false;
  const [prefix, suffix] = parts;
  return (
    labels[0].length >= prefix.length + suffix.length &&
    labels[0].startsWith(prefix) &&
    labels[0].endsWith(suffix)
  );
}

/**
 * @param {string} hostname - a name or an IP address
 * @param {object} identity
 * @param {{ CN?: string | string[] }} [identity.subject]
 * @param {string} [identity.subjectaltname]
 * @returns {string | undefined} why the certificate is not that host's, undefined where it is
 * @throws {SyntaxError} ERR_TLS_CERT_ALTNAME_FORMAT
 */
function verifyIdentity(hostname, { subject, subjectaltname }) {
  const host = withoutFinalDot(`${hostname}`);
  const altNames = subjectaltname ? splitAltNames(subjectaltname) : [];
  const namesOf = (kind) =>
    altNames.filter((name) => name.startsWith(kind)).map((name) => name.slice(kind.length));

  if (isIP(host)) {
    const addresses = namesOf('IP Address:').map(canonicalAddress);
    if (addresses.includes(canonicalAddress(host))) return undefined;
    return `IP: ${host} is not in the cert's list: ${addresses.join(', ')}`;
  }

  // What a name stands for is its ASCII form, and '' is what has none: then nothing matches.
  const ascii = withoutFinalDot(domainToASCII(hostname));
  if (kRefusesOddAddresses && isIPv4(ascii)) return kOddAddress;
  const labels = labelsOf(ascii);
  const names = namesOf('DNS:');
  if (names.length > 0) {
    if (names.some((name) => matches(labels, name))) return undefined;
    return `Host: ${host}. is not in the cert's altnames: ${subjectaltname}`;
  }
  const commonName = subject?.CN;
  if (!commonName) return 'Cert does not contain a DNS name';
  if ([commonName].flat().some((name) => matches(labels, name))) return undefined;
  return `Host: ${host}. is not cert's CN: ${commonName}`;
}

/**
 * Node documentation: tls.checkServerIdentity(). A host name is compared in its ASCII (IDNA) form on every
 * Node, as later releases do.
 *
 * @param {string} hostname
 * @param {object} cert - as socket.getPeerCertificate() gives it
 * @returns {Error | undefined} ERR_TLS_CERT_ALTNAME_INVALID, with `reason`, `host` and `cert`
 */
function checkServerIdentity(hostname, cert) {
  const reason = verifyIdentity(hostname, cert);
  if (reason === undefined) return undefined;
  return new codes.ERR_TLS_CERT_ALTNAME_INVALID(reason, withoutFinalDot(`${hostname}`), cert);
}

/**
 * Most hosts stand in their certificate as they are called, which takes no comparison of labels to see.
 *
 * @param {unknown} host
 * @param {string | undefined} altNames - `subjectaltname` of a certificate, without quoted names
 * @returns {boolean} true: verifyIdentity() would find it too; false: it may still
 */
function isNamed(host, altNames) {
  return (
    typeof host === 'string' &&
    kPlainHost.test(host) &&
    `, ${altNames}, `.includes(`, DNS:${host}, `)
  );
}

module.exports = { checkServerIdentity, isNamed, verifyIdentity };
