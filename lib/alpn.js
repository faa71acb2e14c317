'use strict';

/** Lists of application protocols: RFC 7301, section 3.1 (ProtocolNameList). */

const { bytesOf } = require('./bytes');
const { codes } = require('./errors');
const { nodeMajor } = require('./node-version');

const kMaxNameLength = 255;

/** Since Node 24 a list is checked when it is converted, before that when it is used. */
const kChecksOnConversion = nodeMajor >= 24;

/**
 * Each protocol name: one octet of length, then as many octets.
 *
 * @param {Buffer} list
 * @throws {TypeError} ERR_INVALID_ARG_VALUE
 */
function validateProtocolList(list) {
  for (let position = 0; position < list.length;) {
    const length = list[position];
    let complaint;
    if (length === 0) complaint = 'must not contain zero-length protocol';
    else if (position + 1 + length > list.length) complaint = 'contains truncated protocol';
    if (complaint) throw new codes.ERR_INVALID_ARG_VALUE('ALPNProtocols', list, complaint);
    position += 1 + length;
  }
}

/** @returns {Buffer} the list of these names */
function encode(names) {
  const lengths = names.map((name, i) => {
    const length = Buffer.byteLength(name);
    if (length > kMaxNameLength) {
      const complaint = `The byte length of the protocol at index ${i} exceeds the maximum length.`;
      throw new codes.ERR_OUT_OF_RANGE(
        `protocols[${i}]`,
        `<= ${kMaxNameLength}`,
        length,
        complaint,
      );
    }
    if (length === 0 && kChecksOnConversion) {
      throw new codes.ERR_INVALID_ARG_VALUE(`protocols[${i}]`, name, 'must be a non-empty string');
    }
    return length;
  });
  const list = Buffer.allocUnsafe(lengths.reduce((sum, length) => sum + 1 + length, 0));
  let position = 0;
  for (const [i, name] of names.entries()) {
    list[position] = lengths[i];
    list.write(name, position + 1);
    position += 1 + lengths[i];
  }
  return list;
}

/**
 * Node documentation: tls.connect(), option ALPNProtocols. Sets `out.ALPNProtocols` for names and for views
 * of bytes; any other value leaves it as it is.
 *
 * @param {string[] | ArrayBufferView} protocols - names, or a list in its wire format, which is copied
 * @param {{ ALPNProtocols?: Buffer }} out
 * @throws {RangeError} ERR_OUT_OF_RANGE for a name of more than 255 octets
 * @throws {TypeError} ERR_INVALID_ARG_VALUE for an empty name or a malformed list, since Node 24
 */
function convertALPNProtocols(protocols, out) {
  if (Array.isArray(protocols)) {
    out.ALPNProtocols = encode(protocols);
  } else if (ArrayBuffer.isView(protocols)) {
    const list = Buffer.from(bytesOf(protocols));
    if (kChecksOnConversion) validateProtocolList(list);
    out.ALPNProtocols = list;
  }
}

module.exports = { convertALPNProtocols, validateProtocolList };
