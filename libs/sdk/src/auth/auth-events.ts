import type { StoredAuth } from './stored-auth.js';

/** Why nobody is signed in any more. */
export type SignedOutReason =
  /** This client was told to. */
  | 'signed-out'
  /** The server refuses the session: it was revoked, has run out, or its refresh token was used by somebody else. */
  | 'refused'
  /** Another tab or program signed out. */
  | 'elsewhere';

export interface AuthWarning {
  /** What should be kept could not be: a directory that may not be written, a full disk. It is in memory only. */
  code: 'NOT_SAVED';
  /** For a person. */
  message: string;
  cause: unknown;
}

/** What an AuthClient announces. */
export interface AuthEvents {
  'signed-in': { user: StoredAuth['user'] };
  /** This client got new tokens. `expiresAt`: of the access token, epoch ms. */
  refreshed: { expiresAt: number };
  /** Never for want of an answer: a network that fails signs nobody out. */
  'signed-out': { reason: SignedOutReason };
  warning: AuthWarning;
}
