'use strict';

/**
 * Every public call. Each gets the call's circumstances: `sequence`, `party` (who is called), `random`, and
 * `hook(name)`, a callback in which more calls happen.
 */

const { Writable } = require('node:stream');

const { Thrown, kGarbage, kSizes, detached, identities, strange, streamAt } = require('./values');

const kEncodings = ['utf8', 'latin1', 'ascii', 'hex', 'base64', 'utf16le', 'nothing'];

const wrong = (random) => random.pick(strange)();

/** Writes the next bytes of the party's stream, in one of several forms. */
function write({ sequence, party, random, hook }, method = 'write') {
  const size = random.pick(kSizes);
  const bytes = streamAt(party.sent, size);
  const callback = random.chance(50) ? sequence.writeCallback(party, hook(method)) : undefined;
  // Counted before: the peer may have it before the call returns.
  party.sent += size;
  switch (random.below(6)) {
    case 0:
      return party.socket[method](bytes.latin1Slice(), 'latin1', callback);
    case 1:
      return party.socket[method](bytes.hexSlice(), 'hex', callback);
    case 2:
      return party.socket[method](bytes.utf8Slice(), callback);
    case 3:
      return party.socket[method](new Uint8Array(bytes), callback);
    default:
      return party.socket[method](bytes, callback);
  }
}

/** The memory of a write that is under way goes away, or gets smaller. */
function takeBack({ sequence, party, random }) {
  sequence.taint();
  const memory = new ArrayBuffer(random.pick(kSizes) + 1, { maxByteLength: 400_000 });
  party.socket.write(new Uint8Array(memory));
  if (random.chance(50)) detached({ buffer: memory });
  else memory.resize(random.below(memory.byteLength));
}

const reading = {
  pause: ({ party }) => party.socket.pause(),
  resume: ({ party }) => party.socket.resume(),
  read: ({ party, random }) =>
    party.socket.read(random.chance(50) ? random.pick(kSizes) : undefined),
  setEncoding({ sequence, party, random }) {
    const encoding = random.pick(kEncodings);
    if (kEncodings.indexOf(encoding) > 2) sequence.taint();
    party.socket.setEncoding(encoding);
  },
  pipe({ party }) {
    party.socket.pipe(
      new Writable({ write: (chunk, encoding, callback) => setImmediate(callback) }),
    );
  },
  echo({ sequence, party }) {
    sequence.taint();
    party.socket.pipe(party.socket);
  },
  unpipe: ({ party }) => party.socket.unpipe(),
  unshift({ sequence, party }) {
    sequence.taint();
    party.socket.unshift('unshifted');
  },
  listenForData: ({ party, hook }) => party.socket.on('data', hook('late data')),
  listenForReadable: ({ party, hook }) => party.socket.once('readable', hook('readable')),
};

const writing = {
  write,
  writeMany(circumstances) {
    for (let i = 0; i < 10; i++) write(circumstances);
  },
  writeCorked(circumstances) {
    circumstances.party.socket.cork();
    for (let i = 0; i < 3; i++) write(circumstances);
    process.nextTick(() => circumstances.party.socket.uncork());
  },
  writeUntilFull(circumstances) {
    for (let i = 0; i < 20 && write(circumstances) === true; i++);
  },
  cork: ({ party }) => party.socket.cork(),
  uncork: ({ party }) => party.socket.uncork(),
};

const ending = {
  end: ({ party, hook, random }) => party.socket.end(random.chance(50) ? hook('end') : undefined),
  endWithData: (circumstances) => write(circumstances, 'end'),
  destroySoon: ({ party }) => party.socket.destroySoon?.(),
};

const forcing = {
  destroy({ sequence, party, random }) {
    party.socket.destroy(random.chance(30) ? sequence.thrown('destroy') : undefined);
  },
  resetAndDestroy: ({ party }) => party.socket.resetAndDestroy?.(),
  garbage({ sequence, random }) {
    sequence.taint();
    const raw = random.pick(sequence.parties.filter(({ isTLS }) => !isTLS));
    raw?.socket.write(kGarbage);
  },
  takeBack,
  serverClose: ({ sequence, hook }) => sequence.server?.close(hook('server.close')),
  abort: ({ sequence }) => sequence.abort.abort(new Thrown('abort')),
};

const asking = {};
for (const name of [
  'address',
  'getCertificate',
  'getCipher',
  'getEphemeralKeyInfo',
  'getFinished',
  'getPeerFinished',
  'getPeerX509Certificate',
  'getProtocol',
  'getSession',
  'getSharedSigalgs',
  'getTLSTicket',
  'getX509Certificate',
  'isSessionReused',
]) {
  asking[name] = ({ party }) => party.socket[name]();
}
Object.assign(asking, {
  getPeerCertificate: ({ party, random }) => party.socket.getPeerCertificate(random.chance(50)),
  exportKeyingMaterial: ({ party, random }) =>
    party.socket.exportKeyingMaterial(random.pick([1, 32, 4096]), 'label', Buffer.alloc(3)),
  properties({ party: { socket } }) {
    const { alpnProtocol, authorizationError, authorized, bufferSize, bytesRead, bytesWritten } =
      socket;
    const { localAddress, pending, readyState, remotePort, servername, timeout, ssl } = socket;
    return [
      [alpnProtocol, authorizationError, authorized, bufferSize, bytesRead, bytesWritten],
      [localAddress, pending, readyState, remotePort, servername, timeout, ssl?.fd],
    ];
  },
});

