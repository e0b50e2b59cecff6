/**
 * Makes what is published of this room: `node libs/sdk/pack.mjs [DIRECTORY]`. ES modules with their types, one build for
 * Node and one for browsers, the `gatehouse` program and the Python client; no dependency. Then `npm publish` there.
 */
import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

const room = import.meta.dirname;
const root = resolve(room, '..', '..');
const target = resolve(process.argv[2] ?? join(root, '.gatehouse', 'sdk-package'));
const { version, license, engines } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));

const manifest = {
  name: 'gatehouse-client',
  version,
  description: 'Runs a program under a licence of Gatehouse, with a network and without.',
  license,
  type: 'module',
  engines,
  sideEffects: false,
  bin: { gatehouse: './dist/cli/main.js' },
  exports: {
    '.': {
      browser: { types: './dist/browser.d.ts', default: './dist/browser.js' },
      types: './dist/index.d.ts',
      default: './dist/index.js',
    },
  },
  types: './dist/index.d.ts',
  files: ['dist', 'python'],
};

rmSync(target, { recursive: true, force: true });
mkdirSync(join(target, 'python'), { recursive: true });
const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
const args = ['-p', join(room, 'tsconfig.package.json'), '--outDir', join(target, 'dist')];
execFileSync(process.execPath, [tsc, ...args], { stdio: 'inherit' });
writeFileSync(join(target, 'package.json'), `${JSON.stringify(manifest, null, 2)}\n`);
for (const name of ['README.md', join('python', 'gatehouse.py')])
  cpSync(join(room, name), join(target, name));
cpSync(join(root, 'LICENSE'), join(target, 'LICENSE'));
vendorQrEncoder();
process.stdout.write(`${target}\n`);

/**
 * The encoder that `gatehouse login` draws its QR code with (cli/qr-code.ts): the part of the package `qrcode` that makes
 * one, and what that needs, with their licences. So what is published has no dependency, and no encoder of its own.
 */
function vendorQrEncoder() {
  const from = join(root, 'node_modules', 'qrcode');
  const to = join(target, 'dist', 'vendor', 'qrcode');
  mkdirSync(to, { recursive: true });
  for (const name of readdirSync(join(from, 'lib', 'core'))) {
    const text = readFileSync(join(from, 'lib', 'core', name), 'utf8');
    writeFileSync(join(to, name), text.replace("require('dijkstrajs')", "require('./dijkstra')"));
  }
  cpSync(join(root, 'node_modules', 'dijkstrajs', 'dijkstra.js'), join(to, 'dijkstra.js'));
  writeFileSync(join(to, 'package.json'), `${JSON.stringify({ type: 'commonjs' })}\n`);
  const licences = [join(from, 'license'), join(root, 'node_modules', 'dijkstrajs', 'LICENSE.md')];
  writeFileSync(join(to, 'LICENSE'), licences.map((one) => readFileSync(one, 'utf8')).join('\n'));
}
