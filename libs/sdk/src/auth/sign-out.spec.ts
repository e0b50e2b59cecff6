import { memoryStore } from '../client/memory-stores.js';
import type { Store } from '../client/platform.js';
import type { FakeTime } from '../testing/fake-time.js';
import { ADA, type ScriptedAuth } from '../testing/scripted-auth.js';
import { json } from '../testing/scripted-server.js';
import { ScriptedTabs } from '../testing/scripted-tabs.js';
import { ISSUER } from '../testing/signer.js';
import { PortableAuthClient } from './portable-auth-client.js';
import type { StoredAuth } from './stored-auth.js';

const HOUR = 3_600_000;

let tabs: ScriptedTabs;
let time: FakeTime;
let auth: ScriptedAuth;
let kept: Store<StoredAuth>;
/** The next read gives what it saw when this is over. */
let heldRead: Promise<void> | null;
beforeEach(() => {
  tabs = new ScriptedTabs();
  ({ time, auth } = tabs);
  kept = memoryStore();
  heldRead = null;
  tabs.store = {
    read: async () => {
      const seen = await kept.read();
      const held = heldRead;
      heldRead = null;
      await held;
      return seen;
    },
    update: (change) => kept.update(change),
    drop: (isIt) => kept.drop(isIt),
  };
});
const start = () => tabs.start();
const signedIn = () => tabs.signedIn();

/** Something that is over when it is told. */
function gate() {
  let open = () => undefined as void;
  const opened = new Promise<void>((resolve) => (open = resolve));
  return { open, opened };
}

/** A refresh whose answer is on its way until `open`; `begun`: the server has given it. */
function slowRefresh() {
  const { open, opened } = gate();
  const { open: begin, opened: begun } = gate();
  const back = auth.server.answer('POST /auth/refresh', async (got) => {
    back();
    const answer = await auth.fetch(`${ISSUER}/api/v1/auth/refresh`, {
      method: 'POST',
      body: JSON.stringify(got.body),
    });
    begin();
    await opened;
    return answer;
  });
  return { open, begun };
}

describe('what was read before', () => {
  it('somebody signed out brings nobody back', async () => {
    const { client, heard } = await signedIn();
    const { open, opened } = gate();
    heldRead = opened;
    const token = client.token();
    await client.signOut();
    open();
    expect(await token).toBeNull();
    expect(heard).toEqual([['signed-out', { reason: 'signed-out' }]]);
  });

  it('somebody signed in signs nobody out', async () => {
    const { client, names } = start();
    const { open, opened } = gate();
    heldRead = opened;
    const user = client.user();
    await client.signIn(ADA);
    open();
    expect((await user)?.email).toBe(ADA.email);
    expect(names()).toEqual(['signed-in']);
  });

  it('another tab signed out is no news after that', async () => {
    const [one, two] = [await signedIn(), start()];
    await two.client.user();
    const { open, opened } = gate();
    heldRead = opened;
    const late = two.client.user();
    await one.client.signOut();
    expect(await two.client.user()).toBeNull();
    open();
    expect(await late).toBeNull();
    expect(two.names()).toEqual(['signed-out']);
  });
});

