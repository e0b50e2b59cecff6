import type { z } from 'zod';
import type { Actor } from '#platform';
import type { Tokens } from '../use-cases/issue-tokens.js';
import { invalidClient, OauthRefusal } from './oauth-refusal.js';
import { type Program, programOf } from './programs.js';
import { isBasic, type TokenForm } from './token-request.js';

/** RFC 6749, 5.1; `issued_token_type` RFC 8693, 2.2.1. */
export interface TokenAnswer {
  access_token: string;
  token_type: 'Bearer';
  /** Seconds. */
  expires_in: number;
  refresh_token?: string;
  scope?: string;
  issued_token_type?: string;
}

/** One way to tokens for a program that keeps no secret; see AnswerTokenRequest. */
export interface ProgramGrant {
  readonly type: string;
  readonly isPublic: true;
  /** Throws OauthRefusal; 429 and 503 leave in our envelope. */
  execute(actor: Actor, program: Program, form: z.output<typeof TokenForm>): Promise<TokenAnswer>;
}

/**
 * Which program asks: by its id alone. Throws `invalid_client` for one that is not known or brings a secret, which it cannot
 * have; `unauthorized_client` for a service account.
 */
export function readProgram(authorization: string | undefined, form: z.output<typeof TokenForm>): Program {
  const { client_id: id, client_secret: secret, client_assertion: assertion } = form;
  if (id?.startsWith('svc_'))
    throw new OauthRefusal('unauthorized_client', 'A service account gets tokens by client_credentials.');
  if (isBasic(authorization) || secret !== undefined || assertion !== undefined)
    throw invalidClient('a public client brought a secret');
  const program = programOf(id);
  if (!program) throw invalidClient('unknown public client');
  return program;
}

export function tokenAnswer({ accessToken, refreshToken, tokenType, expiresIn }: Tokens): TokenAnswer {
  return {
    access_token: accessToken,
    token_type: tokenType,
    expires_in: expiresIn,
    refresh_token: refreshToken,
  };
}

/** A field that a grant needs. Throws `invalid_request` without it. */
export function needed(form: z.output<typeof TokenForm>, name: keyof z.output<typeof TokenForm>): string {
  const value = form[name];
  if (typeof value === 'string' && value !== '') return value;
  throw new OauthRefusal('invalid_request', `${String(name)} is missing.`);
}
