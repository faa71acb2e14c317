/// <reference types="node" />
/// <reference path="./index.d.ts" />

/** The types of the package for ES modules: see index.d.ts. */

import * as tls from 'node:tls';

export * from 'node:tls';
export default tls;
