import { z } from 'zod';

/** RFC 6749, 5.2; what later grants need more of is added here. */
type OauthErrorCode = 'invalid_request' | 'invalid_client' | 'invalid_scope' | 'unsupported_grant_type';

/** How a refusal leaves: the names are the RFC's. */
export const OauthErrorView = z.object({ error: z.string(), error_description: z.string() });

/** A refusal in the words of OAuth, which its clients read instead of our envelope. */
export class OauthRefusal extends Error {
  constructor(
    readonly error: OauthErrorCode,
    readonly description: string,
    /** Private: goes to the log, never to the caller. */
    readonly reason?: string,
  ) {
    super(description);
    this.name = 'OauthRefusal';
  }

  /** 401 for a client that is not known, whichever way it showed itself (RFC 6749, 5.2). */
  get status(): 400 | 401 {
    return this.error === 'invalid_client' ? 401 : 400;
  }
}

/** One answer for every cause: unknown, wrong secret, expired, disabled. */
export const invalidClient = (reason: string) =>
  new OauthRefusal('invalid_client', 'The client is not known, or did not authenticate.', reason);
