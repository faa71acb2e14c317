'use strict';

// PostgreSQL over TLS: the driver is the pg package as it is, which finds napi-tls in the tls module. The server is a
// real one, started for the example in a temporary folder.
//
// Usage: node examples/postgres.js

require('napi-tls/register');

const { execFileSync, spawn } = require('node:child_process');
const { once } = require('node:events');
const fs = require('node:fs');
const net = require('node:net');
const path = require('node:path');
const { setTimeout: delay } = require('node:timers/promises');
const pg = require('pg');
const { TLSSocket } = require('napi-tls');
const { createAuthority } = require('./authority');

const kPatience = 30_000; // milliseconds

/** @returns {string} the folder of the newest server, where Debian and others put it */
function findPrograms() {
  const root = '/usr/lib/postgresql';
  const versions = fs.existsSync(root) ? fs.readdirSync(root) : [];
  const folders = versions
    .sort((a, b) => b - a)
    .map((version) => path.join(root, version, 'bin'))
    .concat((process.env.PATH ?? '').split(path.delimiter));
  const found = folders.find((folder) => fs.existsSync(path.join(folder, 'initdb')));
  if (!found) throw new Error(`No PostgreSQL server in ${root} or PATH: install "postgresql"`);
  return found;
}

/** PostgreSQL refuses to run as root. @returns {{ uid?: number, gid?: number }} options of spawn() */
function unprivileged() {
  if (process.getuid() !== 0) return {};
  const id = (option) => Number(execFileSync('id', [option, 'postgres'], { encoding: 'utf8' }));
  return { uid: id('-u'), gid: id('-g') };
}

async function freePort() {
  const server = net.createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  await once(server, 'close');
  return port;
}

/** @returns {Promise<{ port: number, stop: () => Promise<void> }>} */
async function startPostgres(authority) {
  const programs = findPrograms();
  const user = unprivileged();
  const { keyFile, certFile } = authority.issue('localhost');
  const data = path.join(authority.folder, 'data');
  if (user.uid !== undefined) {
    for (const name of [authority.folder, keyFile]) fs.chownSync(name, user.uid, user.gid);
  }
  const options = { ...user, cwd: authority.folder, stdio: ['ignore', 'ignore', 'inherit'] };
  execFileSync(
    path.join(programs, 'initdb'),
    ['-D', data, '-U', 'example', '--auth=trust', '--no-sync', '--no-locale', '-E', 'UTF8'],
    options,
  );
  // Over TLS only.
  fs.writeFileSync(path.join(data, 'pg_hba.conf'), 'hostssl all all 127.0.0.1/32 trust\n');

  const port = await freePort();
  const settings = {
    listen_addresses: '127.0.0.1',
    unix_socket_directories: '',
    port,
    fsync: 'off',
    ssl: 'on',
    ssl_key_file: keyFile,
    ssl_cert_file: certFile,
  };
  const args = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  const log = fs.openSync(path.join(authority.folder, 'log'), 'w');
  const server = spawn(path.join(programs, 'postgres'), ['-D', data, ...args], {
    ...options,
    stdio: ['ignore', log, log],
  });
  const exited = once(server, 'exit');
  return {
    port,
    async stop() {
      server.kill('SIGINT');
      await exited;
    },
  };
}

/** A server that has just been started refuses connections at first. */
async function connect(options) {
  const deadline = Date.now() + kPatience;
  for (;;) {
    const client = new pg.Client(options);
    try {
      await client.connect();
      return client;
    } catch (error) {
      // 57P03: cannot_connect_now
      if (!['ECONNREFUSED', '57P03'].includes(error.code) || Date.now() > deadline) throw error;
      await delay(100);
    }
  }
}

async function main() {
  const authority = createAuthority();
  const server = await startPostgres(authority);
  try {
    const client = await connect({
      host: '127.0.0.1',
      port: server.port,
      user: 'example',
      database: 'postgres',
      ssl: { ca: authority.cert, servername: 'localhost' },
    });
    const { rows } = await client.query(
      'SELECT version() AS server, ssl.version AS protocol, ssl.cipher ' +
        'FROM pg_stat_ssl AS ssl WHERE pid = pg_backend_pid()',
    );
    console.log('server  ', rows[0].server.split(' ').slice(0, 2).join(' '));
    console.log('protocol', rows[0].protocol);
    console.log('cipher  ', rows[0].cipher);
    console.log('napi-tls', client.connection.stream instanceof TLSSocket);
    await client.end();
  } finally {
    await server.stop();
  }
}

main().catch((error) => {
  console.error(error.message);
  process.exit(1);
});
