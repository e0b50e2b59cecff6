import type { SignedIn } from '../api/answers.js';
import { serverUrl } from '../api/server-url.js';
import { asObject, parseObject, readInstant, readOptional, readText, toInstant } from '../formats/claims.js';
import { issuerOf } from '../formats/signed-document.js';

/** Who is signed in on this machine, or in this browser (S1-57). */
export interface StoredAuth {
  accessToken: string;
  refreshToken: string;
  /** Of the access token, epoch ms by this machine's clock: when it came, plus what the server said it lasts. */
  expiresAt: number;
  /** The server that gave the tokens, the only one that gets them. Files of before do not say it. */
  url?: string;
  /** `id` is missing from files of before. */
  user: { id?: string; email: string; tenantId: string; plan: string };
}

const TOKEN_LENGTH = 16_384;
const URL_LENGTH = 2_048;

/** What is kept of a sign-in at the server `url` that came at `now`, epoch ms. */
export const storedAuthOf = (signedIn: SignedIn, now: number, url: string): StoredAuth => ({
  accessToken: signedIn.accessToken,
  refreshToken: signedIn.refreshToken,
  expiresAt: now + signedIn.expiresInSeconds * 1000,
  url: serverUrl(url),
  user: userOf(signedIn),
});

/** Who it is, as what an answer tells of them is kept. */
export const userOf = ({ user, tenant }: Pick<SignedIn, 'user' | 'tenant'>): StoredAuth['user'] => ({
  id: user.id,
  email: user.email,
  tenantId: tenant.id,
  plan: tenant.plan,
});

/** The same person in the same organisation, under whatever address. */
export function isSamePerson(one: StoredAuth['user'], other: StoredAuth['user']): boolean {
  if (one.tenantId !== other.tenantId) return false;
  return one.id !== undefined && other.id !== undefined ? one.id === other.id : one.email === other.email;
}

/**
 * Whether a server gave these tokens. Where that was not kept, the access token names its issuer, whose port may be
 * another one behind a proxy; one that names nobody is nobody's.
 */
export function isOfServer({ url, accessToken }: StoredAuth, server: string): boolean {
  if (url !== undefined) return url === server;
  // Not verified: whoever could forge it here could write the file anyway.
  const named = issuerOf(accessToken);
  if (named === null || !URL.canParse(named)) return false;
  const [issuer, asked] = [new URL(named), new URL(server)];
  return issuer.protocol === asked.protocol && issuer.hostname === asked.hostname;
}

/** access_token, refresh_token, expires_at, user {email, tenant_id, plan}, url: other programs read it, too. */
export function formatAuth({ accessToken, refreshToken, expiresAt, url, user }: StoredAuth): string {
  const content = {
    access_token: accessToken,
    refresh_token: refreshToken,
    expires_at: toInstant(expiresAt),
    user: { email: user.email, tenant_id: user.tenantId, plan: user.plan, id: user.id },
    url,
  };
  return `${JSON.stringify(content, null, 2)}\n`;
}

export function parseAuth(text: string): StoredAuth {
  const content = parseObject(text, 'auth.json');
  const user = asObject(content['user'], 'user');
  const id = readOptional(user, 'id', readText);
  const url = readOptional(content, 'url', (from, name) => readText(from, name, URL_LENGTH));
  return {
    accessToken: readText(content, 'access_token', TOKEN_LENGTH),
    refreshToken: readText(content, 'refresh_token', TOKEN_LENGTH),
    expiresAt: readInstant(content, 'expires_at'),
    ...(url !== undefined && { url }),
    user: {
      ...(id !== undefined && { id }),
      email: readText(user, 'email', 320),
      tenantId: readText(user, 'tenant_id'),
      plan: readText(user, 'plan'),
    },
  };
}
