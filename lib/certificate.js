'use strict';

const { X509Certificate } = require('node:crypto');

/**
 * The certificate object of Node (documentation: tls, "Certificate object"), as the running Node makes it.
 *
 * @param {Buffer} der
 * @returns {object}
 */
function toLegacyObject(der) {
  return new X509Certificate(der).toLegacyObject();
}

/**
 * @param {Buffer[]} chain - DER, each certificate followed by that of its issuer
 * @returns {object} the first one; `issuerCertificate` leads to the next, and from a self-signed one to itself
 */
function toLegacyChain(chain) {
  const objects = chain.map(toLegacyObject);
  objects.forEach((object, i) => {
    if (i + 1 < objects.length) object.issuerCertificate = objects[i + 1];
  });
  const last = objects.at(-1);
  const certificate = new X509Certificate(chain.at(-1));
  if (certificate.checkIssued(certificate)) last.issuerCertificate = last;
  return objects[0];
}

/**
 * @param {Buffer[]} chain - DER, as the peer sent it
 * @returns {X509Certificate | undefined} the first one; `issuerCertificate` leads to the next
 */
function toX509Chain(chain) {
  return chain.reduceRight((issuer, der) => {
    const certificate = new X509Certificate(der);
    if (issuer !== undefined) {
      Object.defineProperty(certificate, 'issuerCertificate', {
        configurable: true,
        value: issuer,
      });
    }
    return certificate;
  }, undefined);
}

module.exports = { toLegacyChain, toLegacyObject, toX509Chain };
