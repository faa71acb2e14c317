/// <reference types="node" />

/**
 * The types are those of `node:tls` in the @types/node that is installed: what a release of Node has or lacks, this
 * package has or lacks on it, and a TLSSocket of either is accepted where the other is asked for.
 */

import tls = require('node:tls');

export = tls;
