import { type Claims, has } from '../formats/claims.js';
import { InvalidDocument } from '../formats/invalid-document.js';
import type { Call, Request } from './transport.js';

const MARK = 'cookie:';
let made = 0;

/**
 * Stands where a token would, for tokens that the browser keeps in cookies: it opens nothing, and tells one sign-in or
 * refresh from the next.
 */
export const newMark = (): string => {
  const random = crypto.getRandomValues(new Uint32Array(2)).join('');
  return `${MARK}${random}${++made}`;
};

/** A request of a client whose tokens are in cookies: it carries none itself. */
export function asCookieRequest<R extends Request>(request: R): R {
  const { bearer, body } = request;
  return {
    ...request,
    // What is no mark is the token of an identity provider.
    ...(bearer?.startsWith(MARK) && { bearer: null }),
    ...(body && { body: withoutToken(body) }),
  };
}

/** The same, and it believes no answer that holds a token. */
export function asCookieCall<T>(call: Call<T>): Call<T> {
  return { ...asCookieRequest(call), read: (answer) => call.read(marked(answer)) };
}

/** Nothing where there was nothing else: the server takes what its cookie holds. */
function withoutToken(body: object): object | undefined {
  if (!('refreshToken' in body)) return body;
  const { refreshToken: _, ...rest } = body;
  return Object.keys(rest).length > 0 ? rest : undefined;
}

/** An answer of tokens as it would be without cookies, with marks in their places. Throws InvalidDocument for a token. */
function marked(answer: Claims): Claims {
  if (has(answer, 'access_token') || has(answer, 'refresh_token'))
    throw new InvalidDocument('MALFORMED', 'It holds tokens, where they were to go into cookies.');
  const inner = answer['signed_in'];
  if (typeof inner === 'object' && inner !== null) return { ...answer, signed_in: marked(inner as Claims) };
  return has(answer, 'expires_in')
    ? { ...answer, access_token: newMark(), refresh_token: newMark() }
    : answer;
}
