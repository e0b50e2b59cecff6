/** A person as an upstream issuer vouches for them. */
export interface UpstreamPerson {
  /** Issuer and provider; with `subject` the key of the identity. Never the address. */
  connection: string;
  /** The provider's own name of the person. */
  subject: string;
  /** google.com, github.com, ... as the issuer names it. */
  provider: string;
  /** Who vouches: `firebase:<project>`. */
  issuer: string;
  /** Which of the issuer's accounts the person signed in to; it may be another one tomorrow. */
  account: string;
  email: string;
  /** True only when the issuer asserts it (C41). */
  emailVerified: boolean;
  displayName: string | null;
  /** When they signed in at the issuer; tokens are renewed without that. */
  authTime: Date;
}

/** Verifies the tokens of an upstream issuer. */
export abstract class UpstreamIdentity {
  /**
   * The person behind an ID token, revocation checked.
   *
   * Throws the one 401 for any token that does not hold; 403 `EMAIL_REQUIRED`; 503 `UPSTREAM_UNAVAILABLE` when the
   * issuer cannot be asked.
   */
  abstract verify(idToken: string): Promise<UpstreamPerson>;
}

/** Whether they signed in at the issuer within the last `ms`. */
export const signedInWithin = (person: UpstreamPerson, ms: number, now: Date): boolean =>
  now.getTime() - person.authTime.getTime() < ms;

/** A session ends 30 days after its sign-in; one that was long ago at the issuer takes no more of them than this, in ms. */
const LONGEST_AGO_MS = 3_600_000;

/**
 * How a session remembers that sign-in. An ID token is renewed for months without anybody signing in: whoever has
 * stolen the means to do that must not pass for somebody who has just signed in.
 */
export function asAuthenticated(
  person: UpstreamPerson,
  now: Date,
): { provider: string; amr: readonly string[]; authTime: Date } {
  const earliest = now.getTime() - LONGEST_AGO_MS;
  const at = Math.min(now.getTime(), Math.max(earliest, person.authTime.getTime()));
  return { provider: person.provider, amr: ['fed'], authTime: new Date(at) };
}
