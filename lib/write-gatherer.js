'use strict';

/**
 * What is written in one tick leaves together: small writes are copied into a block of their socket, which
 * becomes one TLS record, and what the native side has encrypted and held back becomes one system call.
 */

const { callEach } = require('./calls');
const { kSend, kWrite } = require('./tls-handle');

/** A longer write gains nothing from being copied together with others. */
const kMaxWrite = 4096;
/** As much as one TLS record holds (RFC 8446, 5.1). */
const kBlockSize = 16384;
const kMaxSpareBlocks = 64;
/** UTF-8 takes at most three bytes for each UTF-16 code unit. */
const kMaxBytesPerUnit = 3;

const spareBlocks = [];
let waiting = [];

function endTick() {
  const gatherers = waiting;
  waiting = [];
  callEach(gatherers, (gatherer) => gatherer.endTick());
}

// Core would have handed it to the kernel by then.
process.on('exit', endTick);

class WriteGatherer {
  #socket;
  #block = null;
  #used = 0;
  /** Something is to be sent: in the next turn where it is held over, else at the end of the tick. */
  #waits = false;
  #isHeldOver = false;
  #isListed = false;
  #blocksOnTheirWay = 0;

  /** @param {import('node:tls').TLSSocket} socket - one of this package */
  constructor(socket) {
    this.#socket = socket;
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
    // Also where its memory has been transferred away since it was written.
    if (bound === 0) return 0;
    if (this.#block !== null && this.#used + bound > kBlockSize) this.flush();
    this.#block ??= spareBlocks.pop() ?? Buffer.allocUnsafeSlow(kBlockSize);
    if (!this.#waits) this.hold();
    const used = this.#used;
    if (text) {
      this.#used += this.#block.write(chunk, used, encoding);
    } else {
      this.#block.set(chunk, used);
      this.#used += chunk.length;
    }
    return this.#used - used;
  }

  /** Something waits to be sent until the tick ends. */
  hold() {
    this.#waits = true;
    if (this.#isListed) return;
    this.#isListed = true;
    if (waiting.push(this) === 1) process.nextTick(endTick);
  }

  get waits() {
    return this.#waits;
  }

  /** The native side asks for another turn of the event loop, and sends then. */
  holdOver() {
    this.#waits = true;
    this.#isHeldOver = true;
  }

  endTick() {
    this.#isListed = false;
    if (!this.#isHeldOver) this.send();
  }

  /** Writes what was held over; the native side sends it now. */
  endTurn() {
    if (!this.#isHeldOver) return;
    this.#waits = this.#isHeldOver = false;
    this.flush();
  }

  /** Forgets what there is. */
  drop() {
    this.#block = null;
    this.#used = 0;
    this.#waits = this.#isHeldOver = false;
  }

  /** Whether something that is settled for the user has not left yet. */
  get hasUnsent() {
    return this.#waits || this.#blocksOnTheirWay > 0;
  }

  /** Writes what there is, and has it sent with all that is held, if there is any. */
  send() {
    if (!this.#waits) return;
    this.#waits = this.#isHeldOver = false;
    if (this.#block === null) this.#socket[kSend]();
    else this.flush(false);
  }

  /**
   * Writes what there is. The block may serve again when it has been taken.
   * @param {boolean} [moreFollows] - in this tick: it may be held
   */
  flush(moreFollows = true) {
    const block = this.#block;
    if (block === null) return;
    const used = this.#used;
    this.#block = null;
    this.#used = 0;
    this.#blocksOnTheirWay++;
    const done = () => {
      this.#blocksOnTheirWay--;
      if (spareBlocks.length < kMaxSpareBlocks) spareBlocks.push(block);
    };
    this.#socket[kWrite](block, used, done, moreFollows);
  }
}

module.exports = { WriteGatherer };
