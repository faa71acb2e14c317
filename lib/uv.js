'use strict';

/** The libuv error numbers that this package compares with: they differ from platform to platform. */

const { getSystemErrorMap } = require('node:util');

const numbers = new Map([...getSystemErrorMap()].map(([number, [name]]) => [name, number]));

module.exports = {
  UV_EOF: numbers.get('EOF'),
  UV_ECANCELED: numbers.get('ECANCELED'),
  UV_ENOTCONN: numbers.get('ENOTCONN'),
  UV_EPIPE: numbers.get('EPIPE'),
  UV_EPROTO: numbers.get('EPROTO'),
};
