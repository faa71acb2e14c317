'use strict';

const net = require('node:net');
const os = require('node:os');
const path = require('node:path');
const { Duplex } = require('node:stream');

const certs = require('../certs');
const { wrong } = require('./calls');
const { User } = require('./user');
const { identities, kGarbage, streamAt } = require('./values');

const kMaxParties = 12;
/** Milliseconds that everything may take to close, with the other sequences beside it. */
const kClosing = 10_000;

const kSocketEvents = [
  ...[
    'close',
    'connect',
    'drain',
    'end',
    'error',
    'finish',
    'keylog',
    'lookup',
    'OCSPResponse',
    'pause',
  ],
  ...['pipe', 'ready', 'resume', 'secure', 'secureConnect', 'session', 'timeout', 'unpipe'],
];
const kServerEvents = ['close', 'connection', 'error', 'keylog', 'listening', 'secureConnection'];

const psk = { psk: Buffer.alloc(16, 1), identity: 'me' };

/** Sessions of all sequences of this process. */
const sessions = [];

/** Two streams of the user, each of which gives what the other is given. */
function duplexPair() {
  const ends = [0, 1].map(
    (i) =>
      new Duplex({
        read() {},
        write(chunk, encoding, callback) {
          ends[1 - i].push(chunk);
          setImmediate(callback);
        },
        final(callback) {
          ends[1 - i].push(null);
          callback();
        },
        destroy(error, callback) {
          setImmediate(() => ends[1 - i].destroy());
          callback(error);
        },
      }),
  );
  return ends;
}

/** One server, clients, and what they do to each other, in the hands of a random user. */
class Sequence extends User {
  server = null;
  abort = new AbortController();
  sessions = sessions;

  /**
   * @param {number} seed
   * @param {object} tls the module under test
   * @param {(line: string) => void} [trace] is told of every call and event
   */
  constructor(seed, tls, trace) {
    super(seed, trace);
    this.tls = tls;
  }

  async run() {
    const random = this.random('setup');
    const options = this.#serverOptions(random);
    try {
      this.server = this.tls.createServer(options);
    } catch (error) {
      this.judge(error, 'createServer');
      return this.findings;
    }
    // The first listener: another one may throw.
    const listening = new Promise((resolve) => this.server.once('listening', resolve));
    this.#listenToServer(random);
    const where = random.chance(30)
      ? [path.join(os.tmpdir(), `fuzz-calls-${process.pid}-${this.seed}`)]
      : [0, '127.0.0.1'];
    this.server.listen(...where);
    await listening;
    this.address = typeof where[0] === 'string' ? { path: where[0] } : this.server.address();
    this.setup = random.pick(['connect', 'connect', 'connect', 'connect', 'startTls', 'streams']);
    this.#try(this.setup, () => this[this.setup]());
    await new Promise((resolve) => setTimeout(resolve, this.life));
    await this.#finish();
    return this.findings;
  }

