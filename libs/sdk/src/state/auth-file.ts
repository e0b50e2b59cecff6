import { formatAuth, parseAuth, type StoredAuth } from '../auth/stored-auth.js';
import type { LockOptions } from './file-lock.js';
import { StateFile } from './state-file.js';

/** Tokens are refreshed under the lock, ms: a server takes longer than a disk. */
const LOCK: LockOptions = { staleMs: 30_000, timeoutMs: 40_000 };

/** `auth.json`: access_token, refresh_token, expires_at, user {email, tenant_id, plan}, url. */
export const authFile = (directory: string, lock: LockOptions = LOCK) =>
  new StateFile<StoredAuth>(directory, 'auth.json', { format: formatAuth, parse: parseAuth }, lock);
