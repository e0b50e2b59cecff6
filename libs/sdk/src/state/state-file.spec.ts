import { chmod, mkdtemp, readdir, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { InvalidDocument } from '../formats/invalid-document.js';
import type { StoredAuth } from '../auth/stored-auth.js';
import { authFile } from './auth-file.js';
import { StateLocked, withFileLock } from './file-lock.js';
import { StateFile } from './state-file.js';

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'gatehouse-state-'));
});
afterEach(() => rm(directory, { recursive: true, force: true }));

const counter = () =>
  new StateFile<number>(join(directory, 'deep'), 'count', {
    format: (count) => `${count}`,
    parse: (text) => {
      if (!/^\d+$/.test(text)) throw new InvalidDocument('MALFORMED', 'Not a number.');
      return Number(text);
    },
  });
const modeOf = async (path: string) => (await stat(path)).mode & 0o777;

describe('a file of the state directory', () => {
  it('is its owner’s alone, directory included, and leaves nothing beside it', async () => {
    const file = counter();
    expect(await file.read()).toBeNull();
    await file.write(7);
    expect(await file.read()).toBe(7);
    expect(await modeOf(file.path)).toBe(0o600);
    expect(await modeOf(join(directory, 'deep'))).toBe(0o700);
    expect(await readdir(join(directory, 'deep'))).toEqual(['count']);
  });

  it('is closed again when it was opened to others', async () => {
    const file = counter();
    await file.write(7);
    await chmod(file.path, 0o644);
    expect(await file.read()).toBe(7);
    expect(await modeOf(file.path)).toBe(0o600);
  });

  it('is changed by one after the other', async () => {
    const file = counter();
    await Promise.all(Array.from({ length: 10 }, () => file.update((count) => (count ?? 0) + 1)));
    expect(await file.read()).toBe(10);
  });

  it('stays as it was when the change fails', async () => {
    const file = counter();
    await file.write(7);
    await expect(file.update(() => Promise.reject(new Error('no')))).rejects.toThrow('no');
    expect(await file.read()).toBe(7);
    expect(await readdir(join(directory, 'deep'))).toEqual(['count']);
  });

  it('goes when there is nothing to keep', async () => {
    const file = counter();
    await file.write(7);
    await file.remove();
    await file.remove();
    expect(await readdir(join(directory, 'deep'))).toEqual([]);
  });

  it('counts as absent when it is broken, and is kept aside', async () => {
    const file = counter();
    for (const broken of ['seven', '']) {
      await file.write(7);
      await writeFile(file.path, broken);
      expect(await file.read()).toBeNull();
      expect(await readFile(`${file.path}.broken`, 'utf8')).toBe(broken);
    }
    await writeFile(file.path, '\0');
    expect(await file.update((count) => (count ?? 0) + 1)).toBe(1);
    expect(await readFile(`${file.path}.broken`, 'utf8')).toBe('\0');
  });

  it('clears away what a killed process left half-written, and nothing that is being written', async () => {
    const file = counter();
    await file.write(6);
    for (const name of ['old', 'new']) await writeFile(`${file.path}.${name}.tmp`, '');
    await utimes(`${file.path}.old.tmp`, 1, 1);
    await file.write(7);
    expect(await readdir(join(directory, 'deep'))).toEqual(['count', 'count.new.tmp']);
  });

  it('says what is wrong with its directory', async () => {
    await writeFile(join(directory, 'deep'), '');
    await expect(counter().write(7)).rejects.toThrow(/EEXIST|ENOTDIR/);
  });
});