  #serverOptions(random) {
    const options = {
      ...random.pick([identities[0], identities[0], identities[0], identities[1]]),
    };
    const maybe = (percent, more) => random.chance(percent) && Object.assign(options, more);
    maybe(30, { maxVersion: 'TLSv1.2' });
    maybe(30, { minVersion: 'TLSv1.3', maxVersion: undefined });
    maybe(30, { requestCert: true, ca: certs.ca, rejectUnauthorized: random.chance(50) });
    maybe(20, { allowHalfOpen: true });
    maybe(10, { pauseOnConnect: true });
    maybe(10, { handshakeTimeout: 1 + random.below(30) });
    maybe(20, { ticketKeys: Buffer.alloc(48, random.below(4)) });
    maybe(60, { offloadHandshake: random.pick([true, false, 'auto']) });
    maybe(1, { enableTrace: true });
    maybe(40, {
      SNICallback: (servername, callback) => {
        this.act('SNICallback');
        const context = this.tls.createSecureContext(random.pick(identities.slice(0, 2)));
        this.answer('SNICallback', callback, this.remember(context));
      },
    });
    if (random.chance(20)) options.ALPNProtocols = ['a', 'b'];
    else maybe(25, { ALPNCallback: (offer) => this.#select('ALPNCallback', offer.protocols[0]) });
    this.usesPsk = random.chance(15);
    if (this.usesPsk) {
      options.ciphers = 'PSK+HIGH:TLS_AES_128_GCM_SHA256';
      maybe(100, { pskCallback: () => this.#select('server pskCallback', psk.psk) });
      maybe(50, { pskIdentityHint: 'hint' });
    }
    return options;
  }

  /** A callback that answers by what it returns. */
  #select(name, value) {
    this.act(name);
    const random = this.random(`${name} answer`);
    return random.chance(this.errs) ? wrong(random) : value;
  }

  #listenToServer(random) {
    const { server } = this;
    server.on('error', () => {});
    server.on('connection', (socket) => this.add('far raw', socket, random));
    server.on('secureConnection', (socket) => this.add('far', socket, random));
    for (const name of kServerEvents) {
      if (name === 'keylog' && random.chance(60)) continue;
      server.on(name, () => this.act(`server ${name}`));
    }
    server.on('tlsClientError', (error, socket) => {
      this.judge(error, 'tlsClientError');
      const party = this.add('far', socket, random);
      if (this.random('tlsClientError').chance(80)) socket.destroy();
      this.act('tlsClientError', party);
    });
    const stored = new Map();
    if (random.chance(40)) {
      server.on('newSession', (id, data, callback) => {
        stored.set(id.toString('hex'), data);
        this.act('newSession');
        this.answer('newSession', callback);
      });
    }
    if (random.chance(40)) {
      server.on('resumeSession', (id, callback) => {
        this.act('resumeSession');
        this.answer('resumeSession', callback, stored.get(id.toString('hex')) ?? null);
      });
    }
    if (random.chance(40)) {
      server.on('OCSPRequest', (certificate, issuer, callback) => {
        this.act('OCSPRequest');
        this.answer('OCSPRequest', callback, Buffer.from('response'));
      });
    }
  }

  #clientOptions(random) {
    const options = { ca: certs.ca, servername: 'localhost' };
    const maybe = (percent, more) => random.chance(percent) && Object.assign(options, more);
    maybe(15, { maxVersion: 'TLSv1.2' });
    maybe(20, { ca: undefined, rejectUnauthorized: false });
    maybe(30, { ...certs.identity('client') });
    maybe(20, { requestOCSP: true });
    maybe(40, { ALPNProtocols: ['b', 'c'] });
    maybe(20, { allowHalfOpen: true });
    maybe(10, { servername: random.pick(['', 'b', 'nowhere.example']) });
    maybe(10, { highWaterMark: random.pick([0, 1, 1000]) });
    maybe(10, { timeout: 1 + random.below(30) });
    maybe(10, { signal: this.abort.signal });
    maybe(1, { enableTrace: true });
    maybe(30, { session: random.pick([...sessions, kGarbage]) });
    maybe(20, {
      checkServerIdentity: () => {
        this.act('checkServerIdentity');
        const choice = this.random('checkServerIdentity answer');
        return choice.chance(this.errs) ? this.thrown('checkServerIdentity') : undefined;
      },
    });
    if (this.usesPsk && random.chance(80)) {
      options.ciphers = 'PSK+HIGH:TLS_AES_128_GCM_SHA256';
      options.pskCallback = () => this.#select('client pskCallback', psk);
    }
    if (random.chance(20)) {
      options.secureContext = this.remember(this.tls.createSecureContext(options));
    }
    return options;
  }

  // --- How they come together.

  /** tls.connect() */
  connect(more) {
    if (this.parties.length >= kMaxParties || !this.address) return;
    const random = this.random('connect');
    const options = { ...this.#clientOptions(random), ...this.address, ...more };
    const name = `near${this.parties.length || ''}`;
    if (options.port) {
      options.host = '127.0.0.1';
      if (random.chance(20) && !('lookup' in options)) {
        options.host = 'localhost';
        options.lookup = (host, { all }, callback) => {
          this.act('lookup');
          const found = { address: '127.0.0.1', family: 4 };
          const call = (error, value = found) =>
            all ? callback(error, [value]) : callback(error, value?.address, value?.family);
          this.answer('lookup', call, found);
        };
      }
    }
    if (random.chance(15) && !('onread' in options)) {
      let received = 0;
      options.onread = {
        buffer: random.chance(50) ? Buffer.alloc(1000) : () => Buffer.alloc(5000),
        callback: (size, buffer) => {
          this.#verify(name, received, buffer.subarray(0, size));
          received += size;
          this.act(`${name} onread`);
          return !this.random(`${name} onread answer`).chance(20);
        },
      };
    }
    const socket = this.#try('connect', () =>
      this.tls.connect(options, this.hook(`${name} connected`)),
    );
    if (socket) this.act(`${name} made`, this.add(name, socket, random));
  }

