import { z } from 'zod';
import { DomainError } from '#platform';

/**
 * RFC 6749, 4.1.2.1 and 5.2; the second group RFC 8628, 3.5; `invalid_target` RFC 8693, 2.2.2; `interaction_required`
 * OpenID Connect Core, 3.1.2.6.
 */
type OauthErrorCode =
  | 'invalid_request'
  | 'invalid_client'
  | 'invalid_grant'
  | 'invalid_scope'
  | 'unauthorized_client'
  | 'unsupported_grant_type'
  | 'unsupported_response_type'
  | 'access_denied'
  | 'authorization_pending'
  | 'slow_down'
  | 'expired_token'
  | 'invalid_target'
  | 'interaction_required';

/** How a refusal leaves: the names are the RFC's. */
export const OauthErrorView = z.object({
  error: z.string(),
  error_description: z.string(),
  /** With `interaction_required` alone: what is owed is shown with it, at /api/v1/auth/mfa/totp. */
  mfa_token: z.string().optional(),
});

/** A refusal in the words of OAuth, which its clients read instead of our envelope. */
export class OauthRefusal extends Error {
  constructor(
    readonly error: OauthErrorCode,
    readonly description: string,
    /** Private: goes to the log, never to the caller. */
    readonly reason?: string,
    readonly mfaToken?: string,
  ) {
    super(description);
    this.name = 'OauthRefusal';
  }

  /** 401 for a client that is not known, whichever way it showed itself (RFC 6749, 5.2). */
  get status(): 400 | 401 {
    return this.error === 'invalid_client' ? 401 : 400;
  }

  get view(): z.input<typeof OauthErrorView> {
    const { error, description, mfaToken } = this;
    return { error, error_description: description, ...(mfaToken && { mfa_token: mfaToken }) };
  }
}

/** One answer for every cause: unknown, wrong secret, expired, disabled. */
export const invalidClient = (reason: string) =>
  new OauthRefusal('invalid_client', 'The client is not known, or did not authenticate.', reason);

/** One answer for every cause: unknown, used, run out, of another client, not as it was asked for. */
export const invalidGrant = (reason: string) =>
  new OauthRefusal('invalid_grant', 'What was brought is good for nothing: begin anew.', reason);

/** Too many, unavailable, or a fault of ours: whoever asks again may get what they ask for. */
export const saysNothingOfTheRequest = (error: unknown): boolean =>
  !(error instanceof DomainError) || ['too_many', 'unavailable', 'internal'].includes(error.kind);

/**
 * What a use case refuses, in the words of OAuth. What says nothing of the request (too many, unavailable) is thrown on as
 * it is.
 */
export function refusedAs(error: unknown, code: OauthErrorCode): OauthRefusal {
  if (!(error instanceof DomainError) || saysNothingOfTheRequest(error)) throw error;
  const { message, code: reason, cause, details } = error;
  const { mfaToken } = (details ?? {}) as { mfaToken?: string };
  if (mfaToken) return new OauthRefusal('interaction_required', message, reason, mfaToken);
  return new OauthRefusal(code, message, String(cause ?? reason));
}
