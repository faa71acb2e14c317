'use strict';

const v8 = require('node:v8');
const vm = require('node:vm');

v8.setFlagsFromString('--expose-gc');

module.exports = { collectGarbage: vm.runInNewContext('gc') };