describe('signing out while a refresh is under way', () => {
  it('takes effect at once, and ends what the refresh gets', async () => {
    const { client, names } = await signedIn();
    await time.pass(HOUR);
    const refresh = slowRefresh();
    const token = client.token();
    await refresh.begun;
    expect(await client.signOut()).toBe(true);
    expect([await client.token(), await kept.read()]).toEqual([null, null]);
    refresh.open();
    expect(await token).toBeNull();
    expect([await client.user(), await kept.read()]).toEqual([null, null]);
    expect(auth.loggedOut).toEqual(['refresh-1-1', 'refresh-1-2']);
    expect(names()).toEqual(['signed-out']);
  });

  it('of another tab, too', async () => {
    const [one, two] = [await signedIn(), start()];
    await time.pass(HOUR);
    const refresh = slowRefresh();
    const token = one.client.token();
    await refresh.begun;
    await two.client.signOut();
    refresh.open();
    expect([await token, await kept.read()]).toEqual([null, null]);
    expect(auth.loggedOut).toEqual(['refresh-1-1', 'refresh-1-2']);
    expect(one.heard).toEqual([['signed-out', { reason: 'elsewhere' }]]);
  });

  it('is not what happened where another program got the lock of one that slept, and refreshed', async () => {
    let value: StoredAuth | null = null;
    kept = {
      read: async () => value,
      update: async (change) => (value = await change(value)),
      drop: async () => void (value = null),
    };
    const { client, names } = await signedIn();
    await time.pass(HOUR);
    const refresh = slowRefresh();
    const token = client.token();
    await refresh.begun;
    value = { ...value!, accessToken: 'access-9', refreshToken: 'refresh-1-2', expiresAt: time.now() + HOUR };
    refresh.open();
    expect([await token, (await kept.read())?.refreshToken]).toEqual(['access-9', 'refresh-1-2']);
    expect([auth.loggedOut, names()]).toEqual([[], []]);
  });

  it('while it is written, withdraws it', async () => {
    const { client } = await signedIn();
    await time.pass(HOUR);
    const { open, opened } = gate();
    const { open: begin, opened: begun } = gate();
    const { update } = kept;
    kept.update = (change) =>
      update(async (current) => {
        const next = await change(current);
        begin();
        await opened;
        return next;
      });
    const slow = new PortableAuthClient({ url: ISSUER, fetch: auth.fetch }, { time, store: kept });
    const token = slow.token();
    await begun;
    await slow.signOut();
    open();
    expect([await token, await kept.read(), await client.token()]).toEqual([null, null, null]);
    expect(auth.loggedOut).toContain('refresh-1-2');
  });

  it('and a sign-in waits for it gives up that one, but none after it', async () => {
    const { client, names } = await signedIn();
    await time.pass(HOUR);
    const refresh = slowRefresh();
    const token = client.token();
    await refresh.begun;
    const answered = auth.server.got.length;
    const first = client.signIn(ADA);
    while (auth.server.got.length === answered) await time.pass(0);
    await time.pass(0);
    await client.signOut();
    const second = client.signIn(ADA);
    await time.pass(0);
    refresh.open();
    await Promise.all([token, first, second]);
    expect((await kept.read())?.refreshToken).toBe('refresh-3-1');
    expect(auth.loggedOut).toContain('refresh-2-1');
    expect(names()).toEqual(['signed-out', 'signed-in']);
  });
});

describe('a request that is refused', () => {
  it('is not made again as somebody who signed in meanwhile', async () => {
    const { client } = await signedIn();
    const other = start().client;
    const back = auth.server.answer('POST /notes', async () => {
      back();
      auth.user = { ...auth.user, id: 'usr_2', email: 'bob@acme.example' };
      await other.signIn({ ...ADA, email: 'bob@acme.example' });
      auth.server.answer('POST /notes', () => json(200, {}));
      return new Response(null, { status: 401 });
    });
    const answer = await client.fetch('/api/v1/notes', { method: 'POST', body: '{"note":"mine"}' });
    expect(answer.status).toBe(401);
    expect(auth.server.calls('/notes')).toHaveLength(1);
    expect((await client.me()).user.id).toBe('usr_2');
  });

  it('is made again as the same person who signed in anew', async () => {
    const { client } = await signedIn();
    const other = start().client;
    const back = auth.server.answer('POST /notes', async () => {
      back();
      await other.signIn(ADA);
      auth.server.answer('POST /notes', () => json(200, {}));
      return new Response(null, { status: 401 });
    });
    const answer = await client.fetch('/api/v1/notes', { method: 'POST', body: '{}' });
    expect(answer.status).toBe(200);
    expect(auth.server.calls('/notes')[1]?.headers.get('authorization')).toBe('Bearer access-2');
  });

  it('is renewed once for all, also where two access tokens of one second are alike', async () => {
    const all = [await signedIn(), start(), start()];
    await time.pass(HOUR);
    auth.server.answer('POST /auth/refresh', () =>
      json(200, { access_token: 'access-1', refresh_token: 'refresh-1-2', expires_in: 3600 }),
    );
    expect(await Promise.all(all.map(({ client }) => client.token()))).toEqual(Array(3).fill('access-1'));
    expect(auth.server.calls('/auth/refresh')).toHaveLength(1);
  });

  it('a token that ended is no obstacle to the next person', async () => {
    const { client } = await signedIn();
    await time.pass(HOUR);
    const { open, opened } = gate();
    auth.user = { ...auth.user, id: 'usr_2', email: 'bob@acme.example' };
    const held = kept.update(async (current) => {
      await opened;
      return {
        ...current!,
        accessToken: 'access-9',
        user: { ...current!.user, id: 'usr_2' },
        expiresAt: 4e12,
      };
    });
    const token = client.token();
    await time.pass(0);
    open();
    await held;
    expect(await token).toBe('access-9');
  });
});
