import type { FastifyReply, FastifyRequest } from 'fastify';
import type { HttpConfig } from '#platform';
import { SessionCookies } from './session-cookies.js';

const APP = 'https://app.example.com';
const cookies = new SessionCookies({
  baseUrl: 'https://gatehouse.example.com/base',
  allowedOrigins: [APP, '*', 'https://*.example.com'],
} as unknown as HttpConfig);

const asking = (headers: Record<string, string>, method = 'POST') => ({ method, headers }) as FastifyRequest;

/** Which cookies are set. */
function set(by: (reply: FastifyReply) => unknown): string[] {
  const seen: string[] = [];
  by({ header: (_name: string, value: string) => seen.push(value) } as unknown as FastifyReply);
  return seen;
}

describe('a session in cookies', () => {
  it('is for this host alone, out of the reach of scripts, and ends with the session', () => {
    expect(set((reply) => cookies.set(reply, { accessToken: 'a.b.c', refreshToken: 'rft_x' }))).toEqual([
      '__Host-gatehouse-access=a.b.c; Max-Age=3600; Path=/; Secure; HttpOnly; SameSite=Lax',
      '__Host-gatehouse-refresh=rft_x; Max-Age=1209600; Path=/; Secure; HttpOnly; SameSite=Lax',
    ]);
    expect(set((reply) => cookies.clear(reply))).toEqual([
      '__Host-gatehouse-access=; Max-Age=0; Path=/; Secure; HttpOnly; SameSite=Lax',
      '__Host-gatehouse-refresh=; Max-Age=0; Path=/; Secure; HttpOnly; SameSite=Lax',
    ]);
  });

  it('is never in the body as well, and only for who asks', () => {
    const answer = { accessToken: 'a', refreshToken: 'r', expiresIn: 3_600 };
    const asked = asking({ 'gatehouse-session': 'cookie' });
    set((reply) => expect(cookies.deliver(asked, reply, answer)).toEqual({ expiresIn: 3_600 }));
    for (const headers of [{}, { 'gatehouse-session': 'Cookie' }, { 'gatehouse-session': 'bearer' }])
      expect(
        set((reply) => expect(cookies.deliver(asking(headers as never), reply, answer)).toBe(answer)),
      ).toEqual([]);
  });

  it.each([
    ['__Host-gatehouse-access=a', 'a'],
    ['x=1; __Host-gatehouse-access=a.b-c; y=2', 'a.b-c'],
    ['__Host-gatehouse-access=a.b=c', null],
    ['__Host-gatehouse-access=a; __Host-gatehouse-access=b', null],
    ['__Host-gatehouse-access=', null],
    ['gatehouse-access=a; __host-gatehouse-access=b; x__Host-gatehouse-access=c', null],
    ['', null],
  ])('is read from %p', (cookie, token) => {
    expect(cookies.access(asking({ cookie }))).toBe(token);
  });

  it('is read from nothing', () => {
    expect(cookies.refresh(asking({}))).toBeNull();
  });

  it('is refused to pages of another site, where browsers keep no such cookie, named or not', () => {
    const from = (site: string, method: string) => () =>
      cookies.mustComeFromOurs(asking({ origin: APP, 'sec-fetch-site': site }, method));
    for (const method of ['GET', 'POST']) {
      expect(from('cross-site', method)).toThrow(expect.objectContaining({ code: 'CROSS_SITE_SESSION' }));
      for (const site of ['same-site', 'same-origin', 'none']) expect(from(site, method)).not.toThrow();
    }
  });

  it('acts for the pages of named origins alone', () => {
    const from = (origin: string | undefined, method?: string) => {
      try {
        cookies.mustComeFromOurs(asking(origin === undefined ? {} : { origin }, method));
        return true;
      } catch (error) {
        expect(error).toMatchObject({ status: 403, code: 'ORIGIN_NOT_ALLOWED' });
        return false;
      }
    };
    expect([from(APP), from('https://gatehouse.example.com')]).toEqual([true, true]);
    for (const origin of [
      undefined,
      '',
      'null',
      '*',
      'https://evil.example',
      'https://other.example.com',
      `${APP}.evil.example`,
      `${APP}/`,
      'http://app.example.com',
    ])
      for (const method of ['POST', 'PUT', 'PATCH', 'DELETE'])
        expect([origin, from(origin, method)]).toEqual([origin, false]);
    for (const method of ['GET', 'HEAD', 'OPTIONS']) expect(from('https://evil.example', method)).toBe(true);
  });
});
