import { readdirSync, readFileSync } from 'node:fs';
import { WAYS } from '../../apps/api/pages/ways.controller.js';
import { journeyBrowser } from '../support/browser.js';
import { FORMS, OPENED } from '../support/page-routes.js';
import { pagesProduct } from '../support/pages.js';
import { newEmail, PASSWORD, signUpByPassword } from '../support/person.js';
import { PICTURES } from '../support/pictures.js';

const product = pagesProduct();
const browser = journeyBrowser();
const url = (path: string) => `${product.api.url}${path}`;
/** Ways on that show nothing of themselves. */
const UNSEEN = new Set(['/login/with/:provider', '/pages/:file', ...Object.keys(WAYS)]);

/** A form as a page of ours gave it to a browser: its token, and the cookie it goes with. */
async function opened(path: string): Promise<{ token: string; cookie: string }> {
  const answer = await fetch(url(path));
  const token = /name="form_token" value="([^"]+)"/.exec(await answer.text())?.[1] ?? '';
  const cookie = answer.headers
    .getSetCookie()
    .map((one) => one.split(';', 1)[0])
    .join('; ');
  expect(token).toMatch(/^[\w-]{43}$/);
  return { token, cookie };
}

const send = (path: string, fields: Record<string, string>, headers: Record<string, string> = {}) =>
  fetch(url(path), {
    method: 'POST',
    redirect: 'manual',
    headers: { 'content-type': 'application/x-www-form-urlencoded', ...headers },
    body: new URLSearchParams(fields),
  });

describe('pages', () => {
  it('are wherever a form was sent to, and at the front door', async () => {
    expect(FORMS.filter((path) => !OPENED.includes(path))).toEqual([]);
    expect(Object.keys(WAYS)).toContain('/');
    for (const path of Object.keys(WAYS)) {
      const answer = await fetch(url(path));
      // Whoever opens that has no invitation in their hand any more.
      expect([path, answer.status]).toEqual([path, path === '/invite/answer' ? 410 : 200]);
      expect(answer.headers.get('content-type')).toBe('text/html; charset=utf-8');
    }
  });

  it('are each looked at by a test', () => {
    const seen = OPENED.filter((path) => !UNSEEN.has(path));
    expect(seen.filter((path) => !(path in PICTURES))).toEqual([]);
    const directory = new URL('./', import.meta.url);
    const tests = readdirSync(directory).filter((file) => file.startsWith('pages-'));
    const source = tests.map((file) => readFileSync(new URL(file, directory), 'utf8')).join('');
    const missing = Object.values(PICTURES)
      .flat()
      .filter((name) => !source.includes(`.look('${name}')`));
    expect(missing).toEqual([]);
  });
});

