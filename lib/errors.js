'use strict';

/**
 * The coded errors of Node (documentation: "Errors", section "Node.js error codes"): same name, code,
 * message and stack header, made without access to Node's internals.
 */

const { getSystemErrorMap, inspect } = require('node:util');

const { nodeMajor } = require('./node-version');

/** Longest text of a rejected string, and of any other rejected value, that a message quotes. */
const kMaxQuotedString = 28;
const kMaxQuotedValue = 128;

const kPrimitiveTypes = new Set([
  'string',
  'function',
  'number',
  'object',
  'boolean',
  'bigint',
  'symbol',
]);

/**
 * @param {unknown[]} items
 * @param {'and' | 'or'} conjunction
 * @returns {string} "a", "a or b", "a, b, or c"
 */
function list(items, conjunction) {
  if (items.length < 3) return items.join(` ${conjunction} `);
  return `${items.slice(0, -1).join(', ')}, ${conjunction} ${items.at(-1)}`;
}

/** @returns {string} a quoted name with its kind: "key" argument, "options.key" property */
function subject(name, quote) {
  if (name.endsWith(' argument')) return name;
  const kind = name.includes('.') ? 'property' : 'argument';
  return quote === '"' ? `"${name}" ${kind}` : `${kind} '${name}'`;
}

/** @returns {string} what is expected: "of type string or an instance of Buffer" */
function expectation(expected) {
  const types = [];
  const classes = [];
  const others = [];
  for (const name of [expected].flat()) {
    if (kPrimitiveTypes.has(name.toLowerCase())) types.push(name.toLowerCase());
    else if (/^[A-Z][a-zA-Z0-9]*$/.test(name)) classes.push(name);
    else others.push(name);
  }
  // Beside classes, an object is one more of them.
  if (classes.length > 0 && types.includes('object')) {
    types.splice(types.indexOf('object'), 1);
    classes.push('Object');
  }
  const parts = [];
  if (types.length === 1) parts.push(`of type ${types[0]}`);
  if (types.length > 1) parts.push(`one of type ${list(types, 'or')}`);
  if (classes.length > 0) parts.push(`an instance of ${list(classes, 'or')}`);
  if (others.length > 1) parts.push(`one of ${list(others, 'or')}`);
  else if (others.length === 1) parts.push(/[A-Z]/.test(others[0]) ? `an ${others[0]}` : others[0]);
  return parts.join(' or ');
}

/** @returns {string} what came instead: "type number (5)", "an instance of Map" */
function received(value) {
  if (value === null || value === undefined) return String(value);
  if (typeof value === 'function') return `function ${value.name}`;
  if (typeof value === 'object') {
    const name = value.constructor?.name;
    return name ? `an instance of ${name}` : inspect(value, { depth: -1 });
  }
  if (typeof value === 'string') {
    const text =
      value.length > kMaxQuotedString ? `${value.slice(0, kMaxQuotedString - 3)}...` : value;
    return `type string (${text.includes("'") ? JSON.stringify(text) : `'${text}'`})`;
  }
  return `type ${typeof value} (${inspect(value)})`;
}

/** @returns {string} a rejected value as an out-of-range message shows it: 1_099_511_627_776 */
function quantity(value) {
  const isLarge =
    typeof value === 'bigint'
      ? value > 2n ** 32n || value < -(2n ** 32n)
      : Number.isInteger(value) && Math.abs(value) > 2 ** 32;
  if (!isLarge) return inspect(value);
  const digits = String(value).replace(/\B(?=(\d{3})+$)/g, '_');
  return typeof value === 'bigint' ? `${digits}n` : digits;
}

/** @returns {string} `"a" and "b" arguments`; alternatives come as an array */
function missing(names) {
  const quoted = names.map((name) =>
    [name]
      .flat()
      .map((alternative) => `"${alternative}"`)
      .join(' or '),
  );
  return `${list(quoted, 'and')} argument${names.length > 1 ? 's' : ''}`;
}

