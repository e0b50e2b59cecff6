import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { journeyBrowser, type Person } from '../support/browser.js';
import { pagesProduct, signInElsewhere } from '../support/pages.js';
import { call, newEmail, PASSWORD, signUpByPassword, succeed } from '../support/person.js';
import { authorize, authorizeQuery, pkce } from '../support/programs.js';

// Who asks may be anywhere: a proxy in front says where.
const product = pagesProduct({ TRUSTED_PROXIES: '127.0.0.1' });
const browser = journeyBrowser();
const url = (path: string) => `${product.api.url}${path}`;
async function signIn(person: Person, email: string): Promise<void> {
  await person.fill({ 'E-mail address': email, Password: PASSWORD });
  await person.press('Sign in');
}

/** A program's own server, and what comes to it. */
async function loopback(host: string): Promise<{ uri: string; answered: Promise<URL>; close: () => void }> {
  const { promise, resolve } = Promise.withResolvers<URL>();
  const server = createServer((request, response) => {
    const asked = new URL(request.url ?? '', 'http://program');
    if (asked.pathname === '/callback') resolve(asked);
    response.writeHead(asked.pathname === '/callback' ? 200 : 204, { 'content-type': 'text/html' });
    response.end('<!doctype html><html lang="en"><title>Done</title><h1>You can close this page</h1>');
  }).listen(0, host);
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const close = () => {
    server.close();
    server.closeAllConnections();
  };
  const name = host.includes(':') ? `[${host}]` : host;
  return { uri: `http://${name}:${port}/callback`, answered: promise, close };
}

const ELSEWHERE = 'It does not ask from the network that you are in';
const CHANGED = 'Since this page was shown';

const form = (fields: Record<string, string>, headers: Record<string, string> = {}) => ({
  method: 'POST',
  headers: { 'content-type': 'application/x-www-form-urlencoded', ...headers },
  body: new URLSearchParams(fields),
});

describe('consent to a program on the same machine (S1-60, C40)', () => {
  it.each(['127.0.0.1', '::1'])(
    'names program, device and account, and brings the code to %s',
    async (host) => {
      const email = newEmail();
      await signUpByPassword(product.api.url, email);
      const program = await loopback(host);
      const verifier = randomBytes(32).toString('base64url');
      const authorize = new URL(url('/oauth/authorize'));
      authorize.search = new URLSearchParams({
        response_type: 'code',
        client_id: 'gatehouse-cli',
        redirect_uri: program.uri,
        state: 'a state',
        code_challenge: createHash('sha256').update(verifier).digest('base64url'),
        code_challenge_method: 'S256',
        device_name: 'build-box',
      }).toString();

      const ada = await browser.person();
      await ada.page.goto(authorize.href);
      expect(ada.path).toMatch(/^\/login\?next=%2Fconsent%3Frequest%3D/);
      await signIn(ada, email);
      expect(ada.path).toMatch(/^\/consent\?request=/);
      const told = await ada.page.locator('main').innerText();
      for (const fact of ['build-box', email, 'Acme Tools', '127.0.0.1']) expect(told).toContain(fact);
      await ada.look('consent');
      await ada.press('Let it in');
      const answered = await program.answered;
      expect(ada.page.url().startsWith(program.uri)).toBe(true);
      expect(answered.searchParams.get('state')).toBe('a state');
      const answer = await fetch(
        url('/oauth/token'),
        form({
          grant_type: 'authorization_code',
          client_id: 'gatehouse-cli',
          code: answered.searchParams.get('code') ?? '',
          redirect_uri: program.uri,
          code_verifier: verifier,
        }),
      );
      const { access_token: bearer } = (await answer.json()) as { access_token: string };
      const me = await succeed<{ user: { email: string } }>(`${product.v1}/auth/me`, { bearer });
      expect(me.user.email).toBe(email);

      await ada.page.goBack();
      await ada.page.reload();
      expect(await ada.heading()).toBe('Nothing to answer');
      await ada.look('consent-gone');
      program.close();
    },
  );

  it('may be given for another account, and refused', async () => {
    const [first, second] = [newEmail(), newEmail()];
    await Promise.all([first, second].map((email) => signUpByPassword(product.api.url, email)));
    const program = await loopback('127.0.0.1');
    const authorize = new URL(url('/oauth/authorize'));
    authorize.search = new URLSearchParams({
      response_type: 'code',
      client_id: 'gatehouse-cli',
      redirect_uri: program.uri,
      state: 'x',
      code_challenge: createHash('sha256').update('v'.repeat(43)).digest('base64url'),
      code_challenge_method: 'S256',
    }).toString();
    const ada = await browser.person();
    await ada.page.goto(authorize.href);
    await signIn(ada, first);
    await ada.follow('Sign in as somebody else');
    await signIn(ada, second);
    expect(await ada.page.locator('dl').innerText()).toContain(second);

    // Whose consent it is has to be who read the question.
    await signInElsewhere(ada, product, first);
    await ada.press('Let it in');
    expect([ada.path, await ada.heading()]).toEqual(['/consent', 'Let Gatehouse CLI in?']);
    expect(await ada.said()).toContain(CHANGED);
    expect(await ada.page.locator('dl').innerText()).toContain(first);
    await ada.look('consent-changed');
    await ada.press('Refuse');
    const answered = await program.answered;
    expect(answered.searchParams.get('error')).toBe('access_denied');
    expect(answered.searchParams.has('code')).toBe(false);
    program.close();
  });
});

