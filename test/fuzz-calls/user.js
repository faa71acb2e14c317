'use strict';

const { groups, wrong } = require('./calls');
const { Random } = require('./random');
const { Thrown } = require('./values');

/** Calls of one sequence, and calls inside one another. */
const kMaxCalls = 60;
const kMaxDepth = 6;

/** Errors without a code that core has too. */
const kAsInCore =
  /^(hostname\.replace|stream\.pause) is not a function$|^Invalid SNI context$|serialize a BigInt$|id_context|^Cannot (convert object to primitive|mix BigInt)/;

const later = { nextTick: process.nextTick, setImmediate };

/**
 * A user who makes calls in every event and callback, throws there, and judges the errors that he gets.
 * All that happens by choice is decided by the seed: for each hook, by its name and how often it has come.
 */
class User {
  /** Who can be called: those that the sequence has made. */
  parties = [];
  /** What is wrong with the implementation. */
  findings = [];
  /** 'secureConnect' comes again after a renegotiation, as in core. */
  renegotiates = false;
  /** Objects with native ones behind them, which have to be collected afterwards. */
  natives = [];
  /** The bytes that arrive are not those of the streams. */
  isTainted = false;
  isOver = false;

  #randoms = new Map();
  #calls = 0;
  #depth = 0;
  #trace;

  /**
   * @param {number} seed
   * @param {(line: string) => void} [trace] is told of every call and event
   */
  constructor(seed, trace) {
    this.seed = seed;
    this.#trace = trace;
    const random = this.random('nature');
    this.random = this.random.bind(this);
    /** A sequence has some of the groups only, or the forcible ones would end all others. */
    this.groups = [];
    for (const [name, [calls, weight]] of Object.entries(groups)) {
      const some = random.some(Object.keys(calls), 60);
      const traces = some.indexOf('enableTrace');
      // What it prints takes longer than all else.
      if (traces >= 0 && random.chance(95)) some.splice(traces, 1);
      if (some.length === 0 || random.chance(name === 'forcing' ? 60 : 35)) continue;
      for (let i = 0; i < weight; i++) this.groups.push([name, some]);
    }
    this.throws = random.pick([0, 0, 0, 3, 15]);
    this.errs = random.pick([0, 0, 3, 20]);
    this.life = 10 + random.below(80);
  }

  /** The choices of one hook. */
  random(name) {
    let random = this.#randoms.get(name);
    if (!random) this.#randoms.set(name, (random = new Random(`${this.seed} ${name}`)));
    return random;
  }

  trace(...words) {
    this.#trace?.(`${this.seed}: ${'  '.repeat(this.#depth)}${words.join(' ')}`);
  }

  thrown(where) {
    return new Thrown(`${this.seed} ${where}`);
  }

  /** From now on the bytes that arrive are not those of the streams. */
  taint() {
    this.isTainted = true;
  }

  remember(object) {
    if (object && typeof object === 'object') this.natives.push(new WeakRef(object));
    return object;
  }

  /** Makes calls, and throws, as the choices for this hook have it. */
  act(name, party) {
    const random = this.random(name);
    this.trace(name);
    if (this.isOver || this.groups.length === 0) return;
    const count = random.pick([0, 0, 1, 1, 1, 2, 3]);
    for (let i = 0; i < count; i++) {
      const [group, names] = random.pick(this.groups);
      const call = random.pick(names);
      const chosen = this.#choose(random, group, party);
      const moment = random.pick(['now', 'now', 'now', 'nextTick', 'setImmediate', 'delay']);
      const run = () => this.#call(group, call, chosen, name);
      if (moment === 'now') run();
      else if (moment === 'delay') setTimeout(run, random.below(10));
      else later[moment](run);
    }
    if (random.chance(this.throws)) {
      this.trace('throws');
      throw this.thrown(name);
    }
  }

  /** Mostly the party that has its turn; a raw socket has no TLS to ask about. */
  #choose(random, group, party) {
    const needsTLS = ['asking', 'setting', 'mistaking', 'writing'].includes(group);
    const able = this.parties.filter(({ isTLS }) => isTLS || (!needsTLS && random.chance(15)));
    if (party && able.includes(party) && random.chance(70)) return party;
    return able.length === 0 ? null : random.pick(able);
  }

  #call(group, name, party, where) {
    const alone = group === 'serving' || name.endsWith('Options') || name.startsWith('server');
    if (this.isOver || (!party && !alone)) return;
    if (this.#calls >= kMaxCalls || this.#depth >= kMaxDepth) return;
    this.#calls++;
    this.#depth++;
    this.trace(party?.name, name, `in ${where}`);
    if (party && !party.isTLS) this.taint();
    const random = this.random(`${where} > ${name}`);
    const hook = (inner) => this.hook(`${party?.name} ${inner} callback`, party);
    try {
      groups[group][0][name]({ sequence: this, party, random, hook });
    } catch (error) {
      this.judge(error, `${name} in ${where}`);
    } finally {
      this.#depth--;
    }
  }

  /** An error that the user gets: his own, or one with a code, or it is not worthy of an API. */
  judge(error, where) {
    this.trace('error', error?.code ?? error?.message);
    if (error instanceof Thrown || error?.code !== undefined || error?.library) return;
    const isAccident = error instanceof TypeError || error instanceof ReferenceError;
    if (!isAccident && !(error instanceof RangeError)) return;
    // Node itself converts some arguments without a check (its validators leave no frames), and core tls has
    // these messages too.
    const source = error.stack?.match(/^ +at .*?(node:|\/)/m)?.[1];
    if (source !== '/' || kAsInCore.test(error.message)) return;
    this.findings.push(`${where}: ${error.stack}`);
  }

  /** A callback in which the user acts. */
  hook(name, party) {
    return (...args) => {
      if (args[0] instanceof Error) this.judge(args[0], name);
      return this.act(name, party);
    };
  }

  /** Gives an answer once: or twice, late, never, a wrong one, or an error. */
  answer(name, callback, value) {
    const random = this.random(`${name} answer`);
    const answer = (...args) => {
      this.trace('answer to', name);
      try {
        callback(...args);
      } catch (error) {
        this.judge(error, `${name} answer`);
      }
    };
    const give = () => answer(null, value);
    if (!random.chance(this.errs)) {
      if (random.chance(60)) give();
      else setTimeout(give, random.below(5));
      return;
    }
    const ways = [
      () => {},
      () => (give(), give()),
      () => (setImmediate(give), setTimeout(give, 3)),
      () => answer(this.thrown(`${name} answer`)),
      () => answer(null, wrong(random)),
      () => answer(wrong(random)),
      () => answer(),
    ];
    random.pick(ways)();
  }
}

module.exports = { User };