describe('forms of the pages', () => {
  it('are refused without a token, with another browser’s, and with that of another form', async () => {
    const mine = await opened('/login');
    const theirs = await opened('/login');
    expect(FORMS.length).toBeGreaterThan(15);
    for (const path of FORMS) {
      for (const [fields, cookie] of [
        [{}, ''],
        [{}, mine.cookie],
        [{ form_token: theirs.token }, mine.cookie],
        [{ form_token: mine.token }, ''],
        [{ form_token: `${mine.token}x` }, mine.cookie],
        ...(path === '/login' ? [] : [[{ form_token: mine.token }, mine.cookie] as const]),
      ] as const) {
        const answer = await send(path, fields, { cookie });
        expect([path, answer.status]).toEqual([path, 403]);
        expect(answer.headers.get('content-type')).toBe('text/html; charset=utf-8');
        expect(answer.headers.getSetCookie().join()).not.toMatch(/access|refresh/);
      }
    }
  });

  it('are refused from another origin, sign-in included, though the token is right', async () => {
    const email = newEmail();
    await signUpByPassword(product.api.url, email);
    const { token, cookie } = await opened('/login');
    const fields = { form_token: token, email, password: PASSWORD };
    const foreign: Record<string, string>[] = [
      { origin: 'https://evil.example' },
      { origin: 'null' },
      { 'sec-fetch-site': 'cross-site' },
      { 'sec-fetch-site': 'same-site' },
    ];
    for (const headers of foreign) {
      const answer = await send('/login', fields, { cookie, ...headers });
      expect([headers, answer.status]).toEqual([headers, 403]);
    }
    const own = { cookie, origin: product.api.url, 'sec-fetch-site': 'same-origin' };
    const answer = await send('/login', fields, own);
    expect([answer.status, answer.headers.get('location')]).toEqual([303, '/account']);
    expect(answer.headers.getSetCookie().join()).toContain('__Host-gatehouse-refresh=rft_');
  });

  it('cannot be sent by a page of another site in a browser that is signed in', async () => {
    const email = newEmail();
    await signUpByPassword(product.api.url, email);
    const ada = await browser.person();
    await ada.page.goto(url('/login'));
    await ada.fill({ 'E-mail address': email, Password: PASSWORD });
    await ada.press('Sign in');
    const { host } = new URL(product.api.url);
    const evil = 'http://evil.example/';
    await ada.page.route(evil, (route) =>
      route.fulfill({
        contentType: 'text/html',
        body: `<form method="post" action="http://${host}/logout"><button>Win a prize</button></form>`,
      }),
    );
    await ada.page.goto(evil);
    await ada.press('Win a prize');
    expect(await ada.said()).toContain('This form was not opened here');
    await ada.look('form-refused');
    await ada.page.goto(url('/account'));
    expect(await ada.heading()).toBe('Your account');
    await ada.page.goto(url('/logout'));
    await ada.look('logout');
    // And no frame shows any of it.
    const { headers } = await fetch(url('/login'));
    expect(headers.get('content-security-policy')).toBe(
      "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    );
    expect(headers.get('cache-control')).toBe('no-store');
    expect(headers.get('x-content-type-options')).toBe('nosniff');
    expect(headers.get('cross-origin-opener-policy')).toBe('same-origin');
    expect(headers.get('referrer-policy')).toBe('same-origin');
  });

  it('give a new session and new tokens to who signs in, whatever the browser had before', async () => {
    const email = newEmail();
    await signUpByPassword(product.api.url, email);
    const { token, cookie } = await opened('/login');
    const planted = `${cookie}; __Host-gatehouse-refresh=rft_planted; __Host-gatehouse-access=planted`;
    const fields = { form_token: token, email, password: PASSWORD };
    const answer = await send('/login', fields, { cookie: planted, origin: product.api.url });
    const after = answer.headers.getSetCookie().join('\n');
    expect(after).toMatch(/__Host-gatehouse-refresh=rft_(?!planted)/);
    expect(after).toMatch(/__Host-gatehouse-form=[\w-]{43}/);
    // The form that was open is not good with the browser's new cookie.
    const renewed = /__Host-gatehouse-form=[\w-]{43}/.exec(after)?.[0] ?? '';
    expect((await send('/login', fields, { cookie: renewed, origin: product.api.url })).status).toBe(403);
  });

  it('take forms only, of a size, and no fields twice', async () => {
    const json = { 'content-type': 'application/json' };
    const asJson = await fetch(url('/login'), { method: 'POST', headers: json, body: '{"email":"a"}' });
    expect(asJson.status).toBe(403);
    expect((await send('/login', { email: 'a'.repeat(20_000) })).status).toBe(413);
    const { token, cookie } = await opened('/login');
    const twice = await fetch(url('/login'), {
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded', cookie, origin: product.api.url },
      body: `form_token=${token}&email=a@b.example&email=c@d.example&password=x`,
    });
    expect(twice.status).toBe(422);
    expect(await twice.text()).toContain('Give one e-mail address');
  });

  it('show what was typed as text', async () => {
    const { token, cookie } = await opened('/login');
    const evil = `"><script>alert(1)</script>`;
    const answer = await send(
      '/login',
      { form_token: token, email: evil, next: evil },
      { cookie, origin: product.api.url },
    );
    const text = await answer.text();
    expect(text).toContain('&#60;script&#62;');
    expect(text).not.toContain('<script>alert');
  });
});
