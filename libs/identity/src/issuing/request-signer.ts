/**
 * Who vouches for a request that comes without a person: a key that only the operators' machinery can use (S2-48).
 * Signing is for that machinery, judging for the API.
 */
export abstract class RequestSigner {
  /** As the audit trail calls it. */
  abstract readonly name: 'vault' | 'file';

  /** Throws 503 `UNAVAILABLE` when the key cannot be used. */
  abstract sign(bytes: Buffer): Promise<string>;

  /** Whether the key made this signature. Throws 503 `UNAVAILABLE` when nobody can tell. */
  abstract verify(bytes: Buffer, signature: string): Promise<boolean>;
}
