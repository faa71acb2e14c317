'use strict';

const { constants } = require('node:crypto');
const core = require('node:tls');

const { binding } = require('./binding');
const tls = require('./exports');
const { codes } = require('./errors');
const options = require('./options');
const rootCertificates = require('./root-certificates');
const { validateInt32, validateObject, validateString } = require('./validators');
const { nodeMajor } = require('./node-version');

const kTLS12 = 0x0303;
const kTLS13 = 0x0304;

/** Node before 24 knows nothing of the option. */
const kCompressesCertificates = core.getCertificateCompressionAlgorithms !== undefined;
/** Node before 26 marks such contexts elsewhere. */
const kMarksSingleUse = nodeMajor >= 26;

/**
 * What connections are made with: `context` is the native object. Works without `new`, as in Node.
 *
 * @param {string} [secureProtocol] - a name from OpenSSL's SSL_METHODS; excludes the versions
 * @param {number} [secureOptions] - SSL_OP_* flags
 * @param {string} [minVersion] - default: tls.DEFAULT_MIN_VERSION
 * @param {string} [maxVersion] - default: tls.DEFAULT_MAX_VERSION
 * @throws {TypeError} ERR_TLS_PROTOCOL_VERSION_CONFLICT, ERR_TLS_INVALID_PROTOCOL_VERSION,
 *   ERR_TLS_INVALID_PROTOCOL_METHOD
 */
function SecureContext(secureProtocol, secureOptions, minVersion, maxVersion) {
  if (!(this instanceof SecureContext)) {
    return new SecureContext(secureProtocol, secureOptions, minVersion, maxVersion);
  }
  if (secureProtocol) {
    const version = minVersion ?? maxVersion;
    if (version !== undefined && version !== null) {
      throw new codes.ERR_TLS_PROTOCOL_VERSION_CONFLICT(version, secureProtocol);
    }
  }
  this.context = new binding.SecureContext();
  this.context.init(
    secureProtocol,
    options.protocolVersion(minVersion, tls.DEFAULT_MIN_VERSION, 'minimum'),
    options.protocolVersion(maxVersion, tls.DEFAULT_MAX_VERSION, 'maximum'),
  );
  if (secureOptions) {
    options.validateSecureOptions(secureOptions);
    this.context.setOptions(secureOptions);
  }
}

/**
 * @param {import('node:tls').SecureContextOptions} [contextOptions] - Node documentation:
 *   "tls.createSecureContext([options])"
 * @returns {SecureContext}
 * @throws {Error} coded as in Node; what OpenSSL refuses has `library`, `reason` and often `code`
 */
function createSecureContext(contextOptions) {
  contextOptions ||= {};
  const { honorCipherOrder, minVersion, maxVersion, secureProtocol } = contextOptions;
  let { secureOptions } = contextOptions;
  if (honorCipherOrder) secureOptions |= constants.SSL_OP_CIPHER_SERVER_PREFERENCE;

  const secureContext = new SecureContext(secureProtocol, secureOptions, minVersion, maxVersion);
  validateObject(contextOptions, 'options');
  configure(secureContext.context, contextOptions);
  return mark(secureContext, contextOptions);
}

function mark(secureContext, { singleUse }) {
  if (kMarksSingleUse && singleUse) secureContext.singleUse = true;
  return secureContext;
}

/**
 * @param {object} context - native, with seal() called
 * @param {object} contextOptions
 * @returns {SecureContext} a new one around it
 */
function shareContext(context, contextOptions) {
  const secureContext = Object.create(SecureContext.prototype);
  secureContext.context = context;
  return mark(secureContext, contextOptions);
}

/** @returns {boolean} as for every option of which null and undefined mean that it is not there */
function isGiven(value) {
  return value !== undefined && value !== null;
}

/**
 * The order of the steps decides which of several mistakes is reported. Each option is read once: it
 * may be a getter.
 */
