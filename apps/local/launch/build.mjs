import { spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { bundle } from './bundle.mjs';
import { withLock } from './lock.mjs';
import { diskSentence, Stop } from './stop.mjs';

const STAGING = '.build-';
const SOURCES = ['apps', 'libs', 'migrations', 'test'];
/** Besides the sources, what the result depends on. */
const SETTINGS = [
  '.swcrc',
  'package.json',
  'package-lock.json',
  ...['build.mjs', 'bundle.mjs'].map((name) => join('apps', 'local', 'launch', name)),
];

/**
 * Builds dist/ from the sources when they changed (by size and time), as `npm run build` does, but beside a product
 * that runs from it: every file is replaced in one step, only when it differs, and only what has no source any more is
 * removed.
 */
export async function build(root, node) {
  const before = stamp(root);
  if (isBuilt(root, before)) return;
  try {
    mkdirSync(join(root, '.gatehouse'), { recursive: true });
    await withLock(join(root, '.gatehouse', 'build.lock'), async () => {
      const now = stamp(root);
      if (isBuilt(root, now)) return;
      const staging = compile(root, node);
      await bundled(root, staging);
      replace(root, staging, now);
    });
  } catch (error) {
    if (error instanceof Stop) throw error;
    if (error.code === 'EACCES')
      throw new Stop(`${error.path} may not be written by this user: it was probably made by another one.`);
    const sentence = diskSentence(error.message);
    throw sentence ? new Stop(sentence) : error;
  }
}

function isBuilt(root, wanted) {
  const file = join(root, 'dist', '.stamp');
  return existsSync(file) && readFileSync(file, 'utf8') === wanted;
}

function stamp(root) {
  const files = [
    ...SOURCES.flatMap((name) => list(join(root, name))),
    ...SETTINGS.map((name) => join(root, name)),
  ];
  return files
    .map((file) => {
      const { size, mtimeMs } = statSync(file);
      return `${relative(root, file)} ${size} ${mtimeMs}`;
    })
    .join('\n');
}

function compile(root, node) {
  // Inside dist: what is replaced in one step has to come from the same file system.
  const dist = join(root, 'dist');
  mkdirSync(dist, { recursive: true });
  for (const name of readdirSync(dist)) {
    if (name.startsWith(STAGING)) rmSync(join(dist, name), { recursive: true, force: true }); // of a build that was killed
  }
  const staging = mkdtempSync(join(dist, STAGING));
  const swc = join(root, 'node_modules', '.bin', 'swc');
  const sources = SOURCES.filter((name) => existsSync(join(root, name)));
  const { status, stdout, stderr, error } = spawnSync(
    node,
    [swc, ...sources, '--out-dir', staging, '--copy-files', '--ignore', '**/*.spec.ts', '--quiet'],
    { cwd: root, encoding: 'utf8', env: { ...process.env, RUST_BACKTRACE: '0' } },
  );
  if (status === 0) return staging;
  rmSync(staging, { recursive: true, force: true });
  const output = `${stdout ?? ''}${stderr ?? ''}${error?.message ?? ''}`.trim();
  throw new Stop(diskSentence(output) ?? `The build failed:\n${complaint(output)}`);
}

async function bundled(root, staging) {
  try {
    await bundle(root, staging);
  } catch (error) {
    rmSync(staging, { recursive: true, force: true });
    throw new Stop(diskSentence(error.message) ?? `The build failed:\n${error.message}`);
  }
}

function replace(root, staging, wanted) {
  const dist = join(root, 'dist');
  const fresh = new Set(list(staging).map((file) => relative(staging, file)));
  for (const name of fresh) {
    const [from, to] = [join(staging, name), join(dist, name)];
    if (existsSync(to) && readFileSync(from).equals(readFileSync(to))) continue;
    mkdirSync(dirname(to), { recursive: true });
    renameSync(from, to);
  }
  for (const top of SOURCES) {
    for (const file of list(join(dist, top))) if (!fresh.has(relative(dist, file))) rmSync(file);
  }
  rmSync(staging, { recursive: true, force: true });
  writeFileSync(join(dist, '.stamp.new'), wanted);
  renameSync(join(dist, '.stamp.new'), join(dist, '.stamp'));
}

function list(directory) {
  if (!existsSync(directory)) return [];
  return readdirSync(directory, { withFileTypes: true }).flatMap((entry) => {
    const path = join(directory, entry.name);
    if (entry.isDirectory()) return entry.name === 'node_modules' ? [] : list(path);
    return entry.isFile() ? [path] : [];
  });
}

/** swc's words about the source, without where in swc and Node they were said. */
function complaint(output) {
  return output
    .split('\n')
    .filter(
      (line) =>
        !/^ +at |^ +\d+: |^Stack backtrace|^Failed to compile|^Error: Failed to compile|^Caused by/.test(
          line,
        ),
    )
    .join('\n')
    .trim();
}
