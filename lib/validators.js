'use strict';

/**
 * Checks of arguments. Each throws the coded error that Node throws for the same argument, and returns
 * nothing. `name` is as messages show it: `callback`, `options.key`.
 */

const { inspect } = require('node:util');

const { codes } = require('./errors');

const kMaxInt32 = 2 ** 31 - 1;
const kMaxUint32 = 2 ** 32 - 1;

function validateType(value, name, type) {
  if (typeof value !== type) throw new codes.ERR_INVALID_ARG_TYPE(name, type, value);
}

/**
 * @param {unknown} value
 * @param {string} name
 */
function validateString(value, name) {
  validateType(value, name, 'string');
}

/**
 * @param {unknown} value
 * @param {string} name
 */
function validateBoolean(value, name) {
  validateType(value, name, 'boolean');
}

/**
 * @param {unknown} value
 * @param {string} name
 */
function validateFunction(value, name) {
  validateType(value, name, 'function');
}

/**
 * @param {unknown} value
 * @param {string} name
 */
function validateObject(value, name) {
  if (value === null || typeof value !== 'object' || Array.isArray(value)) {
    throw new codes.ERR_INVALID_ARG_TYPE(name, 'Object', value);
  }
}

/**
 * @param {unknown} value
 * @param {string} name
 * @param {number} [min] - inclusive
 * @param {number} [max] - inclusive
 */
function validateNumber(value, name, min, max) {
  validateType(value, name, 'number');
  const isBounded = min !== undefined || max !== undefined;
  if (value < min || value > max || (isBounded && Number.isNaN(value))) {
    const bounds = [];
    if (min !== undefined) bounds.push(`>= ${min}`);
    if (max !== undefined) bounds.push(`<= ${max}`);
    throw new codes.ERR_OUT_OF_RANGE(name, bounds.join(' && '), value);
  }
}

function validateIntegerBetween(value, name, min, max) {
  validateType(value, name, 'number');
  if (!Number.isInteger(value)) throw new codes.ERR_OUT_OF_RANGE(name, 'an integer', value);
  if (value < min || value > max) {
    throw new codes.ERR_OUT_OF_RANGE(name, `>= ${min} && <= ${max}`, value);
  }
}

/**
 * @param {unknown} value
 * @param {string} name
 * @param {number} [min]
 * @param {number} [max]
 */
function validateInt32(value, name, min = -kMaxInt32 - 1, max = kMaxInt32) {
  validateIntegerBetween(value, name, min, max);
}

/**
 * @param {unknown} value
 * @param {string} name
 * @param {boolean} [positive] - whether 0 is refused too
 */
function validateUint32(value, name, positive = false) {
  validateIntegerBetween(value, name, positive ? 1 : 0, kMaxUint32);
}

/**
 * @param {unknown} value - a Buffer, TypedArray or DataView
 * @param {string} [name]
 */
function validateBuffer(value, name = 'buffer') {
  if (!ArrayBuffer.isView(value)) {
    throw new codes.ERR_INVALID_ARG_TYPE(name, ['Buffer', 'TypedArray', 'DataView'], value);
  }
}

/**
 * @param {unknown} value
 * @param {string} name
 * @param {unknown[]} oneOf
 */
function validateOneOf(value, name, oneOf) {
  if (oneOf.includes(value)) return;
  const allowed = oneOf.map((allowed) => inspect(allowed)).join(', ');
  throw new codes.ERR_INVALID_ARG_VALUE(name, value, `must be one of: ${allowed}`);
}

/**
 * @param {unknown} value - undefined is accepted
 * @param {string} name
 */
function validateAbortSignal(value, name) {
  if (
    value !== undefined &&
    (value === null || typeof value !== 'object' || !('aborted' in value))
  ) {
    throw new codes.ERR_INVALID_ARG_TYPE(name, 'AbortSignal', value);
  }
}

module.exports = {
  validateAbortSignal,
  validateBoolean,
  validateBuffer,
  validateFunction,
  validateInt32,
  validateNumber,
  validateObject,
  validateOneOf,
  validateString,
  validateUint32,
};
