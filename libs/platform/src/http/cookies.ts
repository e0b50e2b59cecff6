import type { FastifyReply, FastifyRequest } from 'fastify';

/**
 * A cookie of ours. The prefix is the browser's word that it was set by this host, over TLS (or at a loopback address), for
 * all of its paths and no other host: a neighbour's subdomain can neither read nor plant it (RFC 6265bis, 4.1.3.2).
 */
export type CookieName = `__Host-gatehouse-${string}`;

/** Lax: a link from elsewhere arrives signed in, a form or a script from elsewhere does not. */
const ATTRIBUTES = 'Path=/; Secure; HttpOnly; SameSite=Lax';
/** What we write: tokens and ids. Browsers keep no cookie beyond 4,096 bytes (RFC 6265bis, 5.6). */
const VALUE = /^[\w.~-]{1,4096}$/;

/**
 * The value of a cookie; null for one that the browser does not have, for what we would not have written, and for several of
 * one name: a browser keeps one, so somebody else put the others there.
 */
export function cookieIn(request: FastifyRequest, name: CookieName): string | null {
  const values = (request.headers.cookie ?? '')
    .split(';')
    .map((pair) => pair.trim())
    .filter((pair) => pair.startsWith(`${name}=`))
    .map((pair) => pair.slice(name.length + 1));
  return values.length === 1 && VALUE.test(values[0]!) ? values[0]! : null;
}

/** Lasts until the browser is closed, unless `maxAgeSeconds` says how long. */
export function setCookie(
  reply: FastifyReply,
  name: CookieName,
  value: string,
  maxAgeSeconds?: number,
): void {
  const age = maxAgeSeconds === undefined ? '' : `; Max-Age=${maxAgeSeconds}`;
  // Fastify keeps what stands there: each is a header of its own (RFC 9110, 5.3).
  void reply.header('set-cookie', `${name}=${value}${age}; ${ATTRIBUTES}`);
}

export const clearCookie = (reply: FastifyReply, name: CookieName): void => setCookie(reply, name, '', 0);
