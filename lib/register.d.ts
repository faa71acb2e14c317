/// <reference types="node" />

declare global {
  namespace NodeJS {
    interface ProcessVersions {
      /** The version of napi-tls, while Node's `tls` module is replaced by it. */
      readonly 'napi-tls'?: string;
    }
  }
}

/**
 * Puts the process on napi-tls: its functions take the place of those of Node's `tls` module. Loading this module has
 * done so; it is to be called after {@link unregister}.
 *
 * @returns false where this or another copy of the package was in place already
 */
export function register(): boolean;

/**
 * Puts Node's own functions back. Servers and sockets that exist go on with what they are.
 *
 * @returns false where this copy of the package was not in place
 */
export function unregister(): boolean;
