'use strict';

const assert = require('node:assert/strict');
const { once } = require('node:events');
const net = require('node:net');
const { setTimeout: delay } = require('node:timers/promises');
const certs = require('../certs');

const CLOSING = 2000; // milliseconds that everything may take to close
const HANDLES = /^(TCP|Pipe)(Socket|Server)?Wrap$/;

const ignore = () => {};

const openHandles = () => process.getActiveResourcesInfo().filter((name) => HANDLES.test(name));

/** What an error tells, without what may vary between two runs: thread ids and source lines. */
function describeError(error) {
  if (!(error instanceof Error)) return error;
  const { name, code, library, reason, opensslErrorStack } = error;
  const message = error.message
    .replace(/^[0-9A-F]{8,}:/, '')
    .replace(/:[^:\s]+\.c:\d+:/g, ':')
    .replace(/\n$/, '');
  const record = { name, code, message, library, reason, opensslErrorStack };
  for (const key of Object.keys(record)) if (record[key] === undefined) delete record[key];
  return record;
}

/** One case's world: the two implementations, and everything that the case has opened. */
class Scene {
  #before = openHandles().length;
  #opened = new Set();
  #countsHandles = true;

  /**
   * @param {object} client the tls module for clients
   * @param {object} server the tls module for servers
   */
  constructor(client, server) {
    this.client = client;
    this.server = server;
  }

  /** The implementation, where both sides have the same. */
  get tls() {
    assert.equal(this.client, this.server);
    return this.client;
  }

  /** Core abandons the handle of a connect that throws, so a case of that counts no handles. */
  ignoreHandles() {
    this.#countsHandles = false;
  }

  /** Remembers a socket, stream or server, to be closed at the end. Returns it. */
  track(thing) {
    this.#opened.add(thing);
    return thing;
  }

  /** Makes a TLS server with the P-256 identity, unless the options bring another. */
  createServer(options = {}, listener) {
    const bare = !('key' in options || 'cert' in options || 'pfx' in options);
    const server = this.track(
      this.server.createServer({ ...(bare && certs.identity('p256')), ...options }, listener),
    );
    server.on('connection', (socket) => this.track(socket));
    server.on('secureConnection', (socket) => this.track(socket));
    server.on('tlsClientError', (error, socket) => this.track(socket));
    return server;
  }

  /** A TLS server that listens on a free port of 127.0.0.1, or on `path`. */
  async listen(options, listener, path) {
    const server = this.createServer(options, listener);
    return this.bind(server, path);
  }

  /** A raw TCP server. */
  async listenRaw(listener) {
    const server = this.track(net.createServer(listener));
    server.on('connection', (socket) => this.track(socket));
    return this.bind(server);
  }

  async bind(server, path) {
    if (path === undefined) server.listen(0, '127.0.0.1');
    else server.listen(path);
    await once(server, 'listening');
    return server;
  }

  /** Where to connect to: options for connect. */
  static to(server) {
    const address = server.address();
    if (typeof address === 'string') return { path: address };
    return { port: address.port, host: address.address };
  }

  /** Starts a TLS client that trusts the test CA and expects 'localhost'. */
  connect(server, options, listener) {
    const defaults = { ...Scene.to(server), ca: certs.ca, servername: 'localhost' };
    return this.track(this.client.connect({ ...defaults, ...options }, listener));
  }

  /**
   * A TCP proxy before a server. Its property `sockets` lists the accepted sockets, and `onward`
   * the ones to the server.
   * @param {(chunk: Buffer, direction: 'in'|'out') => Buffer} [change] alters what passes
   */
  async proxy(server, change = (chunk) => chunk) {
    const proxy = await this.listenRaw((socket) => {
      const onward = this.track(net.connect(Scene.to(server)));
      proxy.sockets.push(socket);
      proxy.onward.push(onward);
      for (const [from, to, direction] of [
        [socket, onward, 'in'],
        [onward, socket, 'out'],
      ]) {
        from.on('data', (chunk) => to.writable && to.write(change(chunk, direction)));
        from.on('end', () => to.end());
        from.on('error', ignore);
        from.on('close', () => to.destroySoon());
      }
    });
    proxy.sockets = [];
    proxy.onward = [];
    return proxy;
  }

  /** Connects over plain TCP. */
  async connectRaw(server) {
    const socket = this.track(net.connect(Scene.to(server)));
    await once(socket, 'connect');
    return socket;
  }

  /**
   * Connects one client to a listening server.
   * @returns {Promise<{near: object, far: object}>} both ends, secure
   */
  async join(server, options) {
    const near = this.connect(server, options);
    const [[far]] = await Promise.all([
      once(server, 'secureConnection'),
      once(near, 'secureConnect'),
    ]);
    return { near, far };
  }

