'use strict';

/**
 * Servers of Debian packages that speak TLS. Each runs on a port of its own of 127.0.0.1, shows the identity
 * 'p256' of test/certs.sh, and has its data in a temporary folder.
 */

const { execFileSync, spawn } = require('node:child_process');
const { once } = require('node:events');
const fs = require('node:fs');
const net = require('node:net');
const os = require('node:os');
const path = require('node:path');
const certs = require('./certs');

const kStarting = 30_000; // milliseconds until it listens, or until its data is made
const kStopping = 5_000; // milliseconds from the signal to the end
const kAttempts = 3; // somebody else may take the port before the server does
const kLogSize = 20_000; // characters of its output that an error shows

/** The password of whoever needs one. */
const password = certs.passphrase;

const mariadbOptions = (folder) => [
  ...['--no-defaults', `--datadir=${folder}`, '--skip-log-bin', '--innodb-buffer-pool-size=8M'],
  ...['--innodb-log-file-size=4M', '--innodb-flush-log-at-trx-commit=0'],
];

/**
 * How each of them runs, in the folder of its data, where the certificates are too.
 * @type {Object<string, {
 *   package: string, program: string, signal?: NodeJS.Signals, ready: RegExp,
 *   files?: (port: number, folder: string) => Object<string, string[]>,
 *   prepare?: (folder: string) => { program: string, args: string[], input?: string },
 *   args: (port: number, folder: string) => string[]
 * }>}
 */
const servers = {
  /** The user `postgres` has the password, `client` the certificate of that name; nobody connects without TLS. */
  postgresql: {
    package: 'postgresql',
    program: 'postgres',
    signal: 'SIGQUIT',
    ready: /ready to accept connections/,
    files: () => ({
      password: [password],
      'pg_hba.conf': [
        'hostssl all client 127.0.0.1/32 cert',
        'hostssl all all 127.0.0.1/32 scram-sha-256',
      ],
    }),
    prepare: () => ({
      program: 'initdb',
      args: [
        ...['--pgdata=data', '--no-sync', '--username=postgres', '--pwfile=password'],
        ...['--auth=scram-sha-256', '--encoding=UTF8', '--no-locale'],
      ],
    }),
    args: (port, folder) => [
      ...['-D', 'data', '-F', '-p', String(port), '-h', '127.0.0.1', '-k', folder],
      ...['-c', `hba_file=${folder}/pg_hba.conf`, '-c', 'ssl=on'],
      ...['-c', `ssl_ca_file=${folder}/ca-cert.pem`],
      ...['-c', `ssl_cert_file=${folder}/p256-cert.pem`],
      ...['-c', `ssl_key_file=${folder}/p256-key.pem`],
    ],
  },

  /** `user` has the password, and `client` any certificate of our authority. The database is called `test`. */
  mariadb: {
    package: 'mariadb-server-core',
    program: 'mariadbd',
    signal: 'SIGKILL',
    ready: /ready for connections/,
    files: () => ({
      'init.sql': [
        'CREATE DATABASE test;',
        `CREATE USER user IDENTIFIED BY '${password}' REQUIRE SSL;`,
        'CREATE USER client REQUIRE X509;',
        'GRANT ALL ON *.* TO user;',
        'GRANT ALL ON test.* TO client;',
      ],
    }),
    // mariadb-install-db does the same, but needs programs of the client's package.
    prepare(folder) {
      const scripts = ['mysql_system_tables.sql', 'mysql_system_tables_data.sql'];
      const sql = scripts.map((name) => fs.readFileSync(`/usr/share/mysql/${name}`, 'utf8'));
      return {
        program: 'mariadbd',
        args: [...mariadbOptions(folder), '--bootstrap'],
        input: ['CREATE DATABASE mysql;', 'USE mysql;', ...sql].join('\n'),
      };
    },
    args: (port, folder) => [
      ...mariadbOptions(folder),
      ...[`--port=${port}`, '--bind-address=127.0.0.1', `--socket=${folder}/socket`],
      ...[`--init-file=${folder}/init.sql`, '--max-allowed-packet=64M'],
      ...['--ssl-ca=ca-cert.pem', '--ssl-cert=p256-cert.pem', '--ssl-key=p256-key.pem'],
    ],
  },

  /** The default user has the password; a certificate is checked where a client has one. */
  redis: {
    package: 'redis-server',
    program: 'redis-server',
    ready: /Ready to accept connections/,
    args: (port) => [
      ...['--port', '0', '--tls-port', String(port), '--bind', '127.0.0.1', '--save', ''],
      ...['--requirepass', password, '--tls-auth-clients', 'optional'],
      ...['--tls-ca-cert-file', 'ca-cert.pem'],
      ...['--tls-cert-file', 'p256-cert.pem', '--tls-key-file', 'p256-key.pem'],
    ],
  },

  /** Whoever has a certificate of our authority is let in. */
  mosquitto: {
    package: 'mosquitto',
    program: 'mosquitto',
    ready: /mosquitto version .* running/,
    files: (port, folder) => ({
      'mosquitto.conf': [
        `listener ${port} 127.0.0.1`,
        `cafile ${folder}/ca-cert.pem`,
        `certfile ${folder}/p256-cert.pem`,
        `keyfile ${folder}/p256-key.pem`,
        'require_certificate true',
        'use_identity_as_username true',
      ],
    }),
    args: () => ['-v', '-c', 'mosquitto.conf'],
  },
};

