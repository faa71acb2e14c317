'use strict';

/**
 * The native addon, and the memory that its connections decrypt into.
 *
 * `Flag`, `EventType` and `Outcome` mirror what C++ says; `state` is shared with C++.
 */

const path = require('node:path');
const { markAsUntransferable } = require('node:worker_threads');

const { addBallast } = require('./ballast');
const { nodeMajor } = require('./node-version');

const binding = require(path.join(__dirname, '..', 'build', 'Release', 'napi_tls.node'));

const Flag = {
  kEvent: 1 << 0,
  kPlaintext: 1 << 1,
  kOutput: 1 << 2,
  kWritten: 1 << 3,
  kFailed: 1 << 4,
  kPeerClosed: 1 << 5,
  kReadEnd: 1 << 6,
  kTransportError: 1 << 7,
  kShutdownDone: 1 << 8,
  kTurn: 1 << 9,
  kStarved: 1 << 10,
  kUnread: 1 << 11,
  kHeld: 1 << 12,
  kHalted: 1 << 13,
  kHeldOver: 1 << 14,
};

const EventType = {
  kHandshakeStart: 0,
  kHandshakeDone: 1,
  kKeylog: 2,
  kSession: 3,
  kOcspResponse: 4,
  kSessionLookup: 5,
  kCertificate: 6,
  kNewSession: 7,
};

/** What TLSWrap::GetOutcome() answers; above these, the size of an ephemeral DH key. */
const Outcome = {
  kResumed: 1 << 0,
  kTrusted: 1 << 1,
  kSizeShift: 2,
};

/** Indices into `state`. */
const kSlabOffset = 0;
const kPlaintextSize = 1;
const kStatus = 2;
const kPoolOffset = 3;

const kSlabSize = 256 * 1024;
/** Plaintext of one read: 64 KB of ciphertext, and a record that was waiting for its end. */
const kRoom = 96 * 1024;
/** C++ has copied it into the pool: a slice would keep the whole slab alive for a few bytes. */
const kMaxPooled = 8 * 1024;
const kPoolSize = 3 * kMaxPooled;

const { state } = binding;

/**
 * Before Node 24, streams of bytes (and on 22 ArrayBuffer.prototype.transfer()) take away even memory that is marked as
 * untransferable.
 */
const kCanBeTaken = nodeMajor < 24;

/** @returns {Buffer} one whose slices users get: a transfer would take those of everybody else along */
function sharedMemory(size) {
  const memory = Buffer.allocUnsafeSlow(size);
  markAsUntransferable(memory.buffer);
  return memory;
}

function renewSlab() {
  binding.slab = sharedMemory(kSlabSize);
  binding.setSlab(binding.slab);
}

function renewPool() {
  binding.pool = sharedMemory(kPoolSize);
  binding.setPool(binding.pool);
}

// These files may be loaded again over the same addon (a linked folder, an emptied cache): its memory is one.
if (binding.slab === undefined) {
  renewSlab();
  renewPool();
  if (kCanBeTaken) binding.watchMemory();
}

/** What was taken away is replaced. Whoever does it once does it again: from then on, each chunk has its own memory. */
function replaceTaken() {
  if (binding.slab.length > 0 && binding.pool.length > 0) return;
  binding.sharesNothing = true;
  renewSlab();
  renewPool();
}

/** The next slice of the slab starts on a cache line of its own. */
const aligned = (offset) => (offset + 63) & ~63;

/** @returns {Buffer} the plaintext that the last flags announced (Flag.kPlaintext) */
function takePlaintext() {
  const size = state[kPlaintextSize];
  const isPooled = size <= kMaxPooled;
  const memory = isPooled ? binding.pool : binding.slab;
  const start = state[isPooled ? kPoolOffset : kSlabOffset];
  if (binding.sharesNothing) {
    const own = Buffer.allocUnsafeSlow(size);
    memory.copy(own, 0, start, start + size);
    return own;
  }
  const plaintext = memory.subarray(start, start + size);
  if (isPooled) {
    // As Buffer.poolSize: aligned, for views of larger elements.
    state[kPoolOffset] = (start + size + 7) & ~7;
    if (kPoolSize - state[kPoolOffset] < kMaxPooled) renewPool();
  } else {
    state[kSlabOffset] = aligned(start + size);
    if (kSlabSize - state[kSlabOffset] < kRoom) {
      renewSlab();
      // The one that is used up, and what http has copied out of it.
      addBallast(2 * kSlabSize);
    }
  }
  return plaintext;
}

/**
 * The bytes have been copied, and nobody has a view of them: the next ones may come to the same place, which the
 * processor's cache still holds.
 * @param {Buffer} plaintext - what takePlaintext() has returned last
 */
function giveBackPlaintext(plaintext) {
  const end = plaintext.byteOffset + plaintext.length;
  if (plaintext.buffer !== binding.slab.buffer || state[kSlabOffset] !== aligned(end)) return;
  state[kSlabOffset] = plaintext.byteOffset;
  addBallast(plaintext.length);
}

/** @returns {number} the libuv status that came with the last flags */
const lastStatus = () => state[kStatus];

module.exports = {
  binding,
  Flag,
  EventType,
  Outcome,
  giveBackPlaintext,
  lastStatus,
  replaceTaken,
  takePlaintext,
};
