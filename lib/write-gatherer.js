'use strict';

/**
 * Small writes of one tick become one TLS record and one system call: each is copied into a block of
 * its socket, and the blocks are written when the tick ends.
 */

const { callEach } = require('./call-each');

/** A longer write gains nothing from the company of others. */
const kMaxWrite = 4096;
/** As much as one TLS record holds (RFC 8446, 5.1). */
const kBlockSize = 16384;
const kMaxSpareBlocks = 64;
/** UTF-8 takes at most three bytes for each UTF-16 code unit. */
const kMaxBytesPerUnit = 3;

const spareBlocks = [];
let waiting = [];

function flushAll() {
  const gatherers = waiting;
  waiting = [];
  callEach(gatherers, (gatherer) => gatherer.flush());
}

class WriteGatherer {
  #write;
  #block = null;
  #used = 0;

  /** @param {(plaintext: Buffer, done: () => void) => void} write - takes what was gathered */
  constructor(write) {
    this.#write = write;
  }

  get size() {
    return this.#used;
  }

  /**
   * @param {string | Uint8Array} chunk
   * @param {BufferEncoding} encoding - of a string
   * @returns {number} bytes taken, or -1 where the chunk is too long to be gathered
   */
  add(chunk, encoding) {
    const text = typeof chunk === 'string';
    const bound = text ? chunk.length * kMaxBytesPerUnit : chunk.length;
    if (bound > kMaxWrite) return -1;
    if (this.#block !== null && this.#used + bound > kBlockSize) this.flush();
    if (this.#block === null) {
      this.#block = spareBlocks.pop() ?? Buffer.allocUnsafeSlow(kBlockSize);
      if (waiting.push(this) === 1) process.nextTick(flushAll);
    }
    const used = this.#used;
    if (text) {
      this.#used += this.#block.write(chunk, used, encoding);
    } else {
      this.#block.set(chunk, used);
      this.#used += chunk.length;
    }
    return this.#used - used;
  }

  /** Writes what there is. The block may serve again when it has been sent. */
  flush() {
    const block = this.#block;
    if (block === null) return;
    const used = this.#used;
    this.#block = null;
    this.#used = 0;
    this.#write(block.subarray(0, used), () => {
      if (spareBlocks.length < kMaxSpareBlocks) spareBlocks.push(block);
    });
  }
}

module.exports = { WriteGatherer };
