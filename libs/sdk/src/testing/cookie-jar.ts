import { json } from './scripted-server.js';

type Tokens = Partial<Record<'access_token' | 'refresh_token', unknown>>;

/**
 * The browser and the server's edge for tests of cookie mode: tokens of answers go into a jar, and what comes with the
 * header gets them from there. Keeps what a page could have seen.
 */
export class CookieJar {
  readonly cookies = new Map<string, string>();
  /** Bodies and headers of every call, and bodies of every answer, as the page had them. */
  readonly seen: string[] = [];
  /** What came without the header, or without the cookies. */
  readonly bare: string[] = [];

  constructor(private readonly server: typeof fetch) {}

  readonly fetch: typeof fetch = async (input, init = {}) => {
    const headers = new Headers(init.headers);
    this.seen.push(`${JSON.stringify([...headers])} ${String(init.body ?? '')}`);
    if (headers.get('gatehouse-session') !== 'cookie' || init.credentials !== 'include')
      this.bare.push(String(input));
    const access = this.cookies.get('access_token');
    if (access !== undefined && !headers.has('authorization'))
      headers.set('authorization', `Bearer ${access}`);
    const sent = JSON.parse(String(init.body ?? '{}')) as object;
    const refresh_token = this.cookies.get('refresh_token');
    const body = { ...sent, ...(refresh_token !== undefined && { refresh_token }) };
    const answer = await this.server(input, {
      ...init,
      headers,
      ...(init.method !== 'GET' && { body: JSON.stringify(body) }),
    });
    const told = this.takeTokens((await answer.json()) as Tokens);
    if (String(input).endsWith('/auth/logout')) this.cookies.clear();
    this.seen.push(JSON.stringify(told));
    return json(answer.status, told);
  };

  private takeTokens<T extends Tokens>({ access_token, refresh_token, ...rest }: T): object {
    if (access_token !== undefined) this.cookies.set('access_token', String(access_token));
    if (refresh_token !== undefined) this.cookies.set('refresh_token', String(refresh_token));
    return rest;
  }
}
