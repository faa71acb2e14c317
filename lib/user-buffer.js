'use strict';

/**
 * The option `onread` (Node documentation: new net.Socket(), tls.connect()): plaintext is copied into a
 * buffer of the user instead of being pushed into the stream.
 */
class UserBuffer {
  #buffer;
  #callback;
  #rest = null;

  /** @param {{ buffer: Uint8Array | (() => Uint8Array), callback: Function }} onread */
  constructor({ buffer, callback }) {
    this.#buffer = buffer;
    this.#callback = callback;
  }

  /** Whether `onread` is one that net.Socket accepts too. */
  static isValid(onread) {
    return (
      onread !== null &&
      typeof onread === 'object' &&
      (onread.buffer instanceof Uint8Array || typeof onread.buffer === 'function') &&
      typeof onread.callback === 'function'
    );
  }

  /** Whether the user has paused before the end of what was pushed. */
  get hasRest() {
    return this.#rest !== null;
  }

  /**
   * @param {Buffer} plaintext
   * @returns {boolean} false: the user wants to pause; what is left waits for resume()
   */
  push(plaintext) {
    let rest = this.#rest === null ? plaintext : Buffer.concat([this.#rest, plaintext]);
    this.#rest = null;
    while (rest.length > 0) {
      const buffer = typeof this.#buffer === 'function' ? this.#buffer() : this.#buffer;
      const size = Math.min(rest.length, buffer.length);
      if (size === 0) return false;
      buffer.set(rest.subarray(0, size));
      rest = rest.subarray(size);
      if (this.#callback(size, buffer) === false) {
        if (rest.length > 0) this.#rest = Buffer.from(rest);
        return false;
      }
    }
    return true;
  }

  /** @returns {boolean} as push() does, with what was left */
  resume() {
    const rest = this.#rest;
    this.#rest = null;
    return rest === null || this.push(rest);
  }
}

module.exports = { UserBuffer };
