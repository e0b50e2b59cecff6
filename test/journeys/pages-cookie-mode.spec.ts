import { journeyBrowser, type Person } from '../support/browser.js';
import { pagesProduct } from '../support/pages.js';
import { newEmail, PASSWORD, signUpByPassword } from '../support/person.js';

/** Another site than 127.0.0.1, at which browsers reach the same machine. */
const OTHER_SITE = 'http://localhost:4173';
const SAME_SITE = 'http://127.0.0.1:4173';
const product = pagesProduct({ ALLOWED_ORIGINS: `${OTHER_SITE},${SAME_SITE}` });
const browser = journeyBrowser();
/** A page of an application, which signs in over the API with its session in cookies. */
async function signInAt(
  person: Person,
  origin: string,
  email: string,
): Promise<[number, string | undefined]> {
  await person.page.route(`${origin}/`, (route) =>
    route.fulfill({ contentType: 'text/html', body: '<!doctype html><title>An application</title>' }),
  );
  person.others.add(product.api.url);
  await person.page.goto(`${origin}/`);
  return person.page.evaluate<[number, string | undefined]>(`fetch('${product.v1}/auth/login', {
    method: 'POST',
    credentials: 'include',
    headers: { 'content-type': 'application/json', 'gatehouse-session': 'cookie' },
    body: ${JSON.stringify(JSON.stringify({ email, password: PASSWORD }))},
  }).then(async (answer) => [answer.status, (await answer.json()).error?.code])`);
}

describe('a session in cookies, in a browser', () => {
  it('is there for an application on the same site, and refused to one on another', async () => {
    const email = newEmail();
    await signUpByPassword(product.api.url, email);
    const ada = await browser.person();
    expect(await signInAt(ada, OTHER_SITE, email)).toEqual([403, 'CROSS_SITE_SESSION']);
    expect(await ada.context.cookies()).toEqual([]);
    expect((await signInAt(ada, SAME_SITE, email))[0]).toBe(200);
    const kept = await ada.context.cookies();
    expect(kept.map(({ name }) => name).sort()).toEqual([
      '__Host-gatehouse-access',
      '__Host-gatehouse-refresh',
    ]);
    const ask = (path: string, method = 'GET') =>
      ada.page.evaluate<number>(`fetch('${product.v1}${path}', {
          method: '${method}',
          credentials: 'include',
          headers: { 'gatehouse-session': 'cookie' },
        }).then((answer) => answer.status)`);
    expect(await ask('/auth/me')).toBe(200);

    // The access token has run out; tabs that wake up together get one successor.
    await ada.context.clearCookies({ name: '__Host-gatehouse-access' });
    expect(await ask('/auth/me')).toBe(401);
    expect(await Promise.all([1, 2, 3].map(() => ask('/auth/refresh', 'POST')))).toEqual([200, 200, 200]);
    expect(await ask('/auth/me')).toBe(200);
    const [before, after] = [kept, await ada.context.cookies()].map((cookies) =>
      cookies.find(({ name }) => name === '__Host-gatehouse-refresh'),
    );
    expect(after?.value).not.toBe(before?.value);

    expect(await ask('/auth/logout', 'POST')).toBe(200);
    expect(await ask('/auth/me')).toBe(401);
    expect(await ada.context.cookies()).toEqual([]);
  });
});