/** @returns {string | undefined} the path of a program, which need not be on PATH */
function find(program) {
  const postgresql = '/usr/lib/postgresql';
  const versions = fs.existsSync(postgresql) ? fs.readdirSync(postgresql) : [];
  return [
    ...(process.env.PATH ?? '').split(path.delimiter),
    '/usr/sbin',
    ...versions.sort((a, b) => b - a).map((version) => path.join(postgresql, version, 'bin')),
  ]
    .map((folder) => path.join(folder, program))
    .find((file) => fs.existsSync(file));
}

/**
 * @param {keyof typeof servers} name
 * @returns {string | undefined} the Debian package that a server needs and that is not installed
 */
function missing(name) {
  return find(servers[name].program) ? undefined : servers[name].package;
}

/** Servers do not run as root: `nobody` owns what they are given. */
const kRoot = process.getuid?.() === 0;

/** A program of a server, in the folder of its data. It does not outlive this process. */
class Program {
  #child;
  #ended;
  #log = '';

  constructor(name, args, folder, signal = 'SIGTERM') {
    this.name = name;
    this.signal = signal;
    const user = kRoot ? ['--reuid=nobody', '--regid=nogroup', '--clear-groups'] : [];
    if (kRoot) execFileSync('chown', ['-R', 'nobody:nogroup', folder]);
    const setpriv = [...user, `--pdeathsig=${signal.slice(3)}`, '--', find(name), ...args];
    this.#child = spawn('setpriv', setpriv, { cwd: folder, env: { LC_ALL: 'C' } });
    // What has not started has no exit code either.
    this.#ended = new Promise((resolve) => {
      this.#child.on('error', resolve).on('close', resolve);
    });
    for (const output of [this.#child.stdout, this.#child.stderr]) {
      output.setEncoding('utf8').on('data', (text) => {
        this.#log = (this.#log + text).slice(-kLogSize);
        this.#child.emit('said');
      });
    }
  }

  /** Gives it its input, and waits for the end. */
  async end(input) {
    this.#child.stdin.on('error', () => {}).end(input);
    await this.#inTime(this.#ended);
    if (this.#child.exitCode !== 0) throw this.#error('has failed');
  }

  /** Waits for something in its output. */
  async says(pattern) {
    const said = new Promise((resolve) => {
      this.#child.on('said', () => {
        if (pattern.test(this.#log)) resolve(true);
      });
    });
    if ((await this.#inTime(Promise.race([said, this.#ended]))) !== true) {
      throw this.#error('has ended');
    }
  }

  /** Ends it, in one way or the other. */
  async stop() {
    this.#child.kill(this.signal);
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), kStopping);
    await this.#ended;
    clearTimeout(timer);
  }

  async #inTime(promise) {
    let timer;
    const late = new Promise((resolve, reject) => {
      timer = setTimeout(() => reject(this.#error('takes too long')), kStarting);
    });
    try {
      return await Promise.race([promise, late]);
    } finally {
      clearTimeout(timer);
    }
  }

  #error(what) {
    return new Error(`${this.name} ${what}:\n${this.#log}`);
  }
}

async function freePort() {
  const server = net.createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  await once(server, 'close');
  return port;
}

async function launch(name) {
  const server = servers[name];
  const port = await freePort();
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), `${name}-`));
  const remove = () => fs.rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  const programs = [];
  const run = (...args) => programs[programs.push(new Program(...args)) - 1];
  const stop = async () => {
    for (const program of programs) await program.stop();
    process.off('exit', remove);
    remove();
  };
  process.once('exit', remove);
  try {
    for (const file of ['ca-cert.pem', 'p256-cert.pem', 'p256-key.pem']) {
      fs.writeFileSync(path.join(folder, file), certs.read(file), { mode: 0o600 });
    }
    for (const [file, lines] of Object.entries(server.files?.(port, folder) ?? {})) {
      fs.writeFileSync(path.join(folder, file), `${lines.join('\n')}\n`);
    }
    if (server.prepare) {
      const { program, args, input } = server.prepare(folder);
      await run(program, args, folder).end(input);
    }
    await run(server.program, server.args(port, folder), folder, server.signal).says(server.ready);
    return { port, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/**
 * Starts a server.
 *
 * @param {keyof typeof servers} name
 * @returns {Promise<{ port: number, stop: () => Promise<void> }>} `stop` ends it and removes its data; so does
 *   the end of this process
 * @throws {Error} with its output, where it does not come up
 */
async function start(name) {
  for (let attempt = 1; ; attempt++) {
    try {
      return await launch(name);
    } catch (error) {
      if (attempt === kAttempts) throw error;
    }
  }
}

module.exports = { missing, password, start };
