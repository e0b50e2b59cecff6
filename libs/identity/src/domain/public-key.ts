/** A public key as RFC 7517 writes it, with a name and the one algorithm of its kind. */
export interface PublicKey {
  kty: string;
  kid: string;
  alg: 'RS256' | 'ES256' | 'EdDSA';
  crv?: string;
  n?: string;
  e?: string;
  x?: string;
  y?: string;
  /** The person who gave it: it ends with what they may do. It is shown to nobody. */
  registeredBy?: string;
}
