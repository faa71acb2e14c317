'use strict';

/**
 * A session that was made with one host must not be offered to another, whose certificate nobody would look
 * at. So what a client gets as its session names the host: Node 22 and later, and this package on every
 * release. The form is Node's: magic, length (two octets), host, and the session as OpenSSL writes it.
 */

const { bytesOf } = require('./bytes');

const kMagic = Buffer.from('\0nodejs:tls:session:1\0', 'latin1');
const kLengthSize = 2;

/** Where tls.connect() keeps its options on the socket. */
const kConnectOptions = Symbol('connect-options');

/**
 * The sessions themselves of buffers that have been handed out, as long as those exist: the native side then
 * need not read them. Whether a buffer is as it was, it finds out.
 */
const sessions = new WeakMap();

/** @returns {string} the name that the peer's certificate must have */
function expectedHost(socket) {
  const { servername, host, socket: underlying } = socket[kConnectOptions] ?? {};
  return servername || host || underlying?._host || 'localhost';
}

/**
 * @param {TLSSocket} socket - whose session it is
 * @param {Buffer} der - SSL_SESSION (i2d_SSL_SESSION)
 * @param {object} [session] - the native Session of `der`
 * @returns {Buffer}
 */
function bindSession(socket, der, session) {
  const host = Buffer.from(expectedHost(socket));
  const length = Buffer.allocUnsafe(kLengthSize);
  length.writeUInt16BE(host.length);
  const bound = Buffer.concat([kMagic, length, host, der]);
  if (session !== undefined) sessions.set(bound, session);
  return bound;
}

/**
 * @param {TLSSocket} socket - that is to offer it
 * @param {Buffer} bound - from bindSession()
 * @returns {{ der: Buffer, session?: object } | undefined} what was bound; undefined where it is another host's, or no
 *   session at all
 */
function unbindSession(socket, bound) {
  const prefix = bindSession(socket, Buffer.alloc(0));
  const bytes = bytesOf(bound);
  if (!bytes.subarray(0, prefix.length).equals(prefix)) return undefined;
  return { der: bytes.subarray(prefix.length), session: sessions.get(bound) };
}

module.exports = { bindSession, expectedHost, kConnectOptions, unbindSession };
