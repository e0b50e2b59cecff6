import { asObject, parseObject, readInstant, readText, toInstant } from '../formats/claims.js';
import type { LockOptions } from './file-lock.js';
import { StateFile } from './state-file.js';

/** Who is signed in on this machine (S1-57). */
export interface StoredAuth {
  accessToken: string;
  refreshToken: string;
  /** Of the access token, epoch ms. */
  expiresAt: number;
  user: { email: string; tenantId: string; plan: string };
}

/** Tokens are refreshed under the lock, ms: a server takes longer than a disk. */
const LOCK: LockOptions = { staleMs: 30_000, timeoutMs: 40_000 };

/** `auth.json`: access_token, refresh_token, expires_at, user {email, tenant_id, plan}. */
export const authFile = (directory: string, lock: LockOptions = LOCK) =>
  new StateFile<StoredAuth>(directory, 'auth.json', { format, parse }, lock);

const TOKEN_LENGTH = 16_384;

function format({ accessToken, refreshToken, expiresAt, user }: StoredAuth): string {
  const content = {
    access_token: accessToken,
    refresh_token: refreshToken,
    expires_at: toInstant(expiresAt),
    user: { email: user.email, tenant_id: user.tenantId, plan: user.plan },
  };
  return `${JSON.stringify(content, null, 2)}\n`;
}

function parse(text: string): StoredAuth {
  const content = parseObject(text, 'auth.json');
  const user = asObject(content['user'], 'user');
  return {
    accessToken: readText(content, 'access_token', TOKEN_LENGTH),
    refreshToken: readText(content, 'refresh_token', TOKEN_LENGTH),
    expiresAt: readInstant(content, 'expires_at'),
    user: {
      email: readText(user, 'email', 320),
      tenantId: readText(user, 'tenant_id'),
      plan: readText(user, 'plan'),
    },
  };
}