  #try(name, make) {
    try {
      return make();
    } catch (error) {
      this.judge(error, name);
      return undefined;
    }
  }

  /** STARTTLS: a plain connection first, and the server's own is not used. */
  startTls() {
    const random = this.random('startTls');
    const raw = net.connect(this.address);
    const party = this.add('near raw', raw, random);
    raw.once('connect', () => this.wrap(party, false));
    if (random.chance(20)) this.wrap(party, false);
  }

  /** TLS over streams of the user. */
  streams() {
    const random = this.random('streams');
    const [near, far] = duplexPair();
    this.wrap(this.add('near raw', near, random), false);
    this.wrap(this.add('far raw', far, random), true);
  }

  /** TLS over the socket of a party. */
  wrap(below, isServer) {
    if (this.parties.length >= kMaxParties) return;
    if (this.setup === 'connect' || below.isTLS) this.taint();
    const random = this.random(`wrap ${isServer}`);
    const name = `${isServer ? 'far' : 'near'} over ${below.name}`;
    const { socket } = below;
    let made;
    if (isServer) {
      const options = { ...this.#serverOptions(random), isServer, server: this.server };
      made = this.#try(name, () => new this.tls.TLSSocket(socket, options));
    } else {
      const options = { ...this.#clientOptions(random), socket };
      made = this.#try(name, () => this.tls.connect(options, this.hook(`${name} connected`)));
    }
    if (made) this.act(`${name} made`, this.add(name, made, random));
  }

  /** Listens to a socket. */
  add(name, socket, random) {
    const known = this.parties.find((party) => party.socket === socket);
    if (known) return known;
    const isTLS = socket instanceof this.tls.TLSSocket;
    const party = { name, socket, isTLS, sent: 0, received: 0, calls: [], seen: [] };
    // Its 'close' may be what it was first seen at.
    party.isClosed = socket.closed && name === 'far';
    this.parties.push(party);
    if (isTLS) {
      this.remember(socket.ssl);
      this.remember(socket);
    }
    socket.on('close', () => (party.isClosed = true));
    socket.on('error', (error) => this.judge(error, `${name} error`));
    for (const event of kSocketEvents) {
      // These make a difference by being listened to.
      if (['keylog', 'session'].includes(event) && random.chance(40)) continue;
      socket.on(event, (argument) => {
        party.seen.push(event);
        if (event === 'session' && sessions.length < 20) sessions.push(argument);
        this.act(`${name} ${event}`, party);
      });
    }
    const listen = () => {
      socket.on('data', (chunk) => {
        if (isTLS) {
          const bytes = typeof chunk === 'string' ? Buffer.from(chunk, 'latin1') : chunk;
          this.#verify(name, party.received, bytes);
          party.received += bytes.length;
        }
        this.act(`${name} data`, party);
      });
    };
    // Reading from below would take the ciphertext away.
    if (isTLS && random.chance(85)) listen();
    return party;
  }

  #verify(name, position, bytes) {
    if (this.isTainted || bytes.length === 0) return;
    for (let at = 0; at < bytes.length; at += 200_000) {
      const piece = bytes.subarray(at, at + 200_000);
      if (piece.equals(streamAt(position + at, piece.length))) continue;
      this.findings.push(`${name} has got other bytes at ${position + at} than were sent`);
      this.taint();
      return;
    }
  }

  /** A write callback, which has to come once. */
  writeCallback(party, then) {
    const call = { count: 0 };
    party.calls.push(call);
    return (error) => {
      call.count++;
      then(error);
    };
  }

  // --- The end.

  async #finish() {
    this.trace('--- the end');
    this.isOver = true;
    for (const { socket } of this.parties) socket.destroy();
    this.server.close(() => {});
    const deadline = Date.now() + kClosing;
    // What Node emits no 'close' for is none of our streams, such as one whose listener for 'error' throws.
    const isOpen = ({ isClosed, isTLS, socket }) => !isClosed && (isTLS || !socket.closed);
    const open = () => this.parties.filter(isOpen);
    while (open().length > 0 || this.server.listening) {
      if (Date.now() > deadline) {
        this.findings.push(
          `still open: ${open().map(({ name }) => name)} ${this.server.listening}`,
        );
        return;
      }
      await new Promise((resolve) => setTimeout(resolve, 2));
      // The peer of a connection that was just accepted.
      for (const { socket } of this.parties) socket.destroy();
    }
    await new Promise((resolve) => setTimeout(resolve, 2));
    for (const party of this.parties) this.#examine(party);
  }

  #examine({ name, isTLS, calls, seen }) {
    const count = (event) => seen.filter((other) => other === event).length;
    for (const event of ['end', 'finish', 'close', 'secureConnect', 'connect']) {
      if (event === 'secureConnect' && this.renegotiates) continue;
      if (count(event) > 1) this.findings.push(`${name}: ${event} ${count(event)} times`);
    }
    // Where a listener throws, the others do not hear of the event.
    if (this.throws > 0 || !isTLS) return;
    const counts = calls.map((call) => call.count);
    if (counts.some((times) => times !== 1)) this.findings.push(`${name}: callbacks ${counts}`);
  }
}

module.exports = { Sequence };
