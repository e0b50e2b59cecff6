import { Injectable } from '@nestjs/common';
import type { z } from 'zod';
import { type Actor, Clock, Db, DomainError } from '#platform';
import { AuthSessions } from '../persistence/auth-sessions.js';
import { AccessTokens, isOfService } from '../tokens/access-tokens.js';
import { parseRefreshToken } from '../tokens/refresh-token.js';
import { RefreshTokens } from '../tokens/refresh-tokens.js';
import { SwitchTenant, SwitchTenantInput } from '../use-cases/switch-tenant.js';
import { OauthRefusal, refusedAs } from './oauth-refusal.js';
import { needed, type ProgramGrant, type TokenAnswer, tokenAnswer } from './program-grants.js';
import type { Program } from './programs.js';
import type { TokenForm } from './token-request.js';

const ACCESS_TOKEN = 'urn:ietf:params:oauth:token-type:access_token';
const REFRESH_TOKEN = 'urn:ietf:params:oauth:token-type:refresh_token';

/** Whose a token is, and what they brought of their session. */
interface Subject {
  person: Actor;
  refreshToken?: string;
}

/**
 * RFC 8693: a person's token for those of another organisation of theirs; the same as POST /auth/switch. The refresh token,
 * or an access token as long as its owner has just shown who they are. A refresh token that is exchanged stays good.
 */
@Injectable()
export class ExchangeGrant implements ProgramGrant {
  readonly type = 'urn:ietf:params:oauth:grant-type:token-exchange';
  readonly isPublic = true;

  constructor(
    private readonly db: Db,
    private readonly accessTokens: AccessTokens,
    private readonly refreshTokens: RefreshTokens,
    private readonly sessions: AuthSessions,
    private readonly switchTenant: SwitchTenant,
    private readonly clock: Clock,
  ) {}

  /** `audience` is the id of the organisation. Throws `invalid_target` for one that its owner is not in or cannot enter. */
  async execute(actor: Actor, _program: Program, form: z.output<typeof TokenForm>): Promise<TokenAnswer> {
    const type = oneOf(
      [ACCESS_TOKEN, REFRESH_TOKEN],
      needed(form, 'subject_token_type'),
      'subject_token_type',
    );
    oneOf([ACCESS_TOKEN], form.requested_token_type ?? ACCESS_TOKEN, 'requested_token_type');
    if (form.actor_token !== undefined)
      throw new OauthRefusal(
        'invalid_request',
        'Nobody acts for somebody else here: there is no actor_token.',
      );
    const token = needed(form, 'subject_token');
    const { person, refreshToken } = await (type === REFRESH_TOKEN
      ? this.byRefreshToken(actor, token)
      : this.byAccessToken(actor, token));
    const target = SwitchTenantInput.safeParse({ tenantId: needed(form, 'audience') });
    if (!target.success)
      throw new OauthRefusal('invalid_target', 'audience has to be the id of an organisation.');
    const input = { ...target.data, refreshToken };
    const { tokens } = await this.switchTenant.execute(person, input).catch((error: unknown) => {
      throw refusedAs(error, isOfSubject(error) ? 'invalid_request' : 'invalid_target');
    });
    return { ...tokenAnswer(tokens), issued_token_type: ACCESS_TOKEN };
  }

  private async byAccessToken(actor: Actor, token: string): Promise<Subject> {
    const claims = await this.accessTokens.authenticate(token).catch((error: unknown) => {
      throw refusedAs(error, 'invalid_request');
    });
    if (isOfService(claims))
      throw new OauthRefusal('invalid_request', 'A service account belongs to one organisation.');
    const { sub: id, tenant_id: tenantId, sid: sessionId } = claims;
    return { person: actor.as({ type: 'user', id, tenantId, sessionId }) };
  }

  private async byRefreshToken(actor: Actor, refreshToken: string): Promise<Subject> {
    const token = parseRefreshToken(refreshToken);
    if (!token) throw unknownToken();
    const { tenantId, sessionId } = token;
    const session = await this.db.transaction(actor.as({ tenantId }), async () => {
      const found = await this.sessions.lock(sessionId);
      const isTheirs = found && (await this.refreshTokens.isOf(found, refreshToken, this.clock.now()));
      return isTheirs ? found : null;
    });
    if (!session) throw unknownToken();
    return { person: actor.as({ type: 'user', id: session.userId, tenantId, sessionId }), refreshToken };
  }
}

const unknownToken = () => new OauthRefusal('invalid_request', 'subject_token is good for nothing.');

/**
 * What was brought is wrong (RFC 8693, 2.2.2), not where it is to lead: a token that was good a moment ago and whose session
 * is over by now, or an access token alone.
 */
const isOfSubject = (error: unknown): boolean =>
  error instanceof DomainError &&
  (error.kind === 'unauthenticated' || error.code === 'REAUTHENTICATION_REQUIRED');

function oneOf(allowed: readonly string[], type: string, field: string): string {
  if (allowed.includes(type)) return type;
  throw new OauthRefusal('invalid_request', `${field} has to be ${allowed.join(' or ')}.`);
}
