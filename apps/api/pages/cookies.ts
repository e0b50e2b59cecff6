import type { FastifyReply, FastifyRequest } from 'fastify';

/**
 * Cookies that pages keep besides those of the session. `__Host-`: only this host, over TLS, sets them, for all of its
 * paths, so that no neighbour can put one of its own in (RFC 6265bis, section 4.1.3).
 */
export type PageCookie =
  /** What form tokens are bound to. */
  | '__Host-gatehouse-form'
  /** Who owes the second factor. */
  | '__Host-gatehouse-step'
  /** Who has gone to a provider. */
  | '__Host-gatehouse-visit'
  /** Who is back from a provider and has no account yet. */
  | '__Host-gatehouse-newcomer'
  /** The invitation that somebody holds. */
  | '__Host-gatehouse-invitation';

/** Its value; null for one that the browser does not have, and for what we would not have written. */
export function cookieIn(request: FastifyRequest, name: string): string | null {
  for (const part of (request.headers.cookie ?? '').split(';')) {
    const at = part.indexOf('=');
    if (at < 0 || part.slice(0, at).trim() !== name) continue;
    const value = part.slice(at + 1).trim();
    return /^[\w.~-]{1,4096}$/.test(value) ? value : null;
  }
  return null;
}

/** Lasts until the browser is closed, unless `maxAgeSeconds` says how long. */
export function setCookie(
  reply: FastifyReply,
  name: PageCookie,
  value: string,
  maxAgeSeconds?: number,
): void {
  const age = maxAgeSeconds === undefined ? '' : `; Max-Age=${maxAgeSeconds}`;
  void reply.header('set-cookie', `${name}=${value}${age}; Path=/; Secure; HttpOnly; SameSite=Lax`);
}

export const clearCookie = (reply: FastifyReply, name: PageCookie): void => setCookie(reply, name, '', 0);