/**
 * @param {string} code
 * @param {typeof Error} Base
 * @param {string | ((...args: any[]) => string)} message
 * @param {(...args: any[]) => object} [details] - own properties besides `code`, from the same arguments
 * @returns {typeof Error} the class of the errors with that code
 */
function define(code, Base, message, details) {
  const name = `${Base.name} [${code}]`;
  class CodedError extends Base {
    constructor(...args) {
      super(typeof message === 'string' ? message : message(...args));
      // The header of `stack` carries the code, `name` does not: V8 takes the one from the other
      // when `stack` is first read.
      Object.defineProperty(this, 'name', { value: name, configurable: true });
      void this.stack;
      delete this.name;
      this.code = code;
      if (details !== undefined) Object.assign(this, details(...args));
    }

    toString() {
      return `${this.name} [${code}]: ${this.message}`;
    }
  }
  Object.defineProperty(CodedError.prototype, 'constructor', { value: Base });
  return CodedError;
}

/**
 * As `define`, for the codes of Node's C++: in such errors the code stands in `code` alone.
 *
 * @param {string} code
 * @param {typeof Error} Base
 * @param {string | ((...args: any[]) => string)} message
 * @returns {typeof Error}
 */
function defineNative(code, Base, message) {
  class NativeError extends Base {
    constructor(...args) {
      super(typeof message === 'string' ? message : message(...args));
      this.code = code;
    }
  }
  Object.defineProperty(NativeError.prototype, 'constructor', { value: Base });
  return NativeError;
}

const definitions = {
  ERR_CRYPTO_CUSTOM_ENGINE_NOT_SUPPORTED: [Error, 'Custom engines not supported by this OpenSSL'],
  ERR_INTERNAL_ASSERTION: [
    Error,
    (message) =>
      `${message}\nThis is caused by either a bug in Node.js or incorrect usage of Node.js internals.\n` +
      'Please open an issue with this stack trace at https://github.com/nodejs/node/issues\n',
  ],
  ERR_INVALID_ARG_TYPE: [
    TypeError,
    (name, expected, actual) =>
      `The ${subject(name, '"')} must be ${expectation(expected)}. Received ${received(actual)}`,
  ],
  ERR_INVALID_ARG_VALUE: [
    TypeError,
    (name, value, reason = 'is invalid') => {
      const text = inspect(value);
      const quoted = text.length > kMaxQuotedValue ? `${text.slice(0, kMaxQuotedValue)}...` : text;
      return `The ${subject(name, "'")} ${reason}. Received ${quoted}`;
    },
  ],
  ERR_INVALID_HANDLE_TYPE: [TypeError, 'This handle type cannot be sent'],
  ERR_INVALID_THIS: [TypeError, (type) => `Value of "this" must be of type ${type}`],
  ERR_MISSING_ARGS: [TypeError, (...names) => `The ${missing(names)} must be specified`],
  ERR_MULTIPLE_CALLBACK: [Error, 'Callback called multiple times'],
  ERR_OUT_OF_RANGE: [
    RangeError,
    (name, range, value, complaint = `The value of "${name}" is out of range.`) =>
      `${complaint} It must be ${range}. Received ${quantity(value)}`,
  ],
  ERR_SOCKET_CLOSED: [Error, 'Socket is closed'],
  ERR_SOCKET_CLOSED_BEFORE_CONNECTION: [
    Error,
    'Socket closed before the connection was established',
  ],
  ERR_STREAM_DESTROYED: [Error, (name) => `Cannot call ${name} after a stream was destroyed`],
  ERR_STREAM_WRAP: [Error, 'Stream has StringDecoder set or is in objectMode'],
  ERR_TLS_ALPN_CALLBACK_INVALID_RESULT: [
    TypeError,
    (value, protocols) =>
      `ALPN callback returned a value (${String(value)}) that did not match any of the client's ` +
      `offered protocols (${protocols.join(', ')})`,
  ],
  ERR_TLS_ALPN_CALLBACK_WITH_PROTOCOLS: [
    TypeError,
    'The ALPNCallback and ALPNProtocols TLS options are mutually exclusive',
  ],
  ERR_TLS_CERT_ALTNAME_FORMAT: [SyntaxError, 'Invalid subject alternative name string'],
  ERR_TLS_CERT_ALTNAME_INVALID: [
    Error,
    (reason) => `Hostname/IP does not match certificate's altnames: ${reason}`,
    (reason, host, cert) => ({ reason, host, cert }),
  ],
  ERR_TLS_DH_PARAM_SIZE: [Error, (size) => `DH parameter size ${size} is less than 2048`],
  ERR_TLS_HANDSHAKE_TIMEOUT: [Error, 'TLS handshake timeout'],
  ERR_TLS_INVALID_CONTEXT: [TypeError, (name) => `${name} must be a SecureContext`],
  ERR_TLS_INVALID_PROTOCOL_VERSION: [
    TypeError,
    (version, bound) => `${JSON.stringify(version)} is not a valid ${bound} TLS protocol version`,
  ],
  ERR_TLS_INVALID_STATE: [Error, 'TLS socket connection must be securely established'],
  ERR_TLS_PROTOCOL_VERSION_CONFLICT: [
    TypeError,
    (version, method) =>
      `TLS protocol version ${JSON.stringify(version)} conflicts with ` +
      `secureProtocol ${JSON.stringify(method)}`,
  ],
  ERR_TLS_RENEGOTIATION_DISABLED: [Error, 'TLS session renegotiation disabled for this socket'],
  ERR_TLS_REQUIRED_SERVER_NAME: [Error, '"servername" is required parameter for Server.addContext'],
  ERR_TLS_SESSION_ATTACK: [Error, 'TLS session renegotiation attack detected'],
  ERR_TLS_SNI_FROM_SERVER: [Error, 'Cannot issue SNI from a TLS server-side socket'],
};

