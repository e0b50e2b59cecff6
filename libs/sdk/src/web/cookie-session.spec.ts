import { systemTime } from '../client/platform.js';
import { CookieJar } from '../testing/cookie-jar.js';
import { failure } from '../testing/failure.js';
import { MapStorage } from '../testing/page-storage.js';
import { ADA, ScriptedAuth } from '../testing/scripted-auth.js';
import { AuthClient, type WebAuthClientOptions } from './auth-client.js';

const KEY = 'gatehouse.auth';

let auth: ScriptedAuth;
let jar: CookieJar;
let storage: MapStorage;
beforeEach(() => {
  auth = new ScriptedAuth(systemTime);
  auth.others = { ten_2: 'Brook' };
  jar = new CookieJar(auth.fetch);
  storage = new MapStorage();
});

const tab = (more: Partial<WebAuthClientOptions> = {}) =>
  new AuthClient({ url: 'https://licences.example', session: 'cookie', storage, fetch: jar.fetch, ...more });
const expire = () => {
  const kept = JSON.parse(storage.getItem(KEY)!) as object;
  storage.setItem(KEY, JSON.stringify({ ...kept, expires_at: '2026-01-01T00:00:00Z' }));
};

describe('a page whose tokens are in cookies (S2-28)', () => {
  it('signs in, calls, refreshes and signs out, and no script ever sees a token', async () => {
    const page = tab();
    await page.signIn(ADA);
    expect((await page.me()).user.id).toBe('usr_1');
    expire();
    expect((await page.me()).user.id).toBe('usr_1');
    expect(auth.refreshed).toEqual(['refresh-1-1']);
    expect((await page.fetch('/api/v1/auth/me')).status).toBe(200);
    expect(await page.signOut()).toBe(true);
    expect([auth.loggedOut, jar.cookies.size, jar.bare]).toEqual([['refresh-1-2'], 0, []]);
    const everything = [...jar.seen, ...storage.items.values()].join('\n');
    expect(everything).not.toMatch(/access-\d|refresh-\d|authorization/);
    expect(await page.user()).toBeNull();
  });

  it('keeps who it is for the other tabs, and refreshes once for all of them', async () => {
    await tab().signIn(ADA);
    expire();
    const tabs = Array.from({ length: 4 }, () => tab());
    const all = await Promise.all(tabs.map((one) => one.me()));
    expect([all.length, auth.refreshed]).toEqual([4, ['refresh-1-1']]);
  });

  it('refreshes once for all tabs when a cookie is refused before its time', async () => {
    await tab().signIn(ADA);
    jar.cookies.set('access_token', 'gone');
    const tabs = Array.from({ length: 4 }, () => tab());
    expect(await Promise.all(tabs.map(async (one) => (await one.me()).role))).toEqual(Array(4).fill('owner'));
    expect(auth.refreshed).toEqual(['refresh-1-1']);
  });

  it('hears that the session is over', async () => {
    const page = tab();
    await page.signIn(ADA);
    auth.isAlive = false;
    const reason = new Promise((resolve) => page.once('signed-out', resolve));
    expect((await failure(page.me())).status).toBe(401);
    expect(await reason).toEqual({ reason: 'refused' });
  });

  it('finds out who is signed in where only the cookie knows', async () => {
    expect(await tab().restore()).toBeNull();
    await tab().signIn(ADA);
    storage.items.clear();
    const page = tab();
    expect((await page.restore())?.email).toBe(ADA.email);
    expect((await page.me()).role).toBe('owner');
    expect(auth.refreshed).toHaveLength(2);
    const back = auth.server.goAway();
    storage.items.clear();
    expect((await failure(tab().restore())).code).toBe('UNREACHABLE');
    back();
  });

  it('believes no server that gives it tokens after all', async () => {
    const page = tab({ fetch: auth.fetch });
    expect((await failure(page.signIn(ADA))).code).toBe('BAD_ANSWER');
    expect(storage.getItem(KEY)).toBeNull();
  });

  it('goes to another organisation, and ends the session that it left by its name', async () => {
    const session = { id: 'ses_1', tenant_id: 'ten_1', current: true, provider: 'password', amr: ['pwd'] };
    const at = '2026-03-01T12:00:00.000Z';
    const seen = { browser: null, system: null, address: null, place: null };
    const times = { created_at: at, last_active_at: at, expires_at: at };
    auth.server.answer('GET /auth/sessions', () =>
      Response.json({ data: [{ ...session, ...seen, ...times }], next_cursor: null }),
    );
    auth.server.answer('DELETE /auth/sessions/ses_1', () => Response.json({ status: 'revoked' }));
    const page = tab();
    await page.signIn(ADA);
    await page.switchTenant('ten_2');
    expect((await page.user())?.tenantId).toBe('ten_2');
    expect([auth.server.calls('/auth/sessions/ses_1').length, auth.loggedOut]).toEqual([1, []]);
  });

  it('carries cookies to no other place', () => {
    expect(() => tab({ origins: ['https://api.acme.example'] })).toThrow(TypeError);
  });
});
