import { Injectable } from '@nestjs/common';
import { z } from 'zod';
import { type Actor, DomainError, idOf, notFound, unauthenticated } from '#platform';
import { policyOf } from '../domain/session-policy.js';
import { IssueTokens, type Profile, type Tokens } from './issue-tokens.js';
import { RefreshInput } from './refresh-session.js';
import { StartSession } from './start-session.js';

export const SwitchTenantInput = z.strictObject({
  tenantId: idOf('ten'),
  /** Of the session that the bearer is of; needed unless its owner has just shown who they are. */
  refreshToken: RefreshInput.shape.refreshToken.optional(),
});

/**
 * Signs somebody who is signed in to one of their organisations in to another, under what that one asks. A session of its
 * own: the one there was goes on, and neither ends with the other.
 */
@Injectable()
export class SwitchTenant {
  constructor(
    private readonly issueTokens: IssueTokens,
    private readonly startSession: StartSession,
  ) {}

  /**
   * A session lives for thirty days, an access token for an hour: nobody makes the one of the other. So it takes the refresh
   * token too, else 403 `REAUTHENTICATION_REQUIRED`. Throws 409 `ALREADY_THERE` for the actor's own tenant, 404 for one that
   * they are not in, the one 401 where their session is over, 401 `MFA_REQUIRED` or
   * `MFA_ENROLLMENT_REQUIRED` where that tenant asks for more, 403 `TENANT_SUSPENDED` or `ACCOUNT_SUSPENDED`.
   */
  async execute(
    actor: Actor,
    { tenantId, refreshToken }: z.output<typeof SwitchTenantInput>,
  ): Promise<Profile & { tokens: Tokens }> {
    const from = sessionOf(actor);
    if (tenantId === from.tenantId)
      throw new DomainError('conflict', 'ALREADY_THERE', 'You are signed in to this organisation.');
    const there = actor.as({ tenantId });
    const profile = await this.issueTokens.profileIn(there);
    if (!profile) throw notFound('organisation');
    const started = await this.startSession.derive(there, { from, refreshToken }, policyOf(profile.tenant));
    return {
      ...profile,
      tokens: await this.issueTokens.tokens(profile, started.session, started.refreshToken),
    };
  }
}

/** The session that a person's bearer belongs to. Throws the one 401 for who has none. */
export function sessionOf({ type, tenantId, sessionId }: Actor): { tenantId: string; sessionId: string } {
  if (type !== 'user' || !tenantId || !sessionId) throw unauthenticated('no session');
  return { tenantId, sessionId };
}