/** @type {Record<string, new (...args: any[]) => Error & { code: string }>} */
const codes = {
  ERR_TLS_INVALID_PROTOCOL_METHOD: defineNative(
    'ERR_TLS_INVALID_PROTOCOL_METHOD',
    TypeError,
    (complaint) => complaint,
  ),
  ERR_TLS_PSK_SET_IDENTITY_HINT_FAILED: defineNative(
    // Misspelt up to Node 22.
    nodeMajor < 24 ? 'ERR_TLS_PSK_SET_IDENTIY_HINT_FAILED' : 'ERR_TLS_PSK_SET_IDENTITY_HINT_FAILED',
    Error,
    'Failed to set PSK identity hint',
  ),
};
for (const [code, definition] of Object.entries(definitions)) {
  codes[code] = define(code, ...definition);
}

/**
 * What core's native code throws for a value that is no view of bytes.
 *
 * @param {string} name - of what the value should have been: "Session"
 * @returns {TypeError} ERR_INVALID_ARG_TYPE
 */
function notABuffer(name) {
  const error = new TypeError(`${name} must be a buffer`);
  error.code = 'ERR_INVALID_ARG_TYPE';
  return error;
}

/**
 * @param {string} message
 * @returns {Error} for a connection that ended before its time: code ECONNRESET
 */
function connResetException(message) {
  return Object.assign(new Error(message), { code: 'ECONNRESET' });
}

/**
 * @param {number} errno - a negative libuv error
 * @param {string} syscall
 * @param {string} [detail] - for the message
 * @returns {Error} as Node reports a failed system call: `read ECONNRESET`, with errno, code, syscall
 */
function errnoException(errno, syscall, detail) {
  const code = getSystemErrorMap().get(errno)?.[0] ?? `Unknown system error ${errno}`;
  const message = detail === undefined ? `${syscall} ${code}` : `${syscall} ${code} ${detail}`;
  return Object.assign(new Error(message), { errno, code, syscall });
}

module.exports = { codes, connResetException, errnoException, notABuffer };