describe('a lock', () => {
  const path = () => join(directory, 'lock');
  const mark = (pid: number, host = hostname()) => JSON.stringify({ pid, host, token: 'x' });
  /** Above what Linux ever gives (kernel: PID_MAX_LIMIT, 2^22). */
  const NOBODY = 5_000_000;

  it('is waited for, but not for ever', async () => {
    await writeFile(path(), mark(process.pid));
    await expect(withFileLock(path(), async () => 1, { timeoutMs: 50 })).rejects.toThrow(StateLocked);
    expect(await readFile(path(), 'utf8')).toBe(mark(process.pid));
  });

  it('of a dead process is taken over', async () => {
    await writeFile(path(), mark(NOBODY));
    expect(await withFileLock(path(), async () => 1, { timeoutMs: 2000 })).toBe(1);
    expect(await readdir(directory)).toEqual([]);
  });

  it.each([
    ['of another machine', mark(NOBODY, 'another')],
    ['that nobody has signed', ''],
    ['that says nonsense', '{'],
  ])('%s is taken over only when it is old', async (_, text) => {
    await writeFile(path(), text);
    await expect(withFileLock(path(), async () => 1, { timeoutMs: 50 })).rejects.toThrow(StateLocked);
    await utimes(path(), 1, 1);
    expect(await withFileLock(path(), async () => 1, { timeoutMs: 2000 })).toBe(1);
  });

  it('is taken over by one of many', async () => {
    await writeFile(path(), mark(NOBODY));
    let inside = 0;
    const once = () =>
      withFileLock(path(), async () => {
        expect(++inside).toBe(1);
        await new Promise(setImmediate);
        inside--;
      });
    await Promise.all(Array.from({ length: 8 }, once));
  });

  it('outlives a takeover that died half-way', async () => {
    await writeFile(path(), mark(NOBODY));
    await writeFile(`${path()}.takeover`, '');
    await utimes(`${path()}.takeover`, 1, 1);
    expect(await withFileLock(path(), async () => 1, { timeoutMs: 2000 })).toBe(1);
    expect(await readdir(directory)).toEqual([]);
  });

  it('that was taken away is noticed before anything is written, and not removed', async () => {
    const file = new StateFile<string>(directory, 'f', { format: (text) => text, parse: (text) => text });
    await file.write('before');
    const steal = () => writeFile(`${file.path}.lock`, mark(NOBODY));
    await expect(file.update(() => steal().then(() => 'mine'))).rejects.toThrow(StateLocked);
    expect(await file.read()).toBe('before');
    expect(await readFile(`${file.path}.lock`, 'utf8')).toBe(mark(NOBODY));
  });
});

describe('auth.json (S1-57)', () => {
  const auth: StoredAuth = {
    accessToken: 'access',
    refreshToken: 'refresh',
    expiresAt: Date.parse('2026-03-01T01:00:00Z'),
    user: { email: 'ada@example.com', tenantId: 'ten_1', plan: 'FREE' },
  };

  it('has the shape that other programs read', async () => {
    const file = authFile(directory);
    await file.write(auth);
    expect(await file.read()).toEqual(auth);
    expect(JSON.parse(await readFile(join(directory, 'auth.json'), 'utf8'))).toEqual({
      access_token: 'access',
      refresh_token: 'refresh',
      expires_at: '2026-03-01T01:00:00.000Z',
      user: { email: 'ada@example.com', tenant_id: 'ten_1', plan: 'FREE' },
    });
    expect(await modeOf(join(directory, 'auth.json'))).toBe(0o600);
  });

  it('says where the tokens are from, and whose they are', async () => {
    const file = authFile(directory);
    const more = { ...auth, url: 'https://licences.example', user: { ...auth.user, id: 'usr_1' } };
    await file.write(more);
    expect(await file.read()).toEqual(more);
    expect(JSON.parse(await readFile(join(directory, 'auth.json'), 'utf8'))).toMatchObject({
      url: 'https://licences.example',
      user: { email: 'ada@example.com', id: 'usr_1' },
    });
  });

  it('is dropped while another program changes it, if it is that', async () => {
    const file = authFile(directory);
    await file.write(auth);
    await file.update(async (current) => {
      await file.drop(() => false);
      expect(await file.read()).toEqual(auth);
      await file.drop((kept) => kept.refreshToken === 'refresh');
      expect(await file.read()).toBeNull();
      return current;
    });
    expect(await file.read()).toBeNull();
  });

  it('half of it is none', async () => {
    await writeFile(join(directory, 'auth.json'), '{"access_token": "access"}');
    expect(await authFile(directory).read()).toBeNull();
  });
});
