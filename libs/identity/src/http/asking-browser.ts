import { randomBytes } from 'node:crypto';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { cookieIn, setCookie } from '#platform';
import { REQUEST_SECONDS } from '../oauth/authorization-requests.js';

const COOKIE = '__Host-gatehouse-request';

/**
 * The browser that a program has opened to ask in: it alone may answer. Else whoever makes a request of their own sends its
 * consent page to somebody else, whose yes would let them in. Null for one that no program has opened lately.
 */
export function askingBrowser(request: FastifyRequest): string | null {
  const kept = cookieIn(request, COOKIE);
  return kept !== null && /^[\w-]{43}$/.test(kept) ? kept : null;
}

/** The same, and it is one from now on, for as long as a request waits: several programs may ask in one. */
export function markAskingBrowser(request: FastifyRequest, reply: FastifyReply): string {
  const browser = askingBrowser(request) ?? randomBytes(32).toString('base64url');
  setCookie(reply, COOKIE, browser, REQUEST_SECONDS);
  return browser;
}
