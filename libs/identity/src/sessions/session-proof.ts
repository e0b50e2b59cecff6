import { Injectable } from '@nestjs/common';
import { Clock, STEP_UP_SECONDS } from '#platform';
import type { AuthSession } from '../domain/auth-session.js';
import { reauthenticationRequired } from '../domain/step-up.js';
import { RefreshTokens } from '../tokens/refresh-tokens.js';

/**
 * What may make something lasting of a session. An access token may not: it ends after an hour, so it is shown to whoever
 * is asked for something, and what comes of it would go on for thirty days.
 */
@Injectable()
export class SessionProof {
  constructor(
    private readonly refreshTokens: RefreshTokens,
    private readonly clock: Clock,
  ) {}

  /**
   * Passes whoever has the session's own refresh token, and whoever showed within it a short time ago who they are; in a
   * transaction of the session's tenant. Throws 403 `REAUTHENTICATION_REQUIRED`.
   */
  async demand(session: AuthSession, refreshToken: string | null | undefined): Promise<void> {
    const now = this.clock.now();
    if (isFresh(session, now)) return;
    if (refreshToken && (await this.refreshTokens.isOf(session, refreshToken, now))) return;
    throw reauthenticationRequired('Bring the refresh token of this session too, or show anew who you are.');
  }
}

/** Whether its owner has shown a short time ago who they are: at a sign-in, or within it. */
export const isFresh = ({ provenAt }: Pick<AuthSession, 'provenAt'>, now: Date): boolean =>
  now.getTime() - provenAt.getTime() <= STEP_UP_SECONDS * 1_000;
