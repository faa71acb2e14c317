'use strict';

const assert = require('node:assert/strict');
const { execFile } = require('node:child_process');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { promisify } = require('node:util');

const root = path.join(__dirname, '..', '..');
const tsc = path.join(root, 'node_modules', 'typescript', 'bin', 'tsc');
const running = Number.parseInt(process.versions.node, 10);
const run = promisify(execFile);

/** The releases of @types/node, by the folders of node_modules that hold them, and what is compiled with each. */
const releases = {
  20: { types: 'types-node-20', programs: ['module.mts', 'commonjs.cts', 'oldest.mts'] },
  22: { types: 'types-node-22', programs: ['module.mts', 'commonjs.cts'] },
  24: { types: 'types-node-24', programs: ['module.mts', 'commonjs.cts', 'newest.mts'] },
  26: { types: '@types/node', programs: ['module.mts', 'commonjs.cts', 'newest.mts'] },
};
const kOutput = {
  'module.mjs': 'true true true true true true true',
  'commonjs.cjs': 'true true false true false 0',
  'newest.mjs': 'true true',
  'oldest.mjs': 'object',
};

describe('the types', function () {
  this.timeout(60_000);

  let folder;
  /** @returns {string} a project with the package as it is published, and the types of that release of Node */
  function project(types) {
    const made = fs.mkdtempSync(path.join(folder, 'project-'));
    const modules = path.join(made, 'node_modules');
    fs.mkdirSync(path.join(modules, '@types'), { recursive: true });
    fs.cpSync(path.join(folder, 'package'), path.join(modules, 'napi-tls'), { recursive: true });
    fs.symlinkSync(path.join(root, 'build'), path.join(modules, 'napi-tls', 'build'));
    fs.symlinkSync(path.join(root, 'node_modules', types), path.join(modules, '@types', 'node'));
    return made;
  }

  /** Compiles programs of this folder in a project, into its folder `out`. */
  function compile(directory, programs) {
    for (const name of programs) {
      fs.copyFileSync(path.join(__dirname, name), path.join(directory, name));
    }
    const options = ['--strict', '--module', 'nodenext', '--target', 'es2023', '--outDir', 'out'];
    return run(process.execPath, [tsc, ...options, ...programs], { cwd: directory });
  }

  before(async () => {
    folder = fs.mkdtempSync(path.join(os.tmpdir(), 'napi-tls-types-'));
    const pack = ['pack', '--silent', '--ignore-scripts', '--pack-destination', folder];
    const { stdout } = await run('npm', pack, { cwd: root });
    await run('tar', ['-xzf', path.join(folder, stdout.trim()), '-C', folder]);
  });
  after(() => fs.rmSync(folder, { recursive: true }));

  for (const [release, { types, programs }] of Object.entries(releases)) {
    it(`are those of node:tls, with @types/node ${release}`, async () => {
      const directory = project(types);
      await compile(directory, programs).catch((error) => assert.fail(error.stdout || error));
      if (Number(release) !== running) return;
      for (const name of fs.readdirSync(path.join(directory, 'out'))) {
        const { stdout } = await run(process.execPath, [path.join('out', name)], {
          cwd: directory,
        });
        assert.equal(stdout.trim(), kOutput[name], name);
      }
    });
  }

  it('refuse what node:tls refuses', async () => {
    const source = fs.readFileSync(path.join(__dirname, 'wrong.mts'), 'utf8');
    const expected = source.split('\n').flatMap((line, i) => {
      const [, code] = line.match(/\/\/ (TS\d+)$/) ?? [];
      return code ? [`${i + 1} ${code}`] : [];
    });
    assert.ok(expected.length > 0);
    const { stdout } = await compile(project('@types/node'), ['wrong.mts']).then(
      () => assert.fail('it compiles'),
      (error) => error,
    );
    const found = stdout.matchAll(/^wrong\.mts\((\d+),\d+\): error (TS\d+)/gm);
    assert.deepEqual(
      Array.from(found, ([, line, code]) => `${line} ${code}`),
      expected,
    );
  });
});
