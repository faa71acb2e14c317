// A CommonJS module, and the preload.

import tls = require('napi-tls');
import core = require('node:tls');
import registration = require('napi-tls/register');
import { connect } from 'napi-tls';

const ours: typeof tls = core;
const theirs: typeof core = tls;
void [ours, theirs];

tls.DEFAULT_MIN_VERSION = 'TLSv1.3';
const version: string | undefined = process.versions['napi-tls'];
const states: boolean[] = [
  connect === core.connect && core.DEFAULT_MIN_VERSION === 'TLSv1.3',
  version !== undefined,
  registration.register(),
  registration.unregister(),
  registration.unregister(),
];
const sockets: tls.TLSSocket[] = [];
console.log(...states, sockets.length);