describe('consent in another browser', () => {
  it('is asked for in no other browser than the one that the program has opened', async () => {
    const email = newEmail();
    await signUpByPassword(product.api.url, email);
    const query = authorizeQuery(pkce().challenge);
    const { location } = await authorize(product.api.url, query);
    const ada = await browser.person();
    await ada.page.goto(location?.href ?? '');
    await signIn(ada, email);
    expect(ada.path).toMatch(/^\/consent\?request=/);
    expect(await ada.heading()).toBe('Nothing to answer');
    // By its own link it is hers to judge: the page says what to beware of.
    await ada.page.goto(url(`/oauth/authorize?${new URLSearchParams(query).toString()}`));
    expect(await ada.heading()).toBe('Let Gatehouse CLI in?');
    expect(await ada.page.locator('main').innerText()).toContain('asks you for that address');
  });
});

describe('the code of a device without a browser (S1-56, C40)', () => {
  const begin = async (address = '127.0.0.1') => {
    const answer = await fetch(
      url('/oauth/device_authorization'),
      form({ client_id: 'gatehouse-cli', device_name: 'rack-7' }, { 'x-forwarded-for': address }),
    );
    return (await answer.json()) as {
      device_code: string;
      user_code: string;
      verification_uri_complete: string;
    };
  };
  const poll = (device_code: string) =>
    fetch(
      url('/oauth/token'),
      form({
        grant_type: 'urn:ietf:params:oauth:grant-type:device_code',
        client_id: 'gatehouse-cli',
        device_code,
      }),
    ).then((answer) => answer.json() as Promise<{ access_token?: string; error?: string }>);

  it('is typed or comes with a link, is judged by who is signed in, and lets the program in once', async () => {
    const email = newEmail();
    await signUpByPassword(product.api.url, email);
    const { device_code: code, user_code: userCode, verification_uri_complete: link } = await begin();
    const ada = await browser.person();
    await ada.page.goto(link);
    await signIn(ada, email);
    expect(ada.path).toBe(`/device?user_code=${userCode}`);
    expect(await ada.page.getByLabel('Code on the device').inputValue()).toBe(userCode);
    await ada.look('device');

    await ada.fill({ 'Code on the device': 'BBBB-BBBB' });
    await ada.press('Continue');
    expect(await ada.page.locator('#user_code-fault').innerText()).toContain('No device waits');
    await ada.look('device-unknown');
    await ada.fill({ 'Code on the device': userCode.toLowerCase().replace('-', ' ') });
    await ada.press('Continue');
    const told = await ada.page.locator('main').innerText();
    for (const fact of ['It calls itself “rack-7”', email, 'Acme Tools']) expect(told).toContain(fact);
    expect(told).not.toContain(ELSEWHERE);
    await ada.look('device-asks');
    await ada.press('Let it in');
    expect(await ada.said()).toContain('It is let in');
    await ada.look('device-done');
    const { access_token: bearer } = await poll(code);
    expect((await call(`${product.v1}/auth/me`, { bearer })).status).toBe(200);

    await ada.page.goto(link);
    await ada.press('Continue');
    expect(await ada.page.locator('#user_code-fault').innerText()).toContain('No device waits');
  });

  it('is answered by who read the question, and by nobody who has signed in since in another tab', async () => {
    const [first, second] = [newEmail(), newEmail()];
    await Promise.all([first, second].map((email) => signUpByPassword(product.api.url, email)));
    const { device_code: code, verification_uri_complete: link } = await begin();
    const ada = await browser.person();
    await ada.page.goto(link);
    await signIn(ada, first);
    await ada.press('Continue');
    await signInElsewhere(ada, product, second);
    await ada.press('Let it in');
    expect(await ada.said()).toContain(CHANGED);
    expect(await ada.page.locator('dl').innerText()).toContain(second);
    expect((await poll(code)).error).toBe('authorization_pending');
    await ada.look('device-changed');
    await ada.press('Let it in');
    expect(await ada.said()).toContain('It is let in');
  });

  it('warns of a program that asks from another network than the browser’s', async () => {
    const email = newEmail();
    await signUpByPassword(product.api.url, email);
    const { verification_uri_complete: link } = await begin('203.0.113.7');
    const ada = await browser.person();
    await ada.page.goto(link);
    await signIn(ada, email);
    await ada.press('Continue');
    expect(await ada.said()).toContain(ELSEWHERE);
    await ada.look('device-elsewhere');
  });

  it('may be refused', async () => {
    const email = newEmail();
    await signUpByPassword(product.api.url, email);
    const { device_code: code, verification_uri_complete: link } = await begin();
    const ada = await browser.person();
    await ada.page.goto(link);
    await signIn(ada, email);
    await ada.press('Continue');
    await ada.press('Refuse');
    expect(await ada.said()).toContain('It was refused');
    expect((await poll(code)).error).toBe('access_denied');
  });
});
