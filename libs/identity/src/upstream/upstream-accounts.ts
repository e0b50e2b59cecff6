/** The accounts of the upstream issuer, as far as we write to them: the claims in the tokens that it makes. */
export abstract class UpstreamAccounts {
  /** Which issuer; null where none is configured, or its tokens shall carry no claims of ours. */
  abstract readonly issuer: string | null;

  /** The custom claims of an account, ours and others'; null when the account is gone. */
  abstract claims(account: string): Promise<Record<string, unknown> | null>;

  /** Replaces them all; false when the account is gone. Throws PermanentFailure for claims that it will never take. */
  abstract setClaims(account: string, claims: Record<string, unknown>): Promise<boolean>;
}
