'use strict';

/** Calls of what may throw because a handler of the user does. */

const { binding } = require('./binding');

/**
 * Calls a method. What it throws goes to 'uncaughtException': whoever is on the stack, such as the stream below or
 * the caller of write(), is not to have it, and the rest of what has happened is told all the same.
 *
 * @param {object} object
 * @param {PropertyKey} method
 * @param {...any} args
 * @returns {any} what it returns; undefined where it throws
 */
function attempt(object, method, ...args) {
  try {
    return object[method](...args);
  } catch (error) {
    binding.reportException(error);
    return undefined;
  }
}

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

module.exports = { attempt, callEach };
