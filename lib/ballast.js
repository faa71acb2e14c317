'use strict';

/**
 * Garbage of young objects, for memory that V8 does not see.
 *
 * Plaintext is external memory, which hangs on a few small objects, and so are the copies that http and http2 make of
 * it. From Node 24 on, V8 reaches its limit for external memory before the space of the young objects is full, and
 * marks the whole heap, for every 30 to 60 MB that are read. Where arrays become garbage together with the plaintext,
 * it collects young objects instead, which costs a tenth of that.
 */

const v8 = require('node:v8');

const { nodeMajor } = require('./node-version');

/** Before, external memory has V8 collect young objects by itself. */
const kIsNeeded = nodeMajor >= 24;
/** External memory, in bytes, after which the young objects are to be collected: V8 has a limit of 64 MB. */
const kCollectionInterval = 48 * 1024 * 1024;
const kStep = 256 * 1024;
/** So often the space of the young objects is looked at, in steps: it grows and shrinks. */
const kCheckInterval = 64;
const kElements = 2000;
/** V8 takes 8 bytes for an element, as pointers are not compressed in Node. */
const kArraySize = 8 * kElements;

const young = { arrays: 0, last: null };
let bytes = 0;
let steps = 0;

function countArrays() {
  const space = v8.getHeapSpaceStatistics().find(({ space_name }) => space_name === 'new_space');
  const size = space.space_used_size + space.space_available_size;
  return Math.round((size * kStep) / kCollectionInterval / kArraySize);
}

/** @param {number} size - of external memory that has become garbage, or will, in bytes */
function addBallast(size) {
  if (!kIsNeeded) return;
  bytes += size;
  for (; bytes >= kStep; bytes -= kStep) {
    if (steps++ % kCheckInterval === 0) young.arrays = countArrays();
    // The last one is held, or a compiler might leave all of them out.
    for (let i = 0; i < young.arrays; i++) young.last = new Array(kElements);
  }
}

module.exports = { addBallast };
