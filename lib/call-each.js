'use strict';

/**
 * Calls `act` with each item. What it throws for one is thrown on, and those after it have their turn in
 * the next round of the event loop: one connection's user must not hold up the others.
 *
 * @template T
 * @param {T[]} items
 * @param {(item: T) => void} act
 * @param {number} [next] - index of the first
 */
function callEach(items, act, next = 0) {
  try {
    while (next < items.length) act(items[next++]);
  } finally {
    if (next < items.length) setImmediate(callEach, items, act, next);
  }
}

module.exports = { callEach };
