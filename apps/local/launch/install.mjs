import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { withLock } from './lock.mjs';
import { explain } from './npm-failure.mjs';
import { diskSentence, Stop } from './stop.mjs';

/** Installs the dependencies when they are missing or belong to another lockfile. */
export async function install(root) {
  if (isInstalled(root)) return;
  writable(() => mkdirSync(join(root, '.gatehouse'), { recursive: true }));
  await withLock(
    join(root, '.gatehouse', 'install.lock'),
    async () => {
      if (isInstalled(root)) return;
      process.stdout.write('Installing dependencies (npm ci), about half a minute ...\n');
      await npmCi(root);
      writable(() => writeFileSync(stampOf(root), hashOf(root)));
    },
    () => process.stdout.write('Waiting for another command of this clone to finish installing ...\n'),
  );
}

function isInstalled(root) {
  return existsSync(stampOf(root)) && readFileSync(stampOf(root), 'utf8') === hashOf(root);
}

/** Inside node_modules: whoever removes or replaces that removes the claim, too (npm ci empties it first). */
function stampOf(root) {
  return join(root, 'node_modules', '.gatehouse-lock');
}

function hashOf(root) {
  return createHash('sha256')
    .update(readFileSync(join(root, 'package-lock.json')))
    .digest('hex');
}

async function npmCi(root) {
  const { command, args } = npm();
  const child = spawn(command, [...args, 'ci', '--ignore-scripts', '--no-audit', '--no-fund'], {
    cwd: root,
    env: environment(),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += chunk));
  const forward = (signal) => child.kill(signal);
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, forward);
  const [code, signal] = await new Promise((resolve) => {
    child.once('error', (error) => resolve([`${error.message}`]));
    child.once('close', (...ending) => resolve(ending));
  });
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.off(name, forward);
  if (signal) throw new Stop('Installing was interrupted; run the command again to go on.');
  if (code !== 0) throw new Stop(explain(output, code));
}

/** The npm that runs us, else the one on the PATH. */
function npm() {
  const running = process.env.npm_execpath;
  if (running && /npm-cli\.[cm]?js$/.test(running)) return { command: process.execPath, args: [running] };
  return { command: process.platform === 'win32' ? 'npm.cmd' : 'npm', args: [] };
}

/** The settings of the outer npm run (its script's arguments among them) would be taken for this one's. */
function environment() {
  const entries = Object.entries(process.env).filter(
    ([name]) => !/^npm_(lifecycle|package|command|config_(argv|include|omit))/.test(name),
  );
  return { ...Object.fromEntries(entries), NODE_ENV: 'development' };
}

function writable(write) {
  try {
    write();
  } catch (error) {
    if (error.code === 'EACCES')
      throw new Stop(`${error.path} may not be written by this user: it was probably made by another one.`);
    throw new Stop(diskSentence(error.message) ?? error.message);
  }
}