function configure(context, contextOptions) {
  const {
    allowPartialTrustChain,
    ca,
    cert,
    certificateCompression,
    ciphers,
    clientCertEngine,
    crl,
    dhparam,
    ecdhCurve = tls.DEFAULT_ECDH_CURVE || 'auto',
    key,
    passphrase,
    pfx,
    privateKeyIdentifier,
    privateKeyEngine,
    sessionIdContext,
    sessionTimeout,
    sigalgs,
    ticketKeys,
  } = contextOptions;

  setCiphers(context, ciphers);
  setTrust(context, ca, allowPartialTrustChain);
  if (cert) for (const item of options.many(cert)) context.setCert(options.pem('cert', item));
  if (key) setKeys(context, key, passphrase);
  if (isGiven(certificateCompression) && kCompressesCertificates) {
    const algorithms = options.certificateCompression(certificateCompression);
    if (algorithms.length > 0) context.setCertificateCompression(algorithms);
  }
  if (isGiven(sigalgs)) {
    options.validateSigalgs(sigalgs);
    context.setSigalgs(sigalgs);
  }
  if (isGiven(privateKeyIdentifier)) {
    options.validateEngineKey({ key, privateKeyEngine, privateKeyIdentifier });
    context.setEngineKey(privateKeyIdentifier, privateKeyEngine);
  }
  validateString(ecdhCurve, 'options.ecdhCurve');
  context.setECDHCurve(ecdhCurve);
  if (isGiven(dhparam)) setDHParam(context, dhparam);
  if (isGiven(crl)) for (const item of options.many(crl)) context.addCRL(options.pem('crl', item));
  if (isGiven(sessionIdContext)) {
    validateString(sessionIdContext, 'options.sessionIdContext');
    context.setSessionIdContext(sessionIdContext);
  }
  if (isGiven(pfx)) {
    for (const item of options.many(pfx)) {
      const file = options.pfxFile(item, passphrase, Array.isArray(pfx));
      context.loadPKCS12(file.der, file.passphrase);
    }
  }
  if (isGiven(certificateCompression) && kCompressesCertificates) context.compressCertificates();
  if (isGiven(clientCertEngine)) {
    options.validateName('clientCertEngine', clientCertEngine);
    context.setClientCertEngine(clientCertEngine);
  }
  if (isGiven(ticketKeys)) {
    options.validateTicketKeys(ticketKeys);
    context.setTicketKeys(ticketKeys);
  }
  if (isGiven(sessionTimeout)) {
    validateInt32(sessionTimeout, 'options.sessionTimeout', 0);
    context.setSessionTimeout(sessionTimeout);
  }
}

function setCiphers(context, ciphers) {
  if (isGiven(ciphers)) validateString(ciphers, 'options.ciphers');
  const { cipherList, cipherSuites } = options.splitCiphers(ciphers || tls.DEFAULT_CIPHERS);
  if (cipherSuites !== '') context.setCipherSuites(cipherSuites);
  context.setCiphers(cipherList);
  // With no suite for TLS 1.2 and below, those versions could be offered but not agreed upon.
  if (cipherList === '' && context.getMinProto() < kTLS13 && context.getMaxProto() > kTLS12) {
    context.setMinProto(kTLS13);
  }
}

function setTrust(context, ca, allowPartialTrustChain) {
  if (ca) for (const item of options.many(ca)) context.addCACert(options.pem('ca', item));
  else rootCertificates.trustRoots(context);
  if (allowPartialTrustChain) context.setAllowPartialTrustChain();
}

function setKeys(context, key, shared) {
  for (const item of options.many(key)) {
    const { pem, passphrase } = options.privateKey(item, shared, Array.isArray(key));
    context.setKey(pem, passphrase);
  }
}

function setDHParam(context, dhparam) {
  const warning = context.setDHParam(dhparam === 'auto' || options.pem('dhparam', dhparam));
  if (warning) process.emitWarning(warning, 'SecurityWarning');
}

/**
 * Lets a context that trusts the default roots have them. To be called before each connection that
 * verifies its peer: parsing the roots takes milliseconds, and many contexts never verify anybody.
 *
 * @param {object} context - `context` of a SecureContext
 */
function prepareVerification(context) {
  if (context.rootCertsWanted()) context.useRootStore(rootCertificates.rootStore(context));
}

module.exports = { SecureContext, createSecureContext, prepareVerification, shareContext };
