import { AuthClient } from '#sdk/browser';
import { journeyProduct } from '../support/journey.js';
import { Page, PageMemory } from '../support/page.js';
import { newEmail, PASSWORD, signUpByPassword } from '../support/person.js';

const APPLICATION = 'https://app.acme.example';

const product = journeyProduct({ ALLOWED_ORIGINS: APPLICATION });

let page: Page;
let memory: PageMemory;
beforeEach(() => {
  page = new Page(APPLICATION);
  memory = new PageMemory();
});
const tab = (at: Page = page) =>
  new AuthClient({ url: product.api.url, session: 'cookie', storage: memory, fetch: at.fetch });
const expire = () => {
  const kept = JSON.parse(memory.getItem('gatehouse.auth') ?? '{}') as object;
  memory.setItem('gatehouse.auth', JSON.stringify({ ...kept, expires_at: '2026-01-01T00:00:00Z' }));
};
const thrownBy = (work: Promise<unknown>) =>
  work.then(
    () => null,
    (error: unknown) => error,
  );

describe('a browser application whose tokens are in cookies (S2-28)', () => {
  it('registers, calls, refreshes in silence for all its tabs, and signs out; no script sees a token', async () => {
    const email = newEmail();
    await tab().register({ email, password: PASSWORD, organizationName: 'Acme Tools' });
    expect([...page.cookies.keys()].sort()).toEqual(['__Host-gatehouse-access', '__Host-gatehouse-refresh']);
    const first = page.cookies.get('__Host-gatehouse-refresh');
    expire();
    const tabs = Array.from({ length: 4 }, () => tab());
    expect(new Set(await Promise.all(tabs.map(async (one) => (await one.me()).user.email)))).toEqual(
      new Set([email]),
    );
    expect(page.cookies.get('__Host-gatehouse-refresh')).not.toBe(first);
    expect((await tabs[0]!.fetch('/api/v1/licenses')).status).toBe(200);

    const { readable } = page;
    const secrets = [...page.cookies.values(), first];
    expect(await tabs[1]!.signOut()).toBe(true);
    expect(page.cookies.size).toBe(0);
    const everything = [...readable, ...memory.items.values()].join('\n');
    for (const secret of secrets) expect(everything).not.toContain(secret);
    expect(await tabs[2]!.user()).toBeNull();
  });

  it('renews a cookie that was refused, once', async () => {
    const { user } = await signUpByPassword(product.api.url);
    await tab().signIn({ email: user.email, password: PASSWORD });
    page.cookies.set('__Host-gatehouse-access', 'gone');
    expect((await tab().me()).user.id).toBe(user.id);
  });

  it('finds out who is signed in where only the cookie knows', async () => {
    expect(await tab().restore()).toBeNull();
    const { user } = await signUpByPassword(product.api.url);
    await tab().signIn({ email: user.email, password: PASSWORD });
    memory.items.clear();
    expect((await tab().restore())?.id).toBe(user.id);
  });

  it('does nothing for a page of another origin, cookies or not', async () => {
    const { user } = await signUpByPassword(product.api.url);
    await tab().signIn({ email: user.email, password: PASSWORD });
    const elsewhere = new Page('https://evil.example');
    page.cookies.forEach((value, name) => elsewhere.cookies.set(name, value));
    const refused = await thrownBy(tab(elsewhere).account.logoutAll());
    expect(refused).toMatchObject({ status: 403, code: 'ORIGIN_NOT_ALLOWED' });
    expect((await tab().me()).user.id).toBe(user.id);
  });
});
