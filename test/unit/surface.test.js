'use strict';

const assert = require('node:assert/strict');
const core = require('node:tls');
const { once } = require('node:events');
const certs = require('../certs');
const ours = require('../..');

const release = Number.parseInt(process.versions.node, 10);

const kWay = 'overrides what core leaves to a libuv handle of its own';
const kInside = 'how core talks with its own C++; there is nothing that could be called';
const kNoStream =
  'opens or binds a descriptor, which the handle below can do and that of TLS cannot';

/**
 * Every place where the surface is not that of the node:tls beside it, and why. An entry that no
 * longer differs fails.
 */
const differences = {
  'TLSSocket.prototype _destroy': kWay,
  'TLSSocket.prototype _final': kWay,
  'TLSSocket.prototype _read': kWay,
  'TLSSocket.prototype _write': kWay,
  'TLSSocket.prototype _writev': kWay,
  'TLSSocket.prototype bufferSize': 'counts what has been gathered too',
  'TLSSocket.prototype _init': 'sets up a handle that the constructor has made; ours is ready then',
  'TLSSocket.prototype _wrapHandle': 'makes the handle; ours is made by its constructor',
  'client ssl': 'a class of this package',
  'client events close': 'core releases its handle there, ours in _destroy()',
  'server socket ssl': 'a class of this package',
  'ssl _secureContext': 'keeps the context alive, which the native object does by itself',
  'ssl _externalStream': 'the address of an object of core',
  'ssl isStreamBase': 'http would read plaintext from C++ there, which is in socket._handle',
  'ssl asyncReset': 'an AsyncWrap has it: socket._handle',
  'ssl getAsyncId': 'an AsyncWrap has it: socket._handle',
  'ssl getProviderType': 'an AsyncWrap has it: socket._handle',
  'ssl getAsyncContextFrameForDebuggingOnly': 'an AsyncWrap has it: socket._handle',
  'ssl bind': kNoStream,
  'ssl bind6': kNoStream,
  'ssl connect': kNoStream,
  'ssl connect6': kNoStream,
  'ssl listen': kNoStream,
  'ssl open': kNoStream,
  'ssl setBlocking': kNoStream,
  'ssl setPendingInstances': kNoStream,
  'ssl setSimultaneousAccepts': kNoStream,
  'ssl certCbDone': kInside,
  'ssl clientHelloDone': kInside,
  'ssl endParser': kInside,
  'ssl hasPeerCertificate': kInside,
  'ssl newSessionDone': kInside,
  'ssl onerror': kInside,
  'ssl onhandshakedone': kInside,
  'ssl onhandshakestart': kInside,
  'ssl onkeylog': kInside,
  'ssl onnewsession': kInside,
  'ssl onocspresponse': kInside,
  'ssl onread': kInside,
  'ssl shutdown': 'socket._handle has it',
  'ssl writeAsciiString': 'socket._handle has it',
  'ssl writeBuffer': 'socket._handle has it',
  'ssl writeLatin1String': 'socket._handle has it',
  'ssl writeUcs2String': 'socket._handle has it',
  'ssl writeUtf8String': 'socket._handle has it',
  'ssl writev': 'socket._handle has it',
  'ssl writesIssuedByPrevListenerDone': kInside,
  'TLSSocket.prototype resetAndDestroy': 'refuses what core refuses for want of a libuv handle',
  '_handle _secureContext': 'keeps the context alive, which the native object does by itself',
  '_handle bind': kNoStream,
  '_handle bind6': kNoStream,
  '_handle connect': kNoStream,
  '_handle connect6': kNoStream,
  '_handle listen': kNoStream,
  '_handle open': kNoStream,
  '_handle setBlocking': kNoStream,
  '_handle setPendingInstances': kNoStream,
  '_handle setSimultaneousAccepts': kNoStream,
  '_handle certCbDone': kInside,
  '_handle clientHelloDone': kInside,
  '_handle endParser': kInside,
  '_handle hasPeerCertificate': kInside,
  '_handle newSessionDone': kInside,
  '_handle onerror': kInside,
  '_handle onhandshakedone': kInside,
  '_handle onhandshakestart': kInside,
  '_handle onkeylog': kInside,
  '_handle onnewsession': kInside,
  '_handle onocspresponse': kInside,
  '_handle writesIssuedByPrevListenerDone': kInside,
  'context _external': 'the address of an object of core',
  'context enableTicketKeyCallback': kInside,
};
const met = new Set();
const seen = new Set();

