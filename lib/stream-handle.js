'use strict';

const { binding } = require('./binding');
const { JSStream, onStreamRead, ownerSymbol } = require('./js-stream-socket');
const { TLSHandle, kReadEnd, kWriteNow } = require('./tls-handle');
const { UV_ECANCELED, UV_EOF, UV_EPROTO } = require('./uv');

/** The most that a native consumer takes at once. */
const kMaxRead = 64 * 1024;
/** As much as http2 writes at once: some records. */
const kJoinSize = 128 * 1024;
/** Not 0, which stands for a request on its way, and not negative, which would be an error. */
const kDone = 1;

/** Where the next chunks are joined, unless it is in use. */
let spareBlock = null;

/**
 * Chunks in one piece, in memory that the processor's cache holds.
 * @param {Buffer[]} chunks - copies that Node has made for this write; their memory is freed
 * @returns {{ bytes: Buffer, release: () => void }} `release` is to be called when the bytes have been written
 */
function join(chunks) {
  if (chunks.length === 1) return { bytes: chunks[0], release() {} };
  const size = chunks.reduce((sum, chunk) => sum + chunk.length, 0);
  const block = takeBlock(size);
  binding.moveTogether(chunks, block);
  const release = () => {
    if (block.length === kJoinSize) spareBlock = block;
  };
  return { bytes: block.subarray(0, size), release };
}

function takeBlock(size) {
  if (size > kJoinSize) return Buffer.allocUnsafeSlow(size);
  const block = spareBlock ?? Buffer.allocUnsafeSlow(kJoinSize);
  spareBlock = null;
  return block;
}

/**
 * `socket._handle` of a TLSSocket. Plaintext goes this way only where somebody native may have taken over the
 * reading, who asks for `isStreamBase` before: that saves http and http2 a walk through the streams.
 * Everything else that one can ask a handle for, `socket.ssl` answers.
 */
class StreamHandle extends JSStream {
  #mayBeConsumed = false;
  /** Whether a TLSSocket of core reads from and writes to this handle. */
  #isUnderTLS = false;
  /** While plaintext is handed over; whoever gets it may write, and is told of the end then. */
  #isConsuming = false;
  #hasEnded = false;
  #onread = onStreamRead;
  #reader = null;

  /** @param {TLSHandle} ssl */
  constructor(ssl) {
    super();
    this.ssl = ssl;
    if (ownerSymbol !== undefined) this[ownerSymbol] = ssl.owner;
  }

  /** What net has set, or somebody else: from Node 22 on, an agent watches the sockets that it keeps. */
  get onread() {
    return this.#onread;
  }

  set onread(callback) {
    this.#onread = callback;
    // Not for each connection that nobody reads natively: it takes long.
    if (!this.#hasReader) return;
    super.onread = callback === onStreamRead ? StreamHandle.#onUnconsumed : callback;
  }

  /** What net would do with plaintext, the socket does by itself. */
  get #hasReader() {
    return this.#mayBeConsumed || this.#onread !== onStreamRead;
  }

