import { memoryStore } from '../client/memory-stores.js';
import type { Store } from '../client/platform.js';
import { toBase64url, utf8 } from '../formats/base64url.js';
import { FakeTime } from '../testing/fake-time.js';
import { ADA, ScriptedAuth } from '../testing/scripted-auth.js';
import { PortableAuthClient } from './portable-auth-client.js';
import type { StoredAuth } from './stored-auth.js';

const HERE = 'https://licences.example';
const THERE = 'https://other.example';

let time: FakeTime;
let here: ScriptedAuth;
let there: ScriptedAuth;
let store: Store<StoredAuth>;
beforeEach(() => {
  time = new FakeTime();
  here = new ScriptedAuth({ now: time.truth });
  there = new ScriptedAuth({ now: time.truth });
  store = memoryStore();
});

const at = (url: string, { fetch } = here) => new PortableAuthClient({ url, fetch }, { time, store });

describe('tokens of one server', () => {
  it('are not there for another one, and stay', async () => {
    await at(HERE).signIn(ADA);
    const before = await store.read();
    expect(before?.url).toBe(HERE);
    await time.pass(3_600_000);
    const other = at(THERE, there);
    expect([await other.user(), await other.token()]).toEqual([null, null]);
    await expect(other.me()).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
    await other.fetch('/api/v1/auth/me');
    expect(await other.renew('access-1')).toBeNull();
    expect(await other.signOut()).toBe(true);
    expect(there.server.got.map((got) => [got.path, got.headers.get('authorization')])).toEqual([
      ['/auth/me', null],
      ['/auth/me', null],
    ]);
    expect(await store.read()).toEqual(before);
    expect((await at(`${HERE}/`).me()).user.id).toBe('usr_1');
  });

  it('give way to a sign-in at another one', async () => {
    const first = at(HERE);
    await first.signIn(ADA);
    const reasons: unknown[] = [];
    first.on('signed-out', ({ reason }) => void reasons.push(reason));
    const other = at(THERE, there);
    await other.signIn(ADA);
    expect([await first.user(), (await store.read())?.url]).toEqual([null, THERE]);
    expect(reasons).toEqual(['elsewhere']);
    await first.signOut();
    expect((await other.user())?.email).toBe(ADA.email);
  });
});

describe('tokens that were kept without their server', () => {
  const issuedBy = (claims: object) => `e30.${toBase64url(utf8(JSON.stringify(claims)))}.sig`;
  const keep = (accessToken: string) =>
    store.update(() => ({
      ...{ accessToken, refreshToken: 'refresh-1-1', expiresAt: time.now() - 1 },
      user: { email: ADA.email, tenantId: 'ten_1', plan: 'PRO' },
    }));

  it('are good for their issuer, and bound to it with the first refresh', async () => {
    await at(HERE).signIn(ADA);
    await keep(issuedBy({ iss: HERE }));
    expect(await at(HERE).token()).toBe('access-2');
    expect(await store.read()).toMatchObject({ url: HERE, refreshToken: 'refresh-1-2' });
  });

  it.each([
    ['another', issuedBy({ iss: THERE })],
    ['the same without TLS', issuedBy({ iss: HERE.replace('https', 'http') })],
    ['nobody', issuedBy({})],
    ['nothing that can be read', 'access-1'],
  ])('are nobody’s where the token names %s', async (_, accessToken) => {
    const kept = await keep(accessToken);
    expect(await at(HERE).token()).toBeNull();
    expect([here.refreshed, await store.read()]).toEqual([[], kept]);
  });
});
