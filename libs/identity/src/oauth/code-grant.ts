import { Injectable } from '@nestjs/common';
import type { z } from 'zod';
import type { Actor } from '#platform';
import { AuthorizationCodes } from './authorization-codes.js';
import { invalidGrant, OauthRefusal, refusedAs } from './oauth-refusal.js';
import { answers, VERIFIER } from './pkce.js';
import { needed, type ProgramGrant, type TokenAnswer, tokenAnswer } from './program-grants.js';
import { ProgramSessions } from './program-sessions.js';
import type { Program } from './programs.js';
import type { TokenForm } from './token-request.js';

/** RFC 6749, 4.1.3, with PKCE (RFC 7636, 4.5): a code that a person's browser has brought. */
@Injectable()
export class CodeGrant implements ProgramGrant {
  readonly type = 'authorization_code';
  readonly isPublic = true;

  constructor(
    private readonly codes: AuthorizationCodes,
    private readonly programs: ProgramSessions,
  ) {}

  /**
   * A code that comes again ends the session that was made with it (RFC 6749, 4.1.2), also where both come at once: nobody
   * knows which of them is the program, and who loses by that begins anew. One that is brought without its verifier, or
   * elsewhere, is let be: whoever saw it pass cannot spoil it.
   */
  async execute(actor: Actor, program: Program, form: z.output<typeof TokenForm>): Promise<TokenAnswer> {
    const code = needed(form, 'code');
    const redirectUri = needed(form, 'redirect_uri');
    const verifier = needed(form, 'code_verifier');
    if (!VERIFIER.test(verifier))
      throw new OauthRefusal('invalid_request', 'code_verifier is not of its form (RFC 7636, 4.1).');

    const asked = await this.codes.look(code);
    if (!asked) throw invalidGrant('unknown code');
    if (asked.clientId !== program.id || asked.redirectUri !== redirectUri)
      throw invalidGrant('the code of another client or redirect_uri');
    if (!answers(verifier, asked.challenge)) throw invalidGrant('wrong verifier');
    const use = await this.codes.use(code);
    if (use !== true) {
      if (use) await this.programs.endReplayed(actor, asked.approval.userId, use);
      throw invalidGrant('code used before');
    }

    const { tokens, made } = await this.programs
      .start(actor, asked.approval, asked.deviceName)
      .catch((error: unknown) => {
        throw refusedAs(error, 'invalid_grant');
      });
    if (await this.codes.made(code, made)) {
      await this.programs.endReplayed(actor, asked.approval.userId, made);
      throw invalidGrant('code used twice at once');
    }
    return tokenAnswer(tokens);
  }
}
