import { formatAuth, parseAuth, type StoredAuth } from '../auth/stored-auth.js';
import { ACROSS_A_CALL } from './file-lock.js';
import { StateFile } from './state-file.js';

/** `auth.json`: access_token, refresh_token, expires_at, user {email, tenant_id, plan}, url. Refreshed under its lock. */
export const authFile = (directory: string) =>
  new StateFile<StoredAuth>(directory, 'auth.json', { format: formatAuth, parse: parseAuth }, ACROSS_A_CALL);
