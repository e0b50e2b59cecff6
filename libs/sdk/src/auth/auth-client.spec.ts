import { isRefusal, MfaRequired } from '../api/api-error.js';
import { memoryStore } from '../client/memory-stores.js';
import type { Store } from '../client/platform.js';
import { failure } from '../testing/failure.js';
import type { FakeTime } from '../testing/fake-time.js';
import { ADA, type ScriptedAuth } from '../testing/scripted-auth.js';
import { refusal } from '../testing/scripted-server.js';
import { ScriptedTabs } from '../testing/scripted-tabs.js';
import { ISSUER as URL } from '../testing/signer.js';
import type { AuthClientOptions } from './portable-auth-client.js';
import type { StoredAuth } from './stored-auth.js';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

let tabs: ScriptedTabs;
let time: FakeTime;
let auth: ScriptedAuth;
beforeEach(() => {
  tabs = new ScriptedTabs();
  ({ time, auth } = tabs);
});
const start = (options?: Partial<AuthClientOptions>) => tabs.start(options);
const signedIn = () => tabs.signedIn();

describe('signing in', () => {
  it('keeps the tokens and says who it is', async () => {
    const { client, heard } = start();
    expect(await client.user()).toBeNull();
    expect((await client.signIn(ADA)).user.id).toBe('usr_1');
    const user = { id: 'usr_1', email: 'ada@acme.example', tenantId: 'ten_1', plan: 'PRO' };
    expect(heard).toEqual([['signed-in', { user }]]);
    expect(await client.user()).toEqual(user);
    expect((await client.me()).role).toBe('owner');
    expect((await start().client.me()).role).toBe('owner');
  });

  it('asks for the second factor by an error of its own, and takes a code', async () => {
    auth.secondFactor = true;
    const { client, names } = start();
    const error = await failure(client.signIn(ADA));
    if (!(error instanceof MfaRequired)) throw error;
    expect(names()).toEqual([]);
    const { mfaToken } = error;
    const wrong = await failure(client.answerChallenge({ mfaToken, code: '000000' }));
    expect([wrong.kind, isRefusal(wrong, 'CODE_INVALID')]).toEqual(['forbidden', true]);
    await client.answerChallenge({ mfaToken, code: '123456' });
    expect(names()).toEqual(['signed-in']);
  });

  it('ends here at once, and there when the server answers', async () => {
    const { client, heard } = await signedIn();
    const back = auth.server.goAway();
    expect(await client.signOut()).toBe(false);
    expect(heard).toEqual([['signed-out', { reason: 'signed-out' }]]);
    expect(await client.token()).toBeNull();
    back();
    expect(await client.signOut()).toBe(true);
    await client.signIn(ADA);
    expect(await client.signOut()).toBe(true);
    expect(auth.isAlive).toBe(false);
  });
});

describe('a token', () => {
  it('is used while it lasts, fetched anew behind it near its end, and before use at its end', async () => {
    const { client, names } = await signedIn();
    await time.pass(50 * MINUTE);
    expect(await client.token()).toBe('access-1');
    expect(auth.refreshed).toEqual([]);
    await time.pass(6 * MINUTE);
    expect(await client.token()).toBe('access-1');
    await time.pass(0);
    expect(await client.token()).toBe('access-2');
    await time.pass(HOUR);
    expect(await client.token()).toBe('access-3');
    expect(auth.refreshed).toEqual(['refresh-1-1', 'refresh-1-2']);
    expect(names()).toEqual(['refreshed', 'refreshed']);
  });

  it.each([-2, 5])('is judged by what passes where the clock is wrong by %d hours', async (hours) => {
    time.skew = hours * HOUR;
    const { client } = await signedIn();
    expect(await client.token()).toBe('access-1');
    await time.pass(HOUR);
    expect(await client.token()).toBe('access-2');
    expect(auth.refreshed).toHaveLength(1);
  });

  it('that ended unnoticed, as when the clock was set back, is renewed when it is refused', async () => {
    const { client } = await signedIn();
    await time.pass(2 * HOUR);
    time.skew = -3 * HOUR;
    expect((await client.me()).user.id).toBe('usr_1');
    expect(auth.refreshed).toHaveLength(1);
  });

  it('is refreshed once, however many calls and clients need it', async () => {
    const clients = [(await signedIn()).client, ...[1, 2, 3].map(() => start().client)];
    await time.pass(HOUR);
    const all = await Promise.all(clients.flatMap((one) => [one.me(), one.me(), one.me()]));
    expect(all).toHaveLength(12);
    expect(auth.refreshed).toEqual(['refresh-1-1']);
  });
});