  /**
   * A server and one client connected to it.
   * @returns {Promise<{server: object, near: object, far: object}>} `near` is the client's socket,
   *   `far` the server's
   */
  async open(serverOptions, clientOptions) {
    const server = await this.listen(serverOptions);
    return { server, ...(await this.join(server, clientOptions)) };
  }

  /**
   * Attempts a handshake that may fail on either side.
   * @returns {Promise<{client: object, server: object}>} for each side the first event, and its
   *   error; the client goes on until an error that a failed server sends it
   */
  async handshake(serverOptions, clientOptions) {
    const server = await this.listen(serverOptions);
    return this.attempt(server, clientOptions);
  }

  /** The same with a server that listens already. */
  async attempt(server, clientOptions) {
    const far = new Promise((resolve) => {
      server.once('secureConnection', (socket) => {
        socket.on('error', ignore);
        const { authorized, authorizationError } = socket;
        resolve({ event: 'secureConnection', authorized, authorizationError });
      });
      server.once('tlsClientError', (error) => {
        resolve({ event: 'tlsClientError', error: describeError(error) });
      });
    });
    const socket = this.connect(server, clientOptions);
    const failed = new Promise((resolve) => {
      socket.on('error', (error) => resolve({ event: 'error', error: describeError(error) }));
    });
    const secure = new Promise((resolve) => {
      socket.once('secureConnect', () => {
        const { authorized, authorizationError } = socket;
        resolve({ event: 'secureConnect', authorized, authorizationError });
      });
    });
    const client = await Promise.race([failed, secure]);
    if (client.error) socket.destroy();
    const outcome = { client, server: await far };
    if (outcome.server.error && !client.error) {
      socket.resume();
      const closed = once(socket, 'close').then(() => ({ event: 'close' }), ignore);
      outcome.later = await Promise.race([failed, closed]);
    }
    return outcome;
  }

  /** Destroys all that is open, and asserts that nothing remains. */
  async close() {
    const opened = [...this.#opened].reverse();
    for (const thing of opened) thing.on('error', ignore);
    for (const thing of opened) {
      if (thing.destroy) thing.destroy();
      else if (thing.listening) thing.close();
    }
    const leaks = () => this.#countsHandles && openHandles().length > this.#before;
    const isOpen = (thing) => (thing.destroy ? !thing.destroyed : thing.listening);
    const deadline = Date.now() + CLOSING;
    while (opened.some(isOpen) || leaks()) {
      if (Date.now() > deadline) {
        const left = opened.filter(isOpen).map((thing) => thing.constructor.name);
        assert.fail(`left open: [${left}] and the handles [${openHandles()}]`);
      }
      await delay(1);
    }
  }
}

/** Everything that a readable gives until its end, as one Buffer (or string with an encoding). */
async function readAll(readable) {
  const chunks = [];
  readable.on('data', (chunk) => chunks.push(chunk));
  await once(readable, 'end');
  return typeof chunks[0] === 'string' ? chunks.join('') : Buffer.concat(chunks);
}

/** Waits for the first of some events, and leaves no listener behind. */
function either(emitter, ...names) {
  return new Promise((resolve) => {
    const done = () => {
      for (const name of names) emitter.off(name, done);
      resolve();
    };
    for (const name of names) emitter.on(name, done);
  });
}

/** Exactly `size` bytes of a readable that is not flowing. */
async function readExactly(readable, size) {
  const chunks = [];
  let length = 0;
  while (length < size) {
    const chunk = readable.read();
    if (chunk === null) {
      assert(!readable.readableEnded, `ended after ${length} of ${size} bytes`);
      await either(readable, 'readable', 'end');
    } else {
      chunks.push(chunk);
      length += chunk.length;
    }
  }
  const all = Buffer.concat(chunks);
  if (length > size) readable.unshift(all.subarray(size));
  return all.subarray(0, size);
}

/** Appends `label + name` to `log` whenever one of these events is emitted. */
function record(log, label, emitter, names) {
  for (const name of names) emitter.on(name, () => log.push(label + name));
  return log;
}

/** Calls `act`, and describes what it throws (undefined for nothing). */
function thrownBy(act) {
  try {
    act();
  } catch (error) {
    return describeError(error);
  }
  return undefined;
}

module.exports = Object.assign(Scene, {
  describeError,
  either,
  readAll,
  readExactly,
  record,
  thrownBy,
  /** The protocol versions, and the options that allow only one. */
  versions: ['TLSv1.2', 'TLSv1.3'],
  only: (version) => ({ minVersion: version, maxVersion: version }),
});
