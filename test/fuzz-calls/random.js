'use strict';

/** Pseudo-random choices that a name decides: the same name, the same choices on every machine. */
class Random {
  #state;

  /** @param {string} name hashed with FNV-1a */
  constructor(name) {
    let hash = 0x811c9dc5;
    for (let i = 0; i < name.length; i++) hash = Math.imul(hash ^ name.charCodeAt(i), 0x01000193);
    this.#state = hash >>> 0;
  }

  /** @returns {number} a whole number below `limit` (mulberry32) */
  below(limit) {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = this.#state;
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * limit);
  }

  /** @param {number} percent how often the answer is yes */
  chance(percent) {
    return this.below(100) < percent;
  }

  pick(list) {
    return list[this.below(list.length)];
  }

  /** Each element with the same chance. */
  some(list, percent) {
    return list.filter(() => this.chance(percent));
  }
}

module.exports = { Random };
