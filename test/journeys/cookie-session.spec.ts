import { eventually } from '../support/eventually.js';
import { journeyProduct } from '../support/journey.js';
import { joins } from '../support/memberships.js';
import { promised } from '../support/patience.js';
import {
  type ErrorBody,
  newEmail,
  PASSWORD,
  payloadOf,
  refusal,
  type RegisteredBody,
  signUpByPassword,
} from '../support/person.js';
import { startProduct } from '../support/product.js';

const APP = 'https://app.acme.example';
const COOKIE_MODE = { 'gatehouse-session': 'cookie' };
const ACCESS = '__Host-gatehouse-access';
const REFRESH = '__Host-gatehouse-refresh';

const product = journeyProduct({ ALLOWED_ORIGINS: APP, AUTH_SIGNUP_QUOTA: '1000' });

interface Sent {
  method?: string;
  body?: unknown;
  headers?: Record<string, string>;
}
type Body = Partial<RegisteredBody> & ErrorBody;

/** A browser at a page of `origin`: keeps cookies, sends them, and says where its page is from. */
function browser(origin: string | null = APP) {
  const jar = new Map<string, string>();
  const send = async (path: string, { method, body, headers = {} }: Sent = {}) => {
    const response = await fetch(`${product.v1}${path}`, {
      method: method ?? (body === undefined ? 'GET' : 'POST'),
      headers: {
        ...(origin === null ? {} : { origin }),
        ...(jar.size > 0 ? { cookie: [...jar].map((pair) => pair.join('=')).join('; ') } : {}),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
    const set = response.headers.getSetCookie();
    for (const line of set) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
      if (line.includes('Max-Age=0')) jar.delete(name);
      else jar.set(name, value);
    }
    const text = await response.text();
    return {
      status: response.status,
      headers: response.headers,
      set,
      body: JSON.parse(text || '{}') as Body,
    };
  };
  const ask = (path: string, sent: Sent = {}) =>
    send(path, { ...sent, headers: { ...COOKIE_MODE, ...sent.headers } });
  return { jar, send, ask };
}
type Browser = ReturnType<typeof browser>;

/** Somebody new who is signed in at a browser by cookies. */
async function signedIn(): Promise<{ at: Browser; email: string; body: Body }> {
  const at = browser();
  const email = newEmail();
  const { status, body } = await at.ask('/auth/register', {
    body: { email, password: PASSWORD, organization_name: 'Acme' },
  });
  expect(status).toBe(201);
  return { at, email, body };
}

describe('a session in cookies (S2-28)', () => {
  it('is given by sign-up, sign-in, refresh and switch, and no body has a token', async () => {
    const { at, email, body } = await signedIn();
    expect(Object.keys(body).sort()).toEqual(['expires_in', 'license', 'tenant', 'token_type', 'user']);
    const fields = ['expires_in', 'tenant', 'token_type', 'user'];
    const login = await at.ask('/auth/login', { body: { email, password: PASSWORD } });
    expect(Object.keys(login.body).sort()).toEqual(fields);
    for (const line of login.set) {
      expect(line).toMatch(/; Path=\/; Secure; HttpOnly; SameSite=Lax$/);
      expect(line).not.toContain('Domain');
      // More than this no browser keeps (RFC 6265, 6.1).
      expect(line.length).toBeLessThan(4_096);
    }
    const before = at.jar.get(REFRESH);
    const refreshed = await at.ask('/auth/refresh', { method: 'POST' });
    expect([refreshed.status, Object.keys(refreshed.body).sort()]).toEqual([
      200,
      ['expires_in', 'token_type'],
    ]);
    expect(refreshed.set).toHaveLength(2);
    expect(at.jar.get(REFRESH)).not.toBe(before);

    const acme = await signUpByPassword(product.api.url);
    await joins(product, body as RegisteredBody, acme);
    const switched = await at.ask('/auth/switch', { body: { tenant_id: acme.tenant.id } });
    expect([switched.status, Object.keys(switched.body).sort()]).toEqual([200, fields]);
    expect(payloadOf<{ tenant_id: string }>(at.jar.get(ACCESS) ?? '').tenant_id).toBe(acme.tenant.id);
  });

  it('opens what a bearer opens, with the header and not without', async () => {
    const { at } = await signedIn();
    expect((await at.ask('/auth/me')).status).toBe(200);
    expect(refusal(await at.send('/auth/me'))).toEqual([401, 'UNAUTHENTICATED']);
    expect(refusal(await at.send('/auth/me', { headers: { 'gatehouse-session': 'bearer' } }))).toEqual([
      401,
      'UNAUTHENTICATED',
    ]);
    expect((await at.ask('/auth/me', { method: 'PATCH', body: { display_name: 'Ada' } })).status).toBe(200);
    // Where anybody may come, somebody who is signed in comes as who they are.
    const seat = await at.ask('/licenses/acquire', { body: { hardware_id: 'browser' } });
    expect(refusal(seat)).toEqual([403, 'EMAIL_NOT_VERIFIED']);
  });

  it('gives way to a bearer that is sent as well', async () => {
    const { at, body } = await signedIn();
    const other = await signUpByPassword(product.api.url);
    const authorization = `Bearer ${other.access_token}`;
    const asOther = await at.ask('/auth/me', { headers: { authorization } });
    expect([asOther.body.user?.id, asOther.body.user?.id === body.user?.id]).toEqual([other.user.id, false]);
    expect(refusal(await at.ask('/auth/me', { headers: { authorization: 'Bearer gone' } }))).toEqual([
      401,
      'UNAUTHENTICATED',
    ]);
  });

  it('goes on by its refresh cookie where the access cookie has run out, and is taken away when it is over', async () => {
    const { at } = await signedIn();
    at.jar.delete(ACCESS);
    expect((await at.ask('/auth/me')).status).toBe(401);
    expect((await at.ask('/auth/refresh', { method: 'POST' })).status).toBe(200);
    expect((await at.ask('/auth/me')).status).toBe(200);
    // Tabs that wake up together do not sign each other out.
    const tabs = await Promise.all(
      Array.from({ length: 20 }, () => at.ask('/auth/refresh', { method: 'POST' })),
    );
    expect(new Set(tabs.map((one) => one.status))).toEqual(new Set([200]));

    const copy = new Map(at.jar);
    expect((await at.ask('/auth/logout', { method: 'POST' })).body).toEqual({ revoked: 1 });
    expect(at.jar.size).toBe(0);
    copy.forEach((value, name) => at.jar.set(name, value));
    await eventually(async () => expect((await at.ask('/auth/me')).status).toBe(401), {
      withinMs: promised(2_000),
    });
    const late = await at.ask('/auth/refresh', { method: 'POST' });
    expect([late.status, at.jar.size]).toEqual([401, 0]);
    expect((await at.ask('/auth/logout', { method: 'POST' })).body).toEqual({ revoked: 0 });
  });

  it('is left by logging out everywhere, and shows itself anew without a token in the body', async () => {
    const { at } = await signedIn();
    const shown = await at.ask('/auth/reauthenticate', { body: { password: PASSWORD } });
    expect([shown.status, Object.keys(shown.body).sort()]).toEqual([200, ['expires_in', 'token_type']]);
    // The refresh token stays the one there is.
    expect(shown.set.map((line) => line.split('=')[0])).toEqual([ACCESS]);
    expect((await at.ask('/auth/logout/all', { method: 'POST' })).body).toEqual({ revoked: 1 });
    expect(at.jar.size).toBe(0);
  });
});

describe('a page of somebody else’s', () => {
  const FOREIGN = ['https://evil.example', 'null', `${APP}.evil.example`, 'http://app.acme.example', null];

  it('does nothing with the cookies of who visits it', async () => {
    const { at } = await signedIn();
    for (const origin of FOREIGN) {
      const theirs = browser(origin);
      at.jar.forEach((value, name) => theirs.jar.set(name, value));
      // As a form or an image of theirs sends it: without the header the cookies are not looked at.
      expect((await theirs.send('/auth/logout/all', { method: 'POST' })).status).toBe(401);
      for (const [method, path, body] of [
        ['POST', '/auth/logout/all', undefined],
        ['POST', '/auth/refresh', undefined],
        ['POST', '/auth/logout', undefined],
        ['PATCH', '/auth/me', { display_name: 'Mallory' }],
        ['DELETE', '/auth/sessions/ses_01k9zq6mwee4rr8q3fjz6c1v2d', undefined],
      ] as const) {
        const answer = await theirs.ask(path, { method, body });
        expect([origin, method, path, ...refusal(answer)]).toEqual([
          ...[origin, method, path],
          ...[403, 'ORIGIN_NOT_ALLOWED'],
        ]);
      }
      expect(theirs.jar.size).toBe(2);
    }
    expect((await at.ask('/auth/me')).status).toBe(200);
  });

  it('signs nobody in as somebody else (login CSRF)', async () => {
    const mallory = await signUpByPassword(product.api.url);
    for (const origin of FOREIGN) {
      const victim = browser(origin);
      const body = { email: mallory.user.email, password: PASSWORD };
      expect(refusal(await victim.ask('/auth/login', { body }))).toEqual([403, 'ORIGIN_NOT_ALLOWED']);
      const planted = await victim.ask('/auth/refresh', { body: { refresh_token: mallory.refresh_token } });
      expect(refusal(planted)).toEqual([403, 'ORIGIN_NOT_ALLOWED']);
      expect(victim.jar.size).toBe(0);
    }
  });

  it('is told by no preflight that it may', async () => {
    const preflight = async (url: string, origin: string) => {
      const { headers } = await fetch(`${url}/api/v1/auth/me`, {
        method: 'OPTIONS',
        headers: {
          origin,
          'access-control-request-method': 'DELETE',
          'access-control-request-headers': 'gatehouse-session',
        },
      });
      return ['origin', 'credentials', 'methods'].map((name) => headers.get(`access-control-allow-${name}`));
    };
    expect(await preflight(product.api.url, APP)).toEqual([
      ...[APP, 'true'],
      'GET, HEAD, POST, PUT, PATCH, DELETE',
    ]);
    expect((await preflight(product.api.url, 'https://evil.example'))[0]).toBeNull();
    // A wildcard lets anybody read what is public, and nobody act as who visits them.
    const open = await startProduct({ ALLOWED_ORIGINS: `*,${APP}` });
    try {
      expect((await preflight(open.api.url, 'https://evil.example')).slice(0, 2)).toEqual(['*', null]);
      expect((await preflight(open.api.url, APP)).slice(0, 2)).toEqual([APP, 'true']);
      const { access_token } = await signUpByPassword(open.api.url);
      const answer = await fetch(`${open.v1}/auth/logout/all`, {
        method: 'POST',
        headers: { ...COOKIE_MODE, origin: 'https://evil.example', cookie: `${ACCESS}=${access_token}` },
      });
      expect(answer.status).toBe(403);
    } finally {
      await open.stop();
    }
  });
});
