import { Injectable } from '@nestjs/common';
import type { AuthSession } from '../domain/auth-session.js';
import { IdentityConfig } from '../identity.config.js';
import { Keyring } from '../keys/keyring.js';
import { AuthSessions, type StoredRefreshToken } from '../persistence/auth-sessions.js';
import {
  hashOf,
  newRefreshToken,
  parseRefreshToken,
  type RefreshToken,
  successorOf,
} from './refresh-token.js';

/** How long an old token still gives its successor after that was used, in ms (contract). */
const GRACE_MS = 15_000;

/**
 * The refresh tokens of sessions, as they are stored: hashed under a versioned pepper, with the key that signed the
 * access token beside them (S2-19, C47). A token's successor is derived under the pepper that the token itself was
 * made with, so it stays the same one while peppers take turns.
 */
@Injectable()
export class RefreshTokens {
  constructor(
    private readonly sessions: AuthSessions,
    private readonly config: IdentityConfig,
    private readonly ring: Keyring,
  ) {}

  /** The first of a session's family, inside the transaction that makes the session. */
  async begin(session: AuthSession, now: Date): Promise<RefreshToken> {
    const token = newRefreshToken(session.tenantId, session.id);
    await this.keep(token, now);
    return token;
  }

  /** As it is stored; null for one that nobody knows. */
  find(token: RefreshToken): Promise<StoredRefreshToken | null> {
    const hashes = this.config.refreshPeppers.map((pepper) => hashOf(pepper.key, token));
    return this.sessions.token(token.sessionId, hashes);
  }

  /**
   * Whether a text is a token of this session that would still be exchanged; in a transaction of the session's tenant.
   * What its text says of itself is no secret: only the whole of it is.
   */
  async isOf(
    { tenantId, id }: Pick<AuthSession, 'tenantId' | 'id'>,
    text: string,
    now: Date,
  ): Promise<boolean> {
    const token = parseRefreshToken(text);
    if (token?.tenantId !== tenantId || token.sessionId !== id) return false;
    const stored = await this.find(token);
    return stored !== null && stillGivesSuccessor(stored, now);
  }

  /** The one successor of a stored token. Throws for a token whose pepper is gone, which `find` does not know. */
  successor(token: RefreshToken, stored: StoredRefreshToken): RefreshToken {
    const pepper = this.config.refreshPeppers.find((one) => one.version === stored.pepper);
    if (!pepper) throw new Error(`There is no refresh pepper ${stored.pepper}.`);
    return successorOf(pepper.key, token);
  }

  /** Notes that a token was exchanged for its successor, and that its predecessor's successor is in use. */
  async rotate(token: RefreshToken, stored: StoredRefreshToken, now: Date): Promise<void> {
    await Promise.all([
      this.sessions.rotated(token.sessionId, stored.hash, now),
      this.keep(this.successor(token, stored), now),
    ]);
  }

  private async keep(token: RefreshToken, now: Date): Promise<void> {
    const [pepper] = this.config.refreshPeppers;
    if (!pepper) throw new Error('There is no refresh pepper.');
    await this.sessions.insertToken(token.sessionId, {
      hash: hashOf(pepper.key, token),
      pepper: pepper.version,
      signingKid: this.ring.signer.kid,
      createdAt: now,
    });
  }
}

/** One that was not exchanged; else until the successor was first used, or for 15 s after rotation, whichever is later. */
export function stillGivesSuccessor(
  { rotatedAt, successorUsedAt }: Pick<StoredRefreshToken, 'rotatedAt' | 'successorUsedAt'>,
  now: Date,
): boolean {
  if (!rotatedAt || !successorUsedAt) return true;
  return now.getTime() < rotatedAt.getTime() + GRACE_MS;
}
