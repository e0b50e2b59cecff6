import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemTime } from '../client/platform.js';
import { authFile } from '../state/auth-file.js';
import { ADA, ScriptedAuth } from '../testing/scripted-auth.js';
import { json, refusal } from '../testing/scripted-server.js';
import { AuthClient, type NodeAuthClientOptions } from './auth-client.js';
import { LicenseClient } from './license-client.js';

const url = 'https://licences.example';

let directory: string;
let auth: ScriptedAuth;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'gatehouse-auth-'));
  auth = new ScriptedAuth(systemTime);
});
afterEach(() => rm(directory, { recursive: true, force: true }));

const start = (more: Partial<NodeAuthClientOptions> = {}) =>
  new AuthClient({ url, directory, fetch: auth.fetch, ...more });
const expire = () => authFile(directory).update((kept) => kept && { ...kept, expiresAt: Date.now() - 1000 });

describe('the machine', () => {
  it('is named to the server alike by every program of it, and not by a server that signs in as others', async () => {
    await start().signIn(ADA);
    await start().signIn(ADA);
    await start({ directory: null }).signIn(ADA);
    const ids = auth.server.got.map((one) => one.headers.get('x-device-id'));
    expect(ids).toEqual([expect.stringMatching(/^[0-9a-f]{64}$/), ids[0], null]);
  });
});

describe('the tokens in auth.json (S1-57, S1-58)', () => {
  it('are their owner’s alone, and gone after signing out', async () => {
    const client = start();
    await client.signIn(ADA);
    const path = join(directory, 'auth.json');
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    expect(JSON.parse(await readFile(path, 'utf8'))).toMatchObject({
      access_token: 'access-1',
      refresh_token: 'refresh-1-1',
      user: { email: 'ada@acme.example', tenant_id: 'ten_1', plan: 'PRO' },
      url,
    });
    await client.signOut();
    await expect(stat(path)).rejects.toThrow(/ENOENT/);
  });

  it('leave nothing behind after signing out, not even what could not be read', async () => {
    const path = join(directory, 'auth.json');
    for (const file of [path, `${path}.broken`]) await writeFile(file, '{"refresh_token": "refresh-1-1"');
    const client = start();
    expect(await client.signOut()).toBe(true);
    expect((await readdir(directory)).filter((name) => name.startsWith('auth.json'))).toEqual([]);
  });

  it('are gone at once, also while a refresh hangs under the lock', async () => {
    const client = start();
    await client.signIn(ADA);
    await expire();
    let hang = () => undefined as void;
    const hangs = new Promise<void>((resolve) => (hang = resolve));
    const back = auth.server.answer('POST /auth/refresh', () => {
      back();
      hang();
      return new Promise<Response>((resolve) => (answer = resolve));
    });
    let answer: (response: Response) => void = () => undefined;
    const token = client.token();
    await hangs;
    expect(await client.signOut()).toBe(true);
    await expect(stat(join(directory, 'auth.json'))).rejects.toThrow(/ENOENT/);
    answer(json(200, { access_token: 'late', refresh_token: 'refresh-late', expires_in: 3600 }));
    expect(await token).toBeNull();
    expect(auth.loggedOut).toEqual(['refresh-1-1', 'refresh-late']);
    expect((await readdir(directory)).filter((name) => name.startsWith('auth.json'))).toEqual([]);
  });

  it('are refreshed for a licence client within the time that a lock is left to its holder', async () => {
    await start().signIn(ADA);
    await expire();
    const limits: number[] = [];
    const time = {
      ...systemTime,
      after: (ms: number, work: () => void) => {
        limits.push(ms);
        return systemTime.after(ms, work);
      },
    };
    const asked: (number | undefined)[] = [];
    const back = auth.server.answer('POST /auth/refresh', () => {
      asked.push(limits.at(-1));
      back();
      return refusal(503, 'UNAVAILABLE');
    });
    const licence = new LicenseClient({
      ...{ url, directory, fetch: auth.fetch, anchors: [auth.server.signer.anchor], closesOnEnd: false },
      ...{ time, timeoutMs: 120_000 },
    });
    await licence.start();
    await licence.close();
    expect(asked).toEqual([20_000]);
  });

  it('are refreshed once, however many programs need them, and saved whole', async () => {
    await start().signIn(ADA);
    await expire();
    const all = await Promise.all(Array.from({ length: 6 }, () => start().token()));
    expect(new Set(all)).toEqual(new Set(['access-2']));
    expect(auth.refreshed).toEqual(['refresh-1-1']);
    const kept = await authFile(directory).read();
    expect(kept).toMatchObject({
      accessToken: 'access-2',
      refreshToken: 'refresh-1-2',
      user: { plan: 'PRO' },
    });
    expect(kept!.expiresAt - Date.now()).toBeGreaterThan(3_500_000);
  });

  it('serve a licence client that shares the directory, and one that is given the client', async () => {
    await start().signIn(ADA);
    await expire();
    const elsewhere = new LicenseClient({
      ...{ url: 'https://other.example', directory, fetch: auth.fetch, closesOnEnd: false },
      anchors: [auth.server.signer.anchor],
    });
    await elsewhere.start();
    await elsewhere.close();
    expect(auth.server.calls('/licenses/acquire').map((got) => got.headers.get('authorization'))).toEqual([
      null,
    ]);
    auth.server.got.length = 0;
    for (const more of [{}, { bearer: start() }]) {
      const licence = new LicenseClient({
        ...{ url, directory, fetch: auth.fetch, anchors: [auth.server.signer.anchor], closesOnEnd: false },
        ...more,
      });
      expect((await licence.start()).state).toBe('fresh');
      await licence.close();
    }
    const bearers = auth.server.calls('/licenses/acquire').map((got) => got.headers.get('authorization'));
    expect(new Set(bearers)).toEqual(new Set(['Bearer access-2']));
    expect(auth.refreshed).toEqual(['refresh-1-1']);
  });

  it('stay in memory where they should, or where nothing can be kept', async () => {
    const apart = start({ directory: null });
    await apart.signIn(ADA);
    expect((await apart.me()).user.id).toBe('usr_1');
    await expect(stat(join(directory, 'auth.json'))).rejects.toThrow(/ENOENT/);

    const file = join(directory, 'a-file');
    await writeFile(file, '');
    const nowhere = start({ directory: join(file, 'state') });
    const warned: string[] = [];
    nowhere.on('warning', ({ code }) => void warned.push(code));
    await nowhere.signIn(ADA);
    expect((await nowhere.me()).user.id).toBe('usr_1');
    expect(warned).toEqual(['NOT_SAVED']);
  });
});
