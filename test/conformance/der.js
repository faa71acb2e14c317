'use strict';

const crypto = require('node:crypto');

/**
 * Certificates and CRLs that no tool makes: changed in their DER (ITU-T X.690) and signed again.
 * Both are `SEQUENCE { what is signed, signature algorithm, BIT STRING signature }` (RFC 5280, sections
 * 4.1 and 5.1).
 */

const SEQUENCE = 0x30;
const BIT_STRING = 0x03;

/** The elements that follow each other in `der`, each with its header. */
function elements(der) {
  const list = [];
  for (let at = 0; at < der.length;) {
    const short = der[at + 1];
    const more = short < 0x80 ? 0 : short & 0x7f; // bytes of a long length
    const length = more === 0 ? short : der.readUIntBE(at + 2, more);
    const end = at + 2 + more + length;
    list.push(der.subarray(at, end));
    at = end;
  }
  return list;
}

/** The content of an element, without its header. */
function content(element) {
  return element.subarray(element[1] < 0x80 ? 2 : 2 + (element[1] & 0x7f));
}

function encode(tag, ...parts) {
  const body = Buffer.concat(parts);
  const { length } = body;
  const size = length < 0x80 ? [length] : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from([tag, ...size]), body]);
}

function toDer(pem) {
  const [, base64] = /-----BEGIN [^-]+-----([^-]+)/.exec(pem);
  return Buffer.from(base64, 'base64');
}

function toPem(der, like) {
  const [, label] = /-----BEGIN ([^-]+)-----/.exec(like);
  const lines = der.toString('base64').replace(/.{1,64}/g, '$&\n');
  return `-----BEGIN ${label}-----\n${lines}-----END ${label}-----\n`;
}

/**
 * Puts another text of the same length into what is signed, and signs it with ECDSA and SHA-256.
 * @param {Buffer|string} pem a certificate or CRL
 * @param {Array<[Buffer|string, Buffer|string]>} changes each from what to what; where it first stands
 * @param {Buffer} key of the issuer
 * @returns {string} PEM
 */
function resign(pem, changes, key) {
  const [signed, algorithm] = elements(content(toDer(pem)));
  const tbs = Buffer.from(signed);
  for (const [from, to] of changes) {
    const at = tbs.indexOf(from);
    if (at < 0 || from.length !== to.length) throw new Error(`cannot change ${from} to ${to}`);
    tbs.set(Buffer.from(to), at);
  }
  const signature = encode(BIT_STRING, Buffer.of(0), crypto.sign('sha256', tbs, key));
  return toPem(encode(SEQUENCE, tbs, algorithm, signature), pem);
}

/** The times of a certificate or CRL as they stand in it, first notBefore and notAfter, or both updates. */
function times(pem) {
  return toDer(pem)
    .toString('latin1')
    .match(/\d{12}Z/g);
}

/** The same certificate or CRL with a signature that does not verify. */
function tamper(pem) {
  const der = toDer(pem);
  der[der.length - 1] ^= 1;
  return toPem(der, pem);
}

module.exports = { resign, tamper, times };