const setting = {
  renegotiate({ sequence, party, random, hook }) {
    sequence.renegotiates = true;
    party.socket.renegotiate(
      random.pick([
        {},
        { requestCert: true, rejectUnauthorized: false },
        { rejectUnauthorized: true },
      ]),
      random.chance(70) ? hook('renegotiate') : undefined,
    );
  },
  disableRenegotiation: ({ party }) => party.socket.disableRenegotiation(),
  setSession: ({ sequence, party, random }) =>
    party.socket.setSession(random.pick(sequence.sessions) ?? kGarbage),
  setKeyCert: ({ party, random }) => party.socket.setKeyCert(random.pick(identities)),
  setServername: ({ party, random }) => party.socket.setServername(random.pick(['localhost', 'b'])),
  setMaxSendFragment: ({ party, random }) =>
    party.socket.setMaxSendFragment(random.pick([511, 512, 1024, 16_384, 16_385])),
  enableTrace: ({ party }) => party.socket.enableTrace(),
  setTimeout({ party, random, hook }) {
    party.socket.setTimeout(random.pick([0, 1, 20]), hook('timeout callback'));
  },
  setNoDelay: ({ party, random }) => party.socket.setNoDelay(random.chance(50)),
  setKeepAlive: ({ party, random }) => party.socket.setKeepAlive(random.chance(50), 1000),
  ref: ({ party }) => party.socket.ref(),
  unref: ({ party }) => party.socket.unref(),
  listenLate({ party, random, hook }) {
    const name = random.pick(['keylog', 'session', 'drain', 'secure', 'OCSPResponse']);
    party.socket.on(name, hook(`late ${name}`));
  },
  removeListeners: ({ party, random }) =>
    party.socket.removeAllListeners(random.pick(['data', 'drain', 'session', 'readable'])),
};

const serving = {
  setSecureContext: ({ sequence, random }) =>
    sequence.server?.setSecureContext(random.pick(identities)),
  addContext: ({ sequence, random }) =>
    sequence.server?.addContext(random.pick(['*', 'localhost', '*.b']), random.pick(identities)),
  getTicketKeys: ({ sequence }) => sequence.server?.getTicketKeys(),
  setTicketKeys: ({ sequence, random }) =>
    sequence.server?.setTicketKeys(Buffer.alloc(48, random.below(4))),
  createSecureContext: ({ sequence, random }) =>
    sequence.remember(sequence.tls.createSecureContext(random.pick(identities))),
  getConnections: ({ sequence, hook }) => sequence.server?.getConnections(hook('getConnections')),
  serverRef: ({ sequence, random }) => sequence.server?.[random.pick(['ref', 'unref'])](),
  connectAgain: ({ sequence }) => sequence.connect(),
  listenAgain: ({ sequence }) => sequence.server?.listen(),
};

/** TLS over what is there, be it ready for that or not. */
const wrapping = {
  wrapAsClient: ({ sequence, party }) => sequence.wrap(party, false),
  wrapAsServer: ({ sequence, party }) => sequence.wrap(party, true),
};

const kArguments = {
  write: 2,
  end: 2,
  destroy: 1,
  setEncoding: 1,
  read: 1,
  renegotiate: 2,
  exportKeyingMaterial: 3,
  setMaxSendFragment: 1,
  setServername: 1,
  setSession: 1,
  setKeyCert: 1,
  setTimeout: 2,
  setNoDelay: 1,
  setKeepAlive: 2,
  getPeerCertificate: 1,
  unshift: 1,
};
const kServerArguments = { setSecureContext: 1, addContext: 2, setTicketKeys: 1, close: 1 };

const mistaking = {
  wrongArguments({ sequence, party, random }) {
    sequence.taint();
    const name = random.pick(Object.keys(kArguments));
    party.socket[name](...Array.from({ length: kArguments[name] }, () => wrong(random)));
  },
  wrongServerArguments({ sequence, random }) {
    const name = random.pick(Object.keys(kServerArguments));
    sequence.server?.[name](...Array.from({ length: kServerArguments[name] }, () => wrong(random)));
  },
  wrongOptions({ sequence, random }) {
    const names = ['key', 'cert', 'ca', 'pfx', 'crl', 'ciphers', 'sigalgs', 'ecdhCurve', 'dhparam'];
    names.push('ticketKeys', 'sessionTimeout', 'sessionIdContext', 'minVersion', 'secureOptions');
    sequence.tls.createSecureContext({ [random.pick(names)]: wrong(random) });
  },
  wrongConnect({ sequence, random }) {
    const names = ['session', 'ALPNProtocols', 'servername', 'minDHSize', 'pskCallback', 'socket'];
    names.push(
      'checkServerIdentity',
      'secureContext',
      'onread',
      'highWaterMark',
      'timeout',
      'lookup',
    );
    sequence.connect({ [random.pick(names)]: wrong(random) });
  },
};

/** The groups from which a sequence takes calls, and how often it does, next to each other. */
const groups = {
  reading: [reading, 8],
  writing: [writing, 12],
  ending: [ending, 2],
  forcing: [forcing, 1],
  asking: [asking, 5],
  setting: [setting, 5],
  serving: [serving, 3],
  wrapping: [wrapping, 1],
  mistaking: [mistaking, 2],
};

module.exports = { groups, wrong };
