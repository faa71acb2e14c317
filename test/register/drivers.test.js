'use strict';

const servers = require('../servers');
const { test } = require('./processes');

// Drivers of npm, as their users call them, against the servers that they are for.

/**
 * A suite with a server that runs meanwhile; its tests are skipped where the server is not installed.
 *
 * @param {string} title
 * @param {string} name - of the server
 * @param {(test: (title: string, act: (world: object) => Promise<void>) => void) => void} body
 */
function describeWith(title, name, body) {
  const missing = servers.missing(name);
  const suite = missing === undefined ? describe : describe.skip;
  const reason = missing === undefined ? '' : ` (skipped: ${missing} is not installed)`;
  suite(`${title} under napi-tls/register${reason}`, function () {
    this.timeout(120_000);
    let server;
    before(async () => (server = await servers.start(name)));
    after(() => server?.stop());
    body((title, act) =>
      test(title, act, () => ({ port: server.port, password: servers.password })),
    );
  });
}

describeWith('pg', 'postgresql', (test) => {
  test('queries with verify-full, SCRAM and its channel binding', async (world) => {
    const { assert, assertCarried, ca, given, require } = world;
    const { Client } = require('pg');
    const client = new Client({
      ...{ host: 'localhost', port: given.port, user: 'postgres', password: given.password },
      ssl: { ca },
      // tls-server-end-point: a hash of the certificate that the TLS connection has shown.
      enableChannelBinding: true,
    });
    await client.connect();
    const { rows } = await client.query('SELECT * FROM pg_stat_ssl WHERE pid = pg_backend_pid()');
    assert.equal(rows[0].ssl, true);
    assert.equal(rows[0].version, 'TLSv1.3');
    assert.equal(rows[0].cipher, client.connection.stream.getCipher().name);
    const { rows: sums } = await client.query('SELECT $1::int + $2::int AS sum', [20, 22]);
    assert.deepEqual(sums, [{ sum: 42 }]);
    assertCarried(client.connection.stream);
    await client.end();
  });

  test('carries results and parameters of many megabytes', async (world) => {
    const { assert, assertCarried, ca, given, require } = world;
    const { createHash, randomBytes } = require('node:crypto');
    const { Client } = require('pg');
    const client = new Client({
      ...{ host: 'localhost', port: given.port, user: 'postgres', password: given.password },
      ssl: { ca },
    });
    await client.connect();
    const bytes = randomBytes(8 * 1024 * 1024 + 3);
    const digest = createHash('sha256').update(bytes).digest('hex');
    const text = "SELECT $1::bytea AS bytes, encode(sha256($1::bytea), 'hex') AS digest";
    const { rows } = await client.query(text, [bytes]);
    assert.equal(rows[0].digest, digest);
    assert.ok(rows[0].bytes.equals(bytes));
    const many = await client.query(
      'SELECT i, repeat(i::text, 20) AS r FROM generate_series(1, 50000) i',
    );
    assert.equal(many.rows.length, 50_000);
    assert.deepEqual(many.rows.at(-1), { i: 50_000, r: '50000'.repeat(20) });
    assertCarried(client.connection.stream);
    assert.ok(client.connection.stream.bytesRead > 20_000_000);
    await client.end();
  });

  test('logs in with a certificate', async (world) => {
    const { assert, assertCarried, ca, certs, given, require } = world;
    const { Client } = require('pg');
    const options = { host: 'localhost', port: given.port, database: 'postgres' };
    const admin = new Client({
      ...options,
      ...{ user: 'postgres', password: given.password, ssl: { ca } },
    });
    await admin.connect();
    await admin.query('CREATE ROLE client LOGIN');
    await admin.end();
    const client = new Client({
      ...options,
      ...{ user: 'client', ssl: { ca, ...certs.identity('client') } },
    });
    await client.connect();
    const { rows } = await client.query(
      'SELECT current_user, client_dn FROM pg_stat_ssl WHERE pid = pg_backend_pid()',
    );
    assert.deepEqual(rows, [{ current_user: 'client', client_dn: '/O=napi-tls/CN=client' }]);
    assertCarried(client.connection.stream);
    await client.end();
    const without = new Client({ ...options, user: 'client', ssl: { ca } });
    // 28000: invalid_authorization_specification
    await assert.rejects(without.connect(), { code: '28000' });
  });

  test('answers a pool, and replaces connections that were lost', async (world) => {
    const { assert, assertCarried, ca, given, require } = world;
    const { Pool } = require('pg');
    const pool = new Pool({
      ...{ host: 'localhost', port: given.port, user: 'postgres', password: given.password },
      ...{ ssl: { ca }, max: 5 },
    });
    const streams = new Set();
    pool.on('connect', (client) => streams.add(client.connection.stream));
    const lost = [];
    pool.on('error', (error) => lost.push(error.code));
    const answers = Array.from({ length: 50 }, async (_, i) => {
      const { rows } = await pool.query('SELECT $1::int AS i, pg_sleep(0.001)', [i]);
      return rows[0].i;
    });
    assert.deepEqual(await Promise.all(answers), [...Array(50).keys()]);
    assert.equal(streams.size, 5);
    const others =
      'SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity ' +
      "WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()";
    await pool.query(others);
    while (lost.length < 4) await new Promise((resolve) => setTimeout(resolve, 5));
    // 57P01: admin_shutdown
    assert.deepEqual(lost, Array(4).fill('57P01'));
    const again = Array.from({ length: 5 }, () => pool.query('SELECT pg_sleep(0.01)'));
    await Promise.all(again);
    assert.equal(streams.size, 9);
    for (const stream of streams) assertCarried(stream);
    await pool.end();
  });

  test('refuses servers that it does not trust, and other names', async (world) => {
    const { assert, certs, given, require } = world;
    const net = require('node:net');
    const { Client } = require('pg');
    const options = { port: given.port, user: 'postgres', password: given.password };
    const attempt = (host, ssl) => new Client({ ...options, host, ssl }).connect();
    // The server sends the root too.
    const code = 'SELF_SIGNED_CERT_IN_CHAIN';
    await assert.rejects(attempt('localhost', { ca: certs.read('other-ca-cert.pem') }), { code });
    await assert.rejects(attempt('localhost', true), { code });
    // Through a tunnel, which shows the certificate of somebody else.
    const tunnel = new net.Socket();
    tunnel.connect = (port) => net.Socket.prototype.connect.call(tunnel, port, '127.0.0.1');
    const client = new Client({
      ...{ ...options, host: 'example.org', stream: tunnel, ssl: { ca: certs.ca } },
    });
    await assert.rejects(client.connect(), { code: 'ERR_TLS_CERT_ALTNAME_INVALID' });
    // 28000: the server takes nobody in the clear.
    await assert.rejects(attempt('localhost', false), { code: '28000' });
  });
});

