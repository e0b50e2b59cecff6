import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { root } from '../paths.js';

type WithLock = (path: string, work: () => Promise<unknown>, onWait?: () => void) => Promise<unknown>;

// The launcher is plain JavaScript: it has no types to import.
const load = (file: string) =>
  import(join(root, 'apps', 'local', 'launch', file)) as Promise<Record<string, unknown>>;

describe('the launcher', () => {
  it('refuses a Node that is too old and says which one it needs', async () => {
    const refuseOldNode = (await load('node.mjs')).refuseOldNode as (version?: string) => void;
    expect(() => refuseOldNode('18.19.0')).toThrow(
      /^Gatehouse needs Node 20\.20 or later .* this is 18\.19\.0/,
    );
    expect(() => refuseOldNode('20.19.9')).toThrow();
    expect(() => refuseOldNode('20.20.0')).not.toThrow();
    expect(() => refuseOldNode('24.0.0')).not.toThrow();
  });

  it.each([
    [
      'npm error code ENOTFOUND\nnpm error request to https://registry.npmjs.org/x failed',
      /registry \(https:\/\/registry\.npmjs\.org\) cannot be reached/,
    ],
    ['npm error code ENOSPC\nnpm error nospc ENOSPC: no space left on device, write', /^The disk is full/],
    [
      'npm error code EUSAGE\nnpm error Missing: x@1 from lock file',
      /package-lock\.json does not fit package\.json/,
    ],
    ['npm error code E403\nnpm error 403 Forbidden', /^npm ci failed \(1\):\nnpm error code E403/],
  ])('explains why npm failed', async (output, expected) => {
    const explain = (await load('npm-failure.mjs')).explain as (output: string, code: number) => string;
    expect(explain(output, 1)).toMatch(expected);
  });

  it('names its verbs when it is given another', () => {
    const { status, stderr } = spawnSync(
      process.execPath,
      [join(root, 'apps', 'local', 'launch.mjs'), 'nonsense'],
      { encoding: 'utf8' },
    );
    expect(status).toBe(1);
    expect(stderr).toMatch(/^There is no "nonsense" here: npm start, npm test, npm run dev/);
  });
});

describe('the lock of a clone', () => {
  const newLock = () => join(mkdtempSync(join(tmpdir(), 'lock-')), 'lock');
  let withLock: WithLock;
  beforeAll(async () => {
    withLock = (await load('lock.mjs')).withLock as WithLock;
  });

  it('lets one work at a time', async () => {
    const path = newLock();
    const order: string[] = [];
    const first = Promise.withResolvers<void>();
    const waited = Promise.withResolvers<void>();
    const one = withLock(path, async () => {
      await first.promise;
      order.push('first');
    });
    const two = withLock(path, () => Promise.resolve(order.push('second')), waited.resolve);
    await waited.promise;
    first.resolve();
    await Promise.all([one, two]);
    expect(order).toEqual(['first', 'second']);
    expect(existsSync(path)).toBe(false);
  });

  it.each([
    ['that is gone', () => `${spawnSync(process.execPath, ['-e', '']).pid} 1`],
    ['whose pid is now somebody else', () => `${process.pid} 1`],
  ])('is taken over from an owner %s', async (_, owner) => {
    const path = newLock();
    mkdirSync(path);
    writeFileSync(join(path, 'owner'), owner());
    expect(await withLock(path, () => Promise.resolve('worked'))).toBe('worked');
  });

  it('is released when the work fails', async () => {
    const path = newLock();
    await expect(withLock(path, () => Promise.reject(new Error('broken')))).rejects.toThrow('broken');
    expect(existsSync(path)).toBe(false);
  });
});
