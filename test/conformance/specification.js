'use strict';

/**
 * Every name of the documentation of node:tls (of Node 21, and what later releases have added), each with
 * a pattern for the titles of its cases, `topic title` without the pairing. table.js makes
 * docs/conformance.md of it; specification.test.js compares it with the running Node.
 *
 * An entry is the pattern, or an object: `cases` is the pattern, `from` and `below` are the releases of
 * Node that have the name, `why` says why a name has no case.
 */

const from = (release, cases) => ({ cases, from: release });
const below = (release, cases) => ({ cases, below: release });
const none = (why) => ({ why });

/** A case for each code, whose title begins with it. */
const x509 = (code) => new RegExp(`^X509 certificate error codes have ${code} `);
const raised = (code) => new RegExp(`^errors raise ${code} `);

const neverRaised = 'OpenSSL 3 defines the code, and no part of it reports it.';

const noFips =
  'No release of Node starts with it, for want of a FIPS provider; crypto.setFips() has the case.';

const functions = {
  'tls.checkServerIdentity(hostname, cert)': /^checkServerIdentity /,
  'tls.connect(options[, callback])': /^connect (takes \(options|connects )/,
  'tls.connect(path[, options][, callback])': /^wrapping takes a path/,
  'tls.connect(port[, host][, options][, callback])': /^connect (takes \(port|lets options win)/,
  'tls.convertALPNProtocols(protocols, out)': /^ALPN options are /,
  'tls.createSecureContext([options])': /^(exports make SecureContext|key options|cipher options)/,
  'tls.createSecurePair([context][, isServer][, requestCert][, rejectUnauthorized][, options])':
    below(24, /^secure pairs /),
  'tls.createServer([options][, secureConnectionListener])': /^servers /,
  'tls.getCACertificates([type])': from(22, /^CA certificates .*getCACertificates/),
  'tls.getCertificateCompressionAlgorithms()': from(
    24,
    /^certificate compression .*getCertificateCompressionAlgorithms/,
  ),
  'tls.getCiphers()': /^exports .*getCiphers/,
  'tls.setDefaultCACertificates(certs)': from(22, /tls\.setDefaultCACertificates/),
};

const constants = {
  'tls.CLIENT_RENEG_LIMIT': /CLIENT_RENEG_LIMIT/,
  'tls.CLIENT_RENEG_WINDOW': /CLIENT_RENEG_WINDOW/,
  'tls.DEFAULT_CIPHERS': /DEFAULT_CIPHERS/,
  'tls.DEFAULT_ECDH_CURVE': /DEFAULT_ECDH_CURVE/,
  'tls.DEFAULT_MAX_VERSION': /DEFAULT_MAX_VERSION/,
  'tls.DEFAULT_MIN_VERSION': /DEFAULT_MIN_VERSION/,
  'tls.rootCertificates': /rootCertificates/,
  "crypto.constants.defaultCoreCipherList, the default of 'ciphers'":
    /^exports have DEFAULT_CIPHERS from crypto\.constants/,
};

const classes = {
  'tls.CryptoStream': /^exports have no CryptoStream/,
  'cryptoStream.bytesWritten': none('No release from Node 10 on has the class.'),
  'tls.SecureContext': /^exports (make|have) SecureContext/,
  'tls.SecurePair': /^exports have no SecurePair/,
  "SecurePair event: 'secure'": below(24, /^secure pairs .*'secure'/),
  'tls.Server': /^(exports inherit|servers are)/,
  'tls.TLSSocket': /^(exports inherit|connect returns a TLSSocket)/,
  'new tls.TLSSocket(socket[, options])': /^(wrapping|TLSSocket options|exports) .*new TLSSocket/,
};

const server = {
  "Server event: 'connection'": /^(events connection |wrapping accepts .* connection)/,
  "Server event: 'keylog'": /^events keylog/,
  "Server event: 'newSession'": /newSession/,
  "Server event: 'OCSPRequest'": /^events .*OCSPRequest/,
  "Server event: 'resumeSession'": /resumeSession/,
  "Server event: 'secureConnection'": /^events secureConnection/,
  "Server event: 'tlsClientError'": /^events tlsClientError/,
  'server.addContext(hostname, context)': /^SNI (options )?.*(contexts|addContext|added|wildcard)/,
  'server.address()': /^(connect|servers) .*address/,
  'server.close([callback])': /^servers .*close/,
  'server.getTicketKeys()': /^ticket keys are/,
  'server.listen()': /^servers listen/,
  'server.setOptions(options)': below(24, /^servers have setOptions/),
  'server.setSecureContext(options)': /setSecureContext/,
  'server.setTicketKeys(keys)': /^(ticket keys are|resumption .*setTicketKeys)/,
};

const socket = {
  "TLSSocket event: 'keylog'": /^events keylog/,
  "TLSSocket event: 'OCSPResponse'": /^events .*OCSPResponse/,
  "TLSSocket event: 'secureConnect'": /^(events secureConnect|connect emits) /,
  "TLSSocket event: 'session'": /^events session/,
  'tlsSocket.address()': /^connect has the same addresses/,
  'tlsSocket.alpnProtocol': /^ALPN (chooses|is null)/,
  'tlsSocket.authorizationError': /^verification .*(reports|rejects)/,
  'tlsSocket.authorized': /^verification .*accepts/,
  'tlsSocket.disableRenegotiation()': /disableRenegotiation/,
  'tlsSocket.enableTrace()': /^the command line has .*enableTrace\(\)/,
  'tlsSocket.encrypted': /^(connect returns|session information .*encrypted)/,
  'tlsSocket.exportKeyingMaterial(length, label[, context])': /exportKeyingMaterial/,
  'tlsSocket.getCertificate()': /^certificates .*getCertificate/,
  'tlsSocket.getCipher()': /^(session information getCipher|ciphers negotiate)/,
  'tlsSocket.getEphemeralKeyInfo()': /^(key exchange|session information .*phemeral)/,
  'tlsSocket.getFinished()': /getFinished/,
  'tlsSocket.getPeerCertificate([detailed])': /^certificates /,
  'tlsSocket.getPeerFinished()': /getPeerFinished/,
  'tlsSocket.getPeerX509Certificate()':
    /^certificates (are X509|of the client come|are empty|are gone)/,
  'tlsSocket.getProtocol()': /^(versions agree|session information .*getProtocol)/,
  'tlsSocket.getSession()': /getSession/,
  'tlsSocket.getSharedSigalgs()': /^signature algorithms /,
  'tlsSocket.getTLSTicket()': /^resumption (gives the ticket|has no ticket)/,
  'tlsSocket.getX509Certificate()': /^certificates are X509/,
  'tlsSocket.isSessionReused()': /^(resumption (works|shows)|events session)/,
  'tlsSocket.localAddress': /^connect (has the same addresses|binds)/,
  'tlsSocket.localPort': /^connect has the same addresses/,
  'tlsSocket.remoteAddress': /^connect has the same addresses/,
  'tlsSocket.remoteFamily': /^connect has the same addresses/,
  'tlsSocket.remotePort': /^connect has the same addresses/,
  'tlsSocket.renegotiate(options, callback)': /^renegotiation /,
  'tlsSocket.servername': /^SNI /,
  'tlsSocket.setKeyCert(context)': /setKeyCert/,
  'tlsSocket.setMaxSendFragment(size)': /setMaxSendFragment/,
  'tlsSocket.setServername(name)': /setServername/,
  'tlsSocket.setSession(session)': /setSession/,
};

const certificate = Object.fromEntries(
  Object.entries({
    ca: '(p256|self-signed)',
    raw: 'p256',
    subject: 'rich',
    issuer: 'rich',
    valid_from: 'p256',
    valid_to: 'p256',
    serialNumber: 'p256',
    fingerprint: 'p256',
    fingerprint256: 'p256',
    fingerprint512: 'p256',
    ext_key_usage: 'rich',
    subjectaltname: 'rich',
    infoAccess: 'rich',
    bits: '(rsa|p256)',
    exponent: 'rsa',
    modulus: 'rsa',
    pubkey: '(rsa|p256)',
    asn1Curve: 'p(256|384)',
    nistCurve: 'p(256|384)',
  }).map(([name, which]) => [
    `certificate.${name}`,
    new RegExp(`^certificates have the fields of core for ${which}$`),
  ]),
);
certificate['certificate.issuerCertificate'] = /^certificates form /;

const connectOptions = {
  allowHalfOpen: /^closing .*allowHalfOpen/,
  ALPNCallback: none('The option is for servers; a client ignores it.'),
  ALPNProtocols: /^ALPN .*(chooses|client)/,
  checkServerIdentity: /^verification by the client .*checkServerIdentity/,
  enableTrace: /^the command line has the option enableTrace of connect/,
  highWaterMark: /^streams takes highWaterMark/,
  host: /^connect .*host/,
  localAddress: /^connect binds to localAddress/,
  lookup: /^connect takes a lookup/,
  minDHSize:
    /^(key exchange .*minDHSize|key exchange refuses a small group|cipher options .*minDHSize)/,
  onread: /onread/,
  path: /^(connect|wrapping) .*(path|pipe)/,
  port: /^connect .*port/,
  pskCallback: /^PSK /,
  rejectUnauthorized: /^verification by the client .*rejectUnauthorized/,
  requestOCSP: /^events .*(OCSPResponse|requestOCSP)/,
  secureContext: /^verification by the client accepts an explicit secureContext/,
  servername: /^SNI /,
  session: /^resumption /,
  signal: /^connect .*signal/,
  socket: /^(wrapping|connect) .*socket/i,
  timeout: /^sockets take timeout/,
};

const contextOptions = {
  allowPartialTrustChain: /allowPartialTrustChain/,
  ca: /^(verification .*(CA|root)|key options .* (ca|cas)( |$))/,
  cert: /^(keys|key options) .*cert/,
  certificateCompression: from(24, /^certificate compression /),
  ciphers: /^cipher/,
  clientCertEngine: /clientCertEngine/,
  crl: /^(X509 .*CRL|key options .*crl)/,
  dhparam: /dhparam/,
  ecdhCurve: /^(key exchange uses|cipher options .*(ecdhCurve|curve))/,
  honorCipherOrder: /^ciphers follow/,
  key: /^(keys|key options) /,
  maxVersion: /^version.*maxVersion/,
  minVersion: /^version.*minVersion/,
  passphrase: /^key.*passphrase/,
  pfx: /^(keys|key options) .*pfx/i,
  privateKeyEngine: /privateKeyEngine/,
  privateKeyIdentifier: /privateKeyIdentifier/,
  secureOptions: /secureOptions|SSL_OP_/,
  secureProtocol: /secureProtocol/,
  sessionIdContext: /sessionIdContext/,
  sessionTimeout: /sessionTimeout/,
  sigalgs: /^(signature algorithms|cipher options .*sigalgs|keys .*sigalgs)/,
  ticketKeys: /ticketKeys|^ticket keys are those of the option/,
};

const serverOptions = {
  ALPNCallback: /ALPNCallback/,
  ALPNProtocols: /^ALPN .*(chooses|server)/,
  enableTrace: /^the command line has the option enableTrace of createServer/,
  handshakeTimeout: /^servers (time|do not time)|handshakeTimeout/,
  pskCallback: /^PSK /,
  pskIdentityHint: /pskIdentityHint|^PSK sends a hint/,
  rejectUnauthorized: /^verification by the server .*rejectUnauthorized/,
  requestCert: /^verification by the server /,
  SNICallback: /SNICallback/,
  'noDelay, keepAlive of net.createServer()': /^servers have noDelay/,
  'pauseOnConnect of net.createServer()': /pauseOnConnect/,
};

const socketOptions = {
  ALPNProtocols: /^TLSSocket options .*ALPNProtocols/,
  enableTrace: /^the command line has the option enableTrace of new TLSSocket/,
  isServer: /^wrapping (accepts with|is a client by default)/,
  rejectUnauthorized: /^TLSSocket options .*rejectUnauthorized/,
  requestCert: /^TLSSocket options .*requestCert/,
  requestOCSP: /^TLSSocket options .*requestOCSP/,
  secureContext: /^TLSSocket options .*secureContext/,
  server: /^(TLSSocket options .*server|exports .*server that is none)/,
  session: /^TLSSocket options .*session/,
  SNICallback: /^TLSSocket options .*SNICallback/,
};

const renegotiateOptions = {
  rejectUnauthorized: /^renegotiation .*rejectUnauthorized/,
  requestCert: /^renegotiation .*certificate/,
};

const x509Codes = {
  UNABLE_TO_GET_ISSUER_CERT: x509('UNABLE_TO_GET_ISSUER_CERT'),
  UNABLE_TO_GET_CRL: x509('UNABLE_TO_GET_CRL'),
  UNABLE_TO_DECRYPT_CERT_SIGNATURE: none(neverRaised),
  UNABLE_TO_DECRYPT_CRL_SIGNATURE: none(neverRaised),
  UNABLE_TO_DECODE_ISSUER_PUBLIC_KEY: none(
    'OpenSSL takes no certificate for an issuer whose key it cannot decode, and reports that the issuer is missing.',
  ),
  CERT_SIGNATURE_FAILURE: x509('CERT_SIGNATURE_FAILURE'),
  CRL_SIGNATURE_FAILURE: x509('CRL_SIGNATURE_FAILURE'),
  CERT_NOT_YET_VALID: x509('CERT_NOT_YET_VALID'),
  CERT_HAS_EXPIRED: x509('CERT_HAS_EXPIRED'),
  CRL_NOT_YET_VALID: x509('CRL_NOT_YET_VALID'),
  CRL_HAS_EXPIRED: x509('CRL_HAS_EXPIRED'),
  ERROR_IN_CERT_NOT_BEFORE_FIELD: x509('ERROR_IN_CERT_NOT_BEFORE_FIELD'),
  ERROR_IN_CERT_NOT_AFTER_FIELD: x509('ERROR_IN_CERT_NOT_AFTER_FIELD'),
  ERROR_IN_CRL_LAST_UPDATE_FIELD: x509('ERROR_IN_CRL_LAST_UPDATE_FIELD'),
  ERROR_IN_CRL_NEXT_UPDATE_FIELD: x509('ERROR_IN_CRL_NEXT_UPDATE_FIELD'),
  OUT_OF_MEM: none('No certificate makes the process run out of memory.'),
  DEPTH_ZERO_SELF_SIGNED_CERT: x509('DEPTH_ZERO_SELF_SIGNED_CERT'),
  SELF_SIGNED_CERT_IN_CHAIN: x509('SELF_SIGNED_CERT_IN_CHAIN'),
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: x509('UNABLE_TO_GET_ISSUER_CERT_LOCALLY'),
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: x509('UNABLE_TO_VERIFY_LEAF_SIGNATURE'),
  CERT_CHAIN_TOO_LONG: none(
    'OpenSSL reports it, then that the last issuer is missing (UNABLE_TO_GET_ISSUER_CERT_LOCALLY, which has the case); core shows the last error.',
  ),
  CERT_REVOKED: x509('CERT_REVOKED'),
  INVALID_CA: x509('INVALID_CA'),
  PATH_LENGTH_EXCEEDED: x509('PATH_LENGTH_EXCEEDED'),
  INVALID_PURPOSE: x509('INVALID_PURPOSE'),
  CERT_UNTRUSTED: none(
    'A CA that is trusted for other purposes only gives INVALID_PURPOSE (which has the case); no chain was found that gives this code.',
  ),
  CERT_REJECTED: none(
    'OpenSSL reports it, then INVALID_PURPOSE for the same certificate (which has the case); core shows the last error.',
  ),
  HOSTNAME_MISMATCH: none(
    'Core never tells OpenSSL the name; it checks it itself: ERR_TLS_CERT_ALTNAME_INVALID.',
  ),
};

const errorCodes = {
  ERR_TLS_ALPN_CALLBACK_INVALID_RESULT: raised('ERR_TLS_ALPN_CALLBACK_INVALID_RESULT'),
  ERR_TLS_ALPN_CALLBACK_WITH_PROTOCOLS: raised('ERR_TLS_ALPN_CALLBACK_WITH_PROTOCOLS'),
  ERR_TLS_CERT_ALTNAME_FORMAT: raised('ERR_TLS_CERT_ALTNAME_FORMAT'),
  ERR_TLS_CERT_ALTNAME_INVALID: raised('ERR_TLS_CERT_ALTNAME_INVALID'),
  ERR_TLS_DH_PARAM_SIZE: raised('ERR_TLS_DH_PARAM_SIZE'),
  ERR_TLS_HANDSHAKE_TIMEOUT: raised('ERR_TLS_HANDSHAKE_TIMEOUT'),
  ERR_TLS_INVALID_CONTEXT: raised('ERR_TLS_INVALID_CONTEXT'),
  ERR_TLS_INVALID_PROTOCOL_METHOD: raised('ERR_TLS_INVALID_PROTOCOL_METHOD'),
  ERR_TLS_INVALID_PROTOCOL_VERSION: raised('ERR_TLS_INVALID_PROTOCOL_VERSION'),
  ERR_TLS_INVALID_STATE: raised('ERR_TLS_INVALID_STATE'),
  ERR_TLS_PROTOCOL_VERSION_CONFLICT: raised('ERR_TLS_PROTOCOL_VERSION_CONFLICT'),
  ERR_TLS_PSK_SET_IDENTIY_HINT_FAILED: {
    cases: raised('ERR_TLS_PSK_SET_IDENTIY_HINT_FAILED'),
    below: 24,
  },
  ERR_TLS_PSK_SET_IDENTITY_HINT_FAILED: from(24, raised('ERR_TLS_PSK_SET_IDENTITY_HINT_FAILED')),
  ERR_TLS_RENEGOTIATION_DISABLED: raised('ERR_TLS_RENEGOTIATION_DISABLED'),
  ERR_TLS_REQUIRED_SERVER_NAME: raised('ERR_TLS_REQUIRED_SERVER_NAME'),
  ERR_TLS_SESSION_ATTACK: raised('ERR_TLS_SESSION_ATTACK'),
  ERR_TLS_SNI_FROM_SERVER: raised('ERR_TLS_SNI_FROM_SERVER'),
  'ERR_SSL_* (library, reason, opensslErrorStack)': /^(errors raise|hostile) .*ERR_SSL_/,
  'ERR_OSSL_* (library, reason, opensslErrorStack)': /^errors raise ERR_OSSL_/,
  ECONNRESET: raised('ECONNRESET'),
};

const warnings = {
  'DEP0064 (tls.createSecurePair())': below(24, /^warnings .*DEP0064/),
  'DEP0122 (server.setOptions())': below(24, /^warnings .*DEP0122/),
  'DEP0123 (a servername that is an address)': below(26, /^warnings .*DEP0123/),
  'SecurityWarning (a small dhparam)': below(24, /^warnings .*SecurityWarning/),
  'Warning (NODE_TLS_REJECT_UNAUTHORIZED=0)': /^warnings .*NODE_TLS_REJECT_UNAUTHORIZED/,
};

const commandLine = {
  '--enable-fips': none(noFips),
  '--force-fips': none(noFips),
  '--openssl-config': /^the command line .*--openssl-config/,
  '--openssl-legacy-provider': /^the command line .*--openssl-legacy-provider/,
  '--openssl-shared-config': /^the command line .*--openssl-shared-config/,
  '--secure-heap': /^the command line .*--secure-heap/,
  '--secure-heap-min': /^the command line .*--secure-heap-min/,
  '--tls-cipher-list': /^the command line .*--tls-cipher-list/,
  '--tls-keylog': /^the command line .*--tls-keylog/,
  '--tls-max-v1.2': /^the command line .*--tls-max-v1.2/,
  '--tls-max-v1.3': /^the command line .*--tls-max-v1.3/,
  '--tls-min-v1.0': /^the command line .*--tls-min-v1.0/,
  '--tls-min-v1.1': /^the command line .*--tls-min-v1.1/,
  '--tls-min-v1.2': /^the command line .*--tls-min-v1.2/,
  '--tls-min-v1.3': /^the command line .*--tls-min-v1.3/,
  '--trace-tls': /^the command line .*--trace-tls/,
  '--use-bundled-ca': /^the environment .*--use-bundled-ca/,
  '--use-openssl-ca': /^the environment .*--use-openssl-ca/,
  '--use-system-ca': from(22, /^the environment .*--use-system-ca/),
  NODE_EXTRA_CA_CERTS: /^the environment .*NODE_EXTRA_CA_CERTS/,
  NODE_OPTIONS: /^the command line .*NODE_OPTIONS/,
  NODE_TLS_REJECT_UNAUTHORIZED: /^the environment .*NODE_TLS_REJECT_UNAUTHORIZED/,
  NODE_USE_SYSTEM_CA: from(24, /^the environment .*NODE_USE_SYSTEM_CA/),
  OPENSSL_CONF: /^the environment .*OPENSSL_CONF/,
  SSL_CERT_DIR: /^the environment .*SSL_CERT_DIR/,
  SSL_CERT_FILE: /^the environment .*SSL_CERT_FILE/,
  'crypto.setFips() and crypto.getFips()': /^the command line .*setFips/,
};

module.exports = {
  Functions: functions,
  'Properties of tls': constants,
  Classes: classes,
  'tls.Server': server,
  'tls.TLSSocket': socket,
  'The certificate object': certificate,
  'Options of tls.connect()': connectOptions,
  'Options of tls.createSecureContext()': contextOptions,
  'Options of tls.createServer()': serverOptions,
  'Options of new tls.TLSSocket()': socketOptions,
  'Options of tlsSocket.renegotiate()': renegotiateOptions,
  'X509 certificate error codes': x509Codes,
  'Error codes': errorCodes,
  Warnings: warnings,
  'Command line and environment': commandLine,
};
