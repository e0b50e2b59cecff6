/** A person as an upstream issuer vouches for them. */
export interface UpstreamPerson {
  /** Which connection vouches; with `subject` the key of the identity. Never the address. */
  connection: string;
  subject: string;
  /** google.com, github.com, ... as the issuer names it. */
  provider: string;
  email: string;
  /** True only when the issuer asserts it (C41). */
  emailVerified: boolean;
  displayName: string | null;
}

/** Verifies the tokens of an upstream issuer. */
export abstract class UpstreamIdentity {
  /**
   * The person behind an ID token, revocation checked.
   *
   * Throws the one 401 for any token that does not hold; 503 `UPSTREAM_UNAVAILABLE` when the issuer cannot be asked.
   */
  abstract verify(idToken: string): Promise<UpstreamPerson>;
}
