import { Injectable } from '@nestjs/common';
import type { z } from 'zod';
import { type Actor, DomainError } from '#platform';
import { AccessTokens, isOfService } from '../tokens/access-tokens.js';
import { SwitchTenant, SwitchTenantInput } from '../use-cases/switch-tenant.js';
import { OauthRefusal, refusedAs } from './oauth-refusal.js';
import { needed, type ProgramGrant, type TokenAnswer, tokenAnswer } from './program-grants.js';
import type { Program } from './programs.js';
import type { TokenForm } from './token-request.js';

const ACCESS_TOKEN = 'urn:ietf:params:oauth:token-type:access_token';

/** RFC 8693: a person's access token for one of another organisation of theirs; the same as POST /auth/switch. */
@Injectable()
export class ExchangeGrant implements ProgramGrant {
  readonly type = 'urn:ietf:params:oauth:grant-type:token-exchange';
  readonly isPublic = true;

  constructor(
    private readonly accessTokens: AccessTokens,
    private readonly switchTenant: SwitchTenant,
  ) {}

  /** `audience` is the id of the organisation. Throws `invalid_target` for one that its owner is not in or cannot enter. */
  async execute(actor: Actor, _program: Program, form: z.output<typeof TokenForm>): Promise<TokenAnswer> {
    mustBe(needed(form, 'subject_token_type'), 'subject_token_type');
    mustBe(form.requested_token_type ?? ACCESS_TOKEN, 'requested_token_type');
    if (form.actor_token !== undefined)
      throw new OauthRefusal(
        'invalid_request',
        'Nobody acts for somebody else here: there is no actor_token.',
      );
    const person = await this.personOf(actor, needed(form, 'subject_token'));
    const target = SwitchTenantInput.safeParse({ tenantId: needed(form, 'audience') });
    if (!target.success)
      throw new OauthRefusal('invalid_target', 'audience has to be the id of an organisation.');
    const { tokens } = await this.switchTenant.execute(person, target.data).catch((error: unknown) => {
      // The token was good a moment ago, its session is over by now: what was brought is wrong (RFC 8693, 2.2.2).
      const isOver = error instanceof DomainError && error.kind === 'unauthenticated';
      throw refusedAs(error, isOver ? 'invalid_request' : 'invalid_target');
    });
    return { ...tokenAnswer(tokens), issued_token_type: ACCESS_TOKEN };
  }

  private async personOf(actor: Actor, token: string): Promise<Actor> {
    const claims = await this.accessTokens.authenticate(token).catch((error: unknown) => {
      throw refusedAs(error, 'invalid_request');
    });
    if (isOfService(claims))
      throw new OauthRefusal('invalid_request', 'A service account belongs to one organisation.');
    const { sub: id, tenant_id: tenantId, sid: sessionId } = claims;
    return actor.as({ type: 'user', id, tenantId, sessionId });
  }
}

function mustBe(type: string, field: string): void {
  if (type === ACCESS_TOKEN) return;
  throw new OauthRefusal('invalid_request', `${field} has to be ${ACCESS_TOKEN}.`);
}
