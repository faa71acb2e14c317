/// <reference types="node" />

/**
 * The types are those of `node:tls` in the @types/node that is installed: what a release of Node has or lacks, this
 * package has or lacks on it, and a TLSSocket of either is accepted where the other is asked for.
 */

import tls = require('node:tls');

declare module 'tls' {
  interface TlsOptions {
    /**
     * Whether handshakes run on threads of libuv's pool: `true`, `false`, or `'auto'` for where that pays. Only
     * napi-tls knows it.
     * @default 'auto'
     */
    offloadHandshake?: boolean | 'auto' | undefined;
  }
  interface TLSSocketOptions {
    /** For a server's end of a connection: see {@link TlsOptions.offloadHandshake}. */
    offloadHandshake?: boolean | 'auto' | undefined;
  }
}

export = tls;
