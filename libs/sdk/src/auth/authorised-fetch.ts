import type { BearerSource } from '../api/caller.js';
import { secureUrl } from '../api/server-url.js';
import { COOKIE_SESSION } from '../api/transport.js';

/**
 * `fetch` with a bearer, for the server's own origin and those named; a token carried anywhere else would be given away.
 * A path alone is one of the server. Throws TypeError for bare HTTP among them, unless `allowHttp` is true. Where the
 * bearer is refused it is renewed, once; a body that is a stream is sent once. With `session: 'cookie'` the browser sends
 * its cookies instead, which go to the server alone: further origins are a TypeError.
 */
export function authorised(
  bearers: BearerSource,
  url: string,
  { origins = [], allowHttp, session }: Carrying,
  send: typeof fetch = (input, init) => fetch(input, init),
): (input: string | URL, init?: RequestInit) => Promise<Response> {
  if (session === 'cookie' && origins.length > 0)
    throw new TypeError('Cookies go to the server that set them, and to no other place.');
  const carrying = session === 'cookie' ? withCookies : withBearer;
  const allowed = new Set(
    [url, ...origins.map((one) => secureUrl(one, allowHttp))].map((one) => new URL(one).origin),
  );
  return async (input, init = {}) => {
    const isPath = typeof input === 'string' && input.startsWith('/');
    const target = new URL(isPath ? `${url}${input}` : input);
    if (!allowed.has(target.origin))
      throw new TypeError(`${target.origin} is not among the places that the token may be carried to.`);
    const once = (bearer: string | null) => send(target, carrying(init, bearer));
    const bearer = await bearers.token();
    const response = await once(bearer);
    if (response.status !== 401 || bearer === null || init.body instanceof ReadableStream) return response;
    const renewed = await bearers.renew(bearer);
    if (renewed === null) return response;
    await response.body?.cancel();
    return once(renewed);
  };
}

interface Carrying {
  origins?: readonly string[];
  allowHttp?: boolean;
  session?: 'cookie';
}

function withCookies(init: RequestInit): RequestInit {
  const headers = new Headers({ ...Object.fromEntries(new Headers(init.headers)), ...COOKIE_SESSION });
  return { ...init, redirect: init.redirect ?? 'error', credentials: 'include', headers };
}

function withBearer(init: RequestInit, bearer: string | null): RequestInit {
  const headers = new Headers(init.headers);
  if (bearer !== null) headers.set('authorization', `Bearer ${bearer}`);
  // A redirect would carry the token to wherever somebody pointed it; who wants that says so.
  return { ...init, redirect: init.redirect ?? 'error', headers };
}