  /** Called by Node, as a method of a handle. */
  static #onUnconsumed() {
    this.#setMayBeConsumed(false);
  }

  get isStreamBase() {
    this.expectConsumer();
    return super.isStreamBase;
  }

  /** TLS of core takes its start from there, which nobody else asks for who reads or writes natively. */
  get reading() {
    this.#isUnderTLS = this.#mayBeConsumed;
    return this.ssl.reading;
  }

  set reading(value) {
    this.ssl.reading = value;
  }

  /** From now on plaintext goes this way, until Node says that nobody has taken it. */
  expectConsumer() {
    if (!super.isStreamBase) return;
    this.#setMayBeConsumed(true);
    // Nobody has set it where the socket has connected by itself.
    this.onread = this.#onread;
  }

  #setMayBeConsumed(value) {
    this.#mayBeConsumed = value;
    this.ssl.expectNativeReader(value);
  }

  /**
   * Takes the reading over for a TLS connection inside this one.
   * @param {(plaintext: Buffer) => void} reader
   */
  readInto(reader) {
    this.#reader = reader;
  }

  /**
   * Hands plaintext to whoever reads from this handle past the stream.
   * @param {Buffer} plaintext
   * @returns {number} bytes that nobody has taken, at the end of it
   */
  consume(plaintext) {
    if (this.#reader !== null) {
      this.#reader(plaintext);
      return 0;
    }
    let rest = plaintext.length;
    while (rest > 0 && this.#hasReader) {
      const start = plaintext.length - rest;
      const size = Math.min(rest, kMaxRead);
      this.#isConsuming = true;
      try {
        this.readBuffer(
          size === plaintext.length ? plaintext : plaintext.subarray(start, start + size),
        );
      } finally {
        this.#isConsuming = false;
      }
      // An HTTP upgrade ends the native reading, and nobody has got what follows.
      if (this.#hasReader) rest -= size;
    }
    return rest;
  }

  /**
   * Hands the end on to whoever reads from this handle past the stream.
   * @returns {boolean} false where nobody has taken it
   */
  consumeEnd() {
    if (this.#isConsuming) {
      const { owner } = this.ssl;
      setImmediate(() => owner.destroyed || owner[kReadEnd](UV_EOF));
      return true;
    }
    if (this.#mayBeConsumed && !this.#hasEnded) {
      this.#hasEnded = true;
      this.emitEOF();
    }
    return this.#mayBeConsumed;
  }

  // --- What the native consumer asks for.

  onreadstart() {
    this.ssl.readStart();
    return 0;
  }

  onreadstop() {
    this.ssl.readStop();
    return 0;
  }

  /**
   * HTTP/2: what the kernel takes at once is done when this returns, as with a handle of libuv. A session that is
   * closing does not always look again when a write ends later, and its frames get mixed up when finishWrite()
   * comes before this returns. TLS takes kDone for an error: its writes end later.
   *
   * @param {object} req - to be finished later
   * @param {Buffer[]} chunks
   * @returns {number} kDone; 0: `req` is on its way; UV_EPROTO after the end of the socket, as in core
   */
  onwrite(req, chunks) {
    // OpenSSL would end the reading too.
    if (this.ssl.isShutdown) return UV_EPROTO;
    const { bytes, release } = join(chunks);
    let returned = false;
    let answer = 0;
    const settle = (error) => {
      release();
      const finish = () => this.finishWrite(req, error ? UV_ECANCELED : 0);
      if (returned) finish();
      else if (error || this.#isUnderTLS) setImmediate(finish);
      else answer = kDone;
    };
    // Node writes all that it has at once: nothing more comes in this tick.
    this.ssl.owner[kWriteNow](bytes, settle, false);
    returned = true;
    return answer;
  }

  onshutdown(req) {
    this.ssl.owner.end(() => this.finishShutdown(req, 0));
    return 0;
  }

  isClosing() {
    return this.ssl.owner.destroyed;
  }
}

// --- What `socket.ssl` answers.

function forward(name, { get, set, value }) {
  const descriptor =
    typeof value === 'function'
      ? {
          value(...args) {
            return this.ssl[name](...args);
          },
        }
      : {
          get() {
            return this.ssl[name];
          },
          set:
            get && !set
              ? undefined
              : function (to) {
                  this.ssl[name] = to;
                },
        };
  Object.defineProperty(StreamHandle.prototype, name, { configurable: true, ...descriptor });
}

for (const { prototype } of [binding.TLSWrap, TLSHandle]) {
  for (const [name, member] of Object.entries(Object.getOwnPropertyDescriptors(prototype))) {
    if (name !== 'constructor') forward(name, member);
  }
}
for (const name of ['owner', 'bytesRead', 'bytesWritten', 'handshakes']) {
  forward(name, {});
}

module.exports = { StreamHandle };