describeWith('mysql2', 'mariadb', (test) => {
  test('queries, with large results, large parameters and many queries at once', async (world) => {
    const { assert, assertCarried, ca, given, require } = world;
    const { createHash, randomBytes } = require('node:crypto');
    const { createPool } = require('mysql2/promise');
    const pool = createPool({
      ...{ host: 'localhost', port: given.port, user: 'user', password: given.password },
      ...{ database: 'test', ssl: { ca, verifyIdentity: true }, connectionLimit: 4 },
    });
    const streams = new Set();
    pool.pool.on('connection', ({ stream }) => streams.add(stream));
    const [[status]] = await pool.query("SHOW STATUS LIKE 'Ssl_version'");
    assert.equal(status.Value, 'TLSv1.3');
    const answers = Array.from({ length: 50 }, async (_, i) => {
      const [rows] = await pool.execute('SELECT ? + 1 AS next, SLEEP(0.001)', [i]);
      return Number(rows[0].next);
    });
    assert.deepEqual(
      await Promise.all(answers),
      Array.from({ length: 50 }, (_, i) => i + 1),
    );
    assert.equal(streams.size, 4);
    const bytes = randomBytes(8 * 1024 * 1024 + 3);
    const digest = createHash('sha256').update(bytes).digest('hex');
    const [[row]] = await pool.execute(
      'SELECT b AS bytes, SHA2(b, 256) AS digest FROM (SELECT ? AS b) t',
      [bytes],
    );
    assert.equal(row.digest, digest);
    assert.ok(Buffer.from(row.bytes).equals(bytes));
    const [many] = await pool.query('SELECT seq, REPEAT(seq, 20) AS r FROM seq_1_to_50000');
    assert.equal(many.length, 50_000);
    assert.deepEqual({ ...many.at(-1) }, { seq: 50_000, r: '50000'.repeat(20) });
    for (const stream of streams) assertCarried(stream);
    await pool.end();
  });

  test('logs in with a certificate, and replaces connections that were lost', async (world) => {
    const { assert, assertCarried, ca, certs, given, require } = world;
    const { createConnection, createPool } = require('mysql2/promise');
    const options = { host: 'localhost', port: given.port, user: 'client' };
    const pool = createPool({ ...options, ssl: { ca, ...certs.identity('client') } });
    const streams = [];
    pool.pool.on('connection', ({ stream }) => streams.push(stream));
    for (let i = 0; i < 3; i++) {
      const [[{ id }]] = await pool.query('SELECT CONNECTION_ID() AS id');
      // The query that ends its own connection is interrupted, or the connection is first.
      await assert.rejects(pool.query('KILL ?', [id]), ({ errno }) => [1317, 1927].includes(errno));
      await new Promise((resolve) =>
        streams[i].destroyed ? resolve() : streams[i].once('close', resolve),
      );
    }
    assert.equal(streams.length, 3);
    for (const stream of streams) assertCarried(stream);
    await pool.end();
    await assert.rejects(createConnection({ ...options, ssl: { ca } }), {
      code: 'ER_ACCESS_DENIED_ERROR',
    });
  });

  test('refuses servers that it does not trust, and other names', async (world) => {
    const { assert, certs, given, require } = world;
    const net = require('node:net');
    const { createConnection } = require('mysql2/promise');
    const options = { port: given.port, user: 'user', password: given.password };
    const attempt = (host, ssl) => createConnection({ ...options, host, ssl });
    const refused = (reason) => ({ code: 'HANDSHAKE_SSL_ERROR', message: reason });
    const untrusted = refused(/^self-signed certificate in certificate chain/);
    const ca = certs.read('other-ca-cert.pem');
    await assert.rejects(attempt('localhost', { ca }), untrusted);
    await assert.rejects(attempt('localhost', {}), untrusted);
    // Through a tunnel, which shows the certificate of somebody else.
    const stream = net.connect(given.port, '127.0.0.1');
    const ssl = { ca: certs.ca, verifyIdentity: true };
    const elsewhere = { ...options, host: 'example.org', stream, ssl };
    await assert.rejects(createConnection(elsewhere), refused(/does not match certificate's alt/));
    await assert.rejects(attempt('localhost'), { code: 'ER_ACCESS_DENIED_ERROR' });
  });
});

describeWith('ioredis', 'redis', (test) => {
  test('pipelines, subscribes, and carries large values', async (world) => {
    const { assert, assertCarried, ca, certs, given, once, require } = world;
    const { randomBytes } = require('node:crypto');
    const { Redis } = require('ioredis');
    const redis = new Redis({
      ...{ host: 'localhost', port: given.port, password: given.password },
      tls: { ca, ...certs.identity('client') },
    });
    const pipeline = redis.pipeline();
    for (let i = 0; i < 2000; i++) pipeline.set(`key ${i}`, i).incr(`key ${i}`);
    const results = await pipeline.exec();
    assert.equal(results.length, 4000);
    assert.deepEqual(results.at(-1), [null, 2000]);
    const value = randomBytes(8 * 1024 * 1024 + 3);
    await redis.set('large', value);
    assert.ok((await redis.getBuffer('large')).equals(value));
    const subscriber = redis.duplicate();
    await subscriber.subscribe('channel');
    const messages = [];
    subscriber.on('message', (channel, message) => messages.push(message));
    for (let i = 0; i < 100; i++) redis.publish('channel', `message ${i}`);
    while (messages.length < 100) await once(subscriber, 'message');
    assert.equal(messages[99], 'message 99');
    for (const { stream } of [redis, subscriber]) assertCarried(stream);
    await Promise.all([redis.quit(), subscriber.quit()]);
  });

  test('comes back after its connection was lost', async (world) => {
    const { assert, assertCarried, ca, given, once, require } = world;
    const { Redis } = require('ioredis');
    const redis = new Redis({
      ...{ host: 'localhost', port: given.port, password: given.password },
      ...{ tls: { ca }, retryStrategy: () => 1 },
    });
    const streams = [];
    redis.on('ready', () => streams.push(redis.stream));
    await once(redis, 'ready');
    for (const skipme of ['no', 'yes', 'no']) {
      // The command that ends its own connection may be answered before that, or not.
      await redis.client('KILL', 'TYPE', 'normal', 'SKIPME', skipme).catch(() => {});
      if (skipme === 'no') await once(redis, 'ready');
      assert.equal(await redis.ping(), 'PONG');
    }
    assert.equal(new Set(streams).size, 3);
    for (const stream of streams) assertCarried(stream);
    await redis.quit();
  });

  test('refuses servers that it does not trust, and other names', async (world) => {
    const { assert, ca, certs, given, once, require } = world;
    const { Redis } = require('ioredis');
    const attempt = async (tls) => {
      const options = { host: 'localhost', port: given.port, password: given.password };
      const redis = new Redis({ ...options, tls, retryStrategy: null });
      const [error] = await once(redis, 'error');
      return error.code;
    };
    const other = certs.read('other-ca-cert.pem');
    assert.equal(await attempt({ ca: other }), 'SELF_SIGNED_CERT_IN_CHAIN');
    assert.equal(await attempt({}), 'SELF_SIGNED_CERT_IN_CHAIN');
    const servername = 'example.org';
    assert.equal(await attempt({ ca, servername }), 'ERR_TLS_CERT_ALTNAME_INVALID');
  });
});

describeWith('mqtt', 'mosquitto', (test) => {
  test('publishes and subscribes, in all qualities of service', async (world) => {
    const { assert, assertCarried, ca, certs, given, once, require } = world;
    const { randomBytes } = require('node:crypto');
    const mqtt = require('mqtt');
    const options = { ca, ...certs.identity('client') };
    const client = await mqtt.connectAsync(`mqtts://localhost:${given.port}`, options);
    await client.subscribeAsync('topic/#', { qos: 2 });
    const payloads = [0, 1, 100, 20_000, 3_000_000].map((size) => randomBytes(size));
    for (const qos of [0, 1, 2]) {
      const received = [];
      const collect = (topic, payload) => received.push(payload);
      client.on('message', collect);
      for (const payload of payloads) client.publish(`topic/${qos}`, payload, { qos });
      while (received.length < payloads.length) await once(client, 'message');
      client.off('message', collect);
      assert.ok(received.every((payload, i) => payload.equals(payloads[i])));
    }
    assertCarried(client.stream);
    await client.endAsync();
  });

  test('comes back after its connection was lost, with its session', async (world) => {
    const { assert, assertCarried, ca, certs, given, once, require } = world;
    const mqtt = require('mqtt');
    const client = mqtt.connect(`mqtts://localhost:${given.port}`, {
      ...{ ca, ...certs.identity('client') },
      ...{ clean: false, clientId: 'napi-tls', reconnectPeriod: 1 },
    });
    await once(client, 'connect');
    await client.subscribeAsync('topic', { qos: 1 });
    // Some may come twice: that is what quality of service 1 allows.
    const received = new Set();
    client.on('message', (topic, payload) => received.add(String(payload)));
    const streams = [client.stream];
    for (let i = 0; i < 3; i++) {
      client.stream.destroy();
      // It is kept until the connection is there again.
      await client.publishAsync('topic', `message ${i}`, { qos: 1 });
      while (!received.has(`message ${i}`)) await once(client, 'message');
      streams.push(client.stream);
    }
    assert.equal(new Set(streams).size, 4);
    for (const stream of streams) assertCarried(stream);
    await client.endAsync();
  });

  test('refuses servers that it does not trust; the server, who shows no certificate', async (world) => {
    const { assert, ca, certs, given, once, require } = world;
    const mqtt = require('mqtt');
    const attempt = async (options) => {
      const address = `mqtts://localhost:${given.port}`;
      const client = mqtt.connect(address, { reconnectPeriod: 0, ...options });
      const [error] = await once(client, 'error');
      await client.endAsync(true);
      return error.code;
    };
    const identity = certs.identity('client');
    const other = certs.read('other-ca-cert.pem');
    assert.equal(await attempt({ ...identity, ca: other }), 'SELF_SIGNED_CERT_IN_CHAIN');
    const servername = 'example.org';
    assert.equal(await attempt({ ...identity, ca, servername }), 'ERR_TLS_CERT_ALTNAME_INVALID');
    // The alert comes after what the client has written already.
    for (let i = 0; i < 10; i++) {
      assert.equal(await attempt({ ca }), 'ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED');
    }
  });
});