describe('trouble', () => {
  it('of the network signs nobody out, and says what it is', async () => {
    const { client, names } = await signedIn();
    await time.pass(56 * MINUTE);
    const back = auth.server.goAway();
    expect(await client.token()).toBe('access-1');
    await time.pass(HOUR);
    expect(await failure(client.me())).toMatchObject({ code: 'UNREACHABLE', kind: 'unanswered' });
    back();
    expect((await client.me()).user.id).toBe('usr_1');
    expect(names()).toEqual(['refreshed']);
  });

  it('is not made worse by asking all the time', async () => {
    const { client } = await signedIn();
    await time.pass(56 * MINUTE);
    auth.server.goAway();
    for (let second = 0; second < 30; second++) {
      await client.token();
      await time.pass(1_000);
    }
    expect(auth.server.calls('/auth/refresh')).toHaveLength(2);
  });

  it('that swallows an answer is a token asked for twice', async () => {
    const { client } = await signedIn();
    await time.pass(HOUR);
    const back = auth.server.answer('POST /auth/refresh', async (got) => {
      back();
      await auth.fetch(`${URL}/api/v1/auth/refresh`, { method: 'POST', body: JSON.stringify(got.body) });
      throw new TypeError('fetch failed', { cause: { code: 'ECONNRESET' } });
    });
    expect((await failure(client.me())).code).toBe('UNREACHABLE');
    expect((await client.me()).user.id).toBe('usr_1');
    expect(auth.refreshed).toEqual(['refresh-1-1', 'refresh-1-1']);
  });

  it.each([
    ['a proxy’s 401', () => new Response('<h1>Sign in to the hotel</h1>', { status: 401 })],
    ['a suspended organisation', () => refusal(403, 'TENANT_SUSPENDED')],
    ['a server that cannot sign', () => refusal(503, 'UNAVAILABLE', undefined, { 'retry-after': '2' })],
  ])('like %s signs nobody out', async (_, how) => {
    const { client, names } = await signedIn();
    await time.pass(HOUR);
    const back = auth.server.answer('POST /auth/refresh', how);
    await failure(client.me());
    back();
    expect((await client.me()).user.id).toBe('usr_1');
    expect(names()).toEqual(['refreshed']);
  });
});

describe('a session that is over', () => {
  it('is told once, to whoever shares it, and leaves nothing behind', async () => {
    const [one, two] = [await signedIn(), start()];
    await two.client.user();
    auth.isAlive = false;
    expect((await failure(one.client.me())).code).toBe('UNAUTHENTICATED');
    expect(one.heard).toEqual([['signed-out', { reason: 'refused' }]]);
    expect(await tabs.store.read()).toBeNull();
    expect(await two.client.token()).toBeNull();
    expect(two.heard).toEqual([['signed-out', { reason: 'elsewhere' }]]);
    expect((await failure(one.client.me())).code).toBe('UNAUTHENTICATED');
    expect(one.heard).toHaveLength(1);
  });

  it('is followed by another one', async () => {
    const [one, two] = [await signedIn(), start()];
    await one.client.signOut();
    await two.client.user();
    await one.client.signIn(ADA);
    await two.client.user();
    expect(two.names()).toEqual(['signed-in']);
  });
});

describe('a store that fails', () => {
  const kept = memoryStore<StoredAuth>();
  let isFull = false;
  const full: Store<StoredAuth> = {
    read: () => kept.read(),
    update: (change) =>
      kept.update(async (current) => {
        const next = await change(current);
        if (isFull) throw new Error('ENOSPC');
        return next;
      }),
    drop: async (isIt) => {
      if (isFull) throw new Error('EROFS');
      await kept.drop(isIt);
    },
  };
  beforeEach(() => (tabs.store = full));

  it('costs a warning, and the next start finds a token that still is good', async () => {
    isFull = false;
    const { client, names } = await signedIn();
    isFull = true;
    for (const _hour of [1, 2, 3]) {
      await time.pass(HOUR);
      expect((await client.me()).user.id).toBe('usr_1');
    }
    expect(names()).toEqual(['warning', 'refreshed', 'warning', 'refreshed', 'warning', 'refreshed']);
    // Used three times, it gave the same successor three times.
    expect(auth.refreshed).toEqual(['refresh-1-1', 'refresh-1-1', 'refresh-1-1']);
    isFull = false;
    expect((await start().client.me()).user.id).toBe('usr_1');
  });

  it('signs in and out all the same', async () => {
    isFull = false;
    await tabs.store.update(() => null);
    isFull = true;
    const { client } = await signedIn();
    expect((await client.me()).user.id).toBe('usr_1');
    await time.pass(HOUR);
    expect((await client.me()).user.id).toBe('usr_1');
    await time.pass(HOUR);
    expect((await client.me()).user.id).toBe('usr_1');
    expect(auth.refreshed).toEqual(['refresh-1-1', 'refresh-1-2']);
    expect(await client.signOut()).toBe(true);
    expect(await client.token()).toBeNull();
  });
});

describe('fetch', () => {
  it('carries the bearer to the server, renews it once, and carries it nowhere else', async () => {
    const { client } = await signedIn();
    const origins = ['https://api.acme.example'];
    const other = start({ origins }).client;
    auth.server.answer('POST /notes', (got) => new Response(null, { status: auth.isGood(got) ? 204 : 401 }));
    const post = { method: 'POST', body: '{"note":"hello"}' };
    expect((await client.fetch('/api/v1/notes', post)).status).toBe(204);
    await time.pass(2 * HOUR);
    time.skew = -3 * HOUR;
    expect((await client.fetch(`${URL}/api/v1/notes`, post)).status).toBe(204);
    expect(auth.server.calls('/notes').map((got) => got.body)).toEqual(Array(3).fill({ note: 'hello' }));
    await expect(client.fetch('https://api.acme.example/notes', post)).rejects.toThrow(TypeError);
    await expect(client.fetch('http://licences.example/notes', post)).rejects.toThrow(TypeError);
    expect((await other.fetch('https://api.acme.example/notes', post)).status).toBe(204);
    expect((await client.fetch('//evil.example/notes', post)).status).toBe(404);
    expect(auth.server.got.at(-1)?.path).toBe('//evil.example/notes');
  });

  it('follows a redirect only for who says so', async () => {
    const asked: unknown[] = [];
    const { client } = start({
      fetch: async (_, init) => {
        asked.push(init?.redirect);
        return new Response();
      },
    });
    for (const init of [undefined, {}, { redirect: undefined }, { redirect: 'follow' as const }])
      await client.fetch('/notes', init);
    expect(asked).toEqual(['error', 'error', 'error', 'follow']);
  });
});
