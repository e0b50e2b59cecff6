import { Injectable } from '@nestjs/common';
import type { z } from 'zod';
import type { Actor } from '#platform';
import { RefreshSession } from '../use-cases/refresh-session.js';
import { refusedAs } from './oauth-refusal.js';
import { needed, type ProgramGrant, type TokenAnswer, tokenAnswer } from './program-grants.js';
import type { Program } from './programs.js';
import type { TokenForm } from './token-request.js';

/** RFC 6749, 6: the same as POST /auth/refresh, for programs that speak OAuth. */
@Injectable()
export class RefreshGrant implements ProgramGrant {
  readonly type = 'refresh_token';
  readonly isPublic = true;

  constructor(private readonly refreshSession: RefreshSession) {}

  async execute(actor: Actor, _program: Program, form: z.output<typeof TokenForm>): Promise<TokenAnswer> {
    const refreshToken = needed(form, 'refresh_token');
    const tokens = await this.refreshSession.execute(actor, { refreshToken }).catch((error: unknown) => {
      throw refusedAs(error, 'invalid_grant');
    });
    return tokenAnswer(tokens);
  }
}