/** Fails for each name that differs and is not in the list. */
function compare(topic, wanted, found) {
  const names = new Set([...wanted.keys(), ...found.keys()]);
  const unlisted = [];
  for (const name of names) {
    const a = wanted.get(name);
    const b = found.get(name);
    const key = `${topic} ${name}`;
    seen.add(key);
    if (a === b) continue;
    if (key in differences) met.add(key);
    else unlisted.push(`${key}: core ${a}, ours ${b}`);
  }
  assert(wanted.size > 0);
  assert.deepEqual(unlisted, []);
}

/** @returns {Map<string, string>} what stands under each own name: kind, length of functions, flags */
function members(object) {
  const found = new Map();
  for (const [name, descriptor] of Object.entries(Object.getOwnPropertyDescriptors(object))) {
    const { enumerable, writable, configurable, value, get } = descriptor;
    const kind = typeof value === 'function' ? `function ${value.length}` : typeof value;
    const flags = `${enumerable} ${configurable} ${writable}`;
    found.set(name, get ? `accessor ${enumerable}` : `${kind} ${flags}`);
  }
  return found;
}

/** @returns {Map<string, string>} own properties with their values, objects by their class */
function properties(object, left = []) {
  const found = new Map();
  for (const name of Object.getOwnPropertyNames(object)) {
    const value = object[name];
    const isObject = typeof value === 'object' && value !== null;
    if (left.includes(name)) continue;
    found.set(name, isObject ? `[${value.constructor?.name}]` : String(value));
  }
  return found;
}

/** @returns {Map<string, string>} every name up the chain: what there is, whoever has it */
function reachable(object) {
  const found = new Map();
  for (let o = object; o !== null && o !== Object.prototype; o = Object.getPrototypeOf(o)) {
    for (const name of Object.getOwnPropertyNames(o)) found.set(name, 'there');
  }
  return found;
}

function events(emitter) {
  return new Map(emitter.eventNames().map((name) => [String(name), 'there']));
}

/** Only what core has: an object of ours may have more. */
function compareAtLeast(topic, wanted, found) {
  const common = [...found].filter(([name]) => wanted.has(name));
  compare(topic, wanted, new Map(common));
}

/** One connection of each; `use` gets both ends, and their servers. */
async function connected(use) {
  const made = [];
  try {
    for (const tls of [core, ours]) {
      const server = tls.createServer(certs.identity('p256'));
      server.listen(0, '127.0.0.1');
      made.push(server);
      await once(server, 'listening');
      const accepted = once(server, 'secureConnection');
      const { port, address: host } = server.address();
      const client = tls.connect({ port, host, ca: certs.ca, checkServerIdentity() {} });
      made.push(client);
      await once(client, 'secureConnect');
      const [socket] = await accepted;
      made.push(socket);
    }
    const [coreServer, coreClient, coreSocket, server, client, socket] = made;
    await use({
      core: { server: coreServer, client: coreClient, socket: coreSocket },
      ours: { server, client, socket },
    });
  } finally {
    for (const thing of made) {
      if (thing.destroy) thing.destroy();
      else thing.close();
    }
  }
}

/** What depends on listeners that are compared by themselves. */
const kEmitter = ['_events', '_eventsCount'];
/** Whose class is node's own, or tested by itself. */
const kPorts = ['_handle', '_connectionKey', '_sockname', '_peername'];

describe('the surface', () => {
  it('has the exports of core, with their kind, length and flags', () => {
    compare('exports', members(core), members(ours));
  });

  it('has the names of functions, and the values of the defaults', () => {
    for (const [name, value] of Object.entries(core)) {
      if (typeof value === 'function') assert.equal(ours[name].name, value.name, name);
      else if (typeof value !== 'object') assert.equal(ours[name], value, name);
    }
  });

  for (const name of ['TLSSocket', 'Server', 'SecureContext']) {
    it(`has the members of ${name}.prototype`, () => {
      compare(`${name}.prototype`, members(core[name].prototype), members(ours[name].prototype));
    });

    it(`has the members of ${name}, and its ancestors`, () => {
      compare(name, members(core[name]), members(ours[name]));
      assert.equal(Object.getPrototypeOf(ours[name]), Object.getPrototypeOf(core[name]));
      const prototypes = [ours, core].map((tls) => Object.getPrototypeOf(tls[name].prototype));
      assert.equal(prototypes[0], prototypes[1]);
    });
  }

  it('has the members of a context', () => {
    const [a, b] = [core, ours].map((tls) => tls.createSecureContext());
    compare('secure context', properties(a), properties(b));
    compareAtLeast('context', reachable(a.context), reachable(b.context));
  });

  for (const options of [{}, { honorCipherOrder: 0, requestCert: 1, rejectUnauthorized: null }]) {
    it(`has the properties of a server, with ${JSON.stringify(options)}`, () => {
      const [a, b] = [core, ours].map((tls) => tls.createServer(options));
      compare('server', properties(a, kEmitter), properties(b, kEmitter));
      compare('server events', events(a), events(b));
    });
  }

  it('has the properties and events of a socket that has no transport yet', () => {
    const [a, b] = [core, ours].map((tls) => new tls.TLSSocket());
    const left = [...kEmitter, ...kPorts];
    compare('client', properties(a, left), properties(b, left));
    a.destroy();
    b.destroy();
  });

  it('has the properties and events of a connected client', () =>
    connected(({ core: a, ours: b }) => {
      const left = [...kEmitter, ...kPorts];
      compare('client', properties(a.client, left), properties(b.client, left));
      compare('client events', events(a.client), events(b.client));
    }));

  it('has the properties and events of a socket of a server', () =>
    connected(({ core: a, ours: b }) => {
      const left = [...kEmitter, ...kPorts];
      compare('server socket', properties(a.socket, left), properties(b.socket, left));
      compare('server socket events', events(a.socket), events(b.socket));
    }));

  it('has the members of socket._handle and socket.ssl', () =>
    connected(({ core: a, ours: b }) => {
      compareAtLeast('_handle', reachable(a.client._handle), reachable(b.client._handle));
      compareAtLeast('ssl', reachable(a.client.ssl), reachable(b.client.ssl));
      assert.equal(b.client._handle.fd, b.client._handle._parent.fd);
    }));

  it('answers from socket.ssl what it answers from the socket', () =>
    connected(({ core: a, ours: b }) => {
      for (const { client } of [a, b]) {
        const detailed = client.getPeerCertificate(true);
        assert.deepEqual(client.ssl.getPeerCertificate(true), detailed);
        assert.equal('issuerCertificate' in client.ssl.getPeerCertificate(false), false);
      }
    }));

  if (release < 24) {
    it('has setOptions() on a server, which takes effect as far as core has it do', () => {
      const [a, b] = [core, ours].map((tls) => {
        const server = tls.createServer(certs.identity('p256'));
        server.setOptions({ requestCert: true, maxVersion: 'TLSv1.2', ALPNProtocols: ['x'] });
        return server;
      });
      assert.equal(b.requestCert, true);
      assert.equal(b.maxVersion, 'TLSv1.2');
      assert.deepEqual(b.ALPNProtocols, Buffer.from('\x01x'));
      compare('server', properties(a, kEmitter), properties(b, kEmitter));
    });
  }

  after('every listed difference differs still, where this release has the name', () => {
    const stale = Object.keys(differences).filter((key) => seen.has(key) && !met.has(key));
    assert.deepEqual(stale, []);
  });
});
