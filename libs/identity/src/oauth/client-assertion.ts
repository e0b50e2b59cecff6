import { Injectable } from '@nestjs/common';
import { z } from 'zod';
import { Clock, HttpConfig } from '#platform';
import type { PublicKey } from '../domain/public-key.js';
import { IdentityConfig } from '../identity.config.js';
import { ALGORITHMS } from '../keys/algorithms.js';
import { NONCE_MAX_SECONDS, Nonces } from '../nonces/nonces.js';
import { verifiesWith } from '../service-accounts/public-keys.js';
import { invalidClient } from './oauth-refusal.js';

/** Clocks that differ, in seconds. */
const SKEW = 60;

const Header = z.object({
  alg: z.enum(ALGORITHMS),
  kid: z.string().max(200).optional(),
  typ: z.string().max(100).optional(),
  /** What must be understood, and is not (RFC 7515, 4.1.11). */
  crit: z.undefined().optional(),
});

/** RFC 7523, 3. */
const Claims = z.object({
  iss: z.string().regex(/^svc_[0-9a-z]{26}$/),
  sub: z.string(),
  aud: z.union([z.string(), z.array(z.string()).max(10)]),
  exp: z.number(),
  nbf: z.number().optional(),
  iat: z.number().optional(),
  jti: z.string().min(1).max(256),
});

/** A client assertion taken apart; nothing of it has been checked. */
export interface ClientAssertion {
  header: z.output<typeof Header>;
  claims: z.output<typeof Claims>;
  signed: Buffer;
  signature: Buffer;
}

/** Judges the JWT by which a client shows that it has a private key (RFC 7523, 2.2). */
@Injectable()
export class ClientAssertions {
  private readonly audiences: ReadonlySet<string>;

  constructor(
    http: HttpConfig,
    config: IdentityConfig,
    private readonly nonces: Nonces,
    private readonly clock: Clock,
  ) {
    this.audiences = new Set([config.issuer ?? http.baseUrl, `${http.baseUrl}/oauth/token`]);
  }

  /** Throws `invalid_client` for what is none. Whose it says it is, is in its `iss`. */
  read(assertion: string): ClientAssertion {
    const [header = '', payload = '', signature = '', more] = assertion.split('.');
    const head = Header.safeParse(decode(header));
    const body = Claims.safeParse(decode(payload));
    const bytes = Buffer.from(signature, 'base64url');
    // Node reads past what is no base64url: one assertion must have one spelling.
    if (!head.success || !body.success || more !== undefined || bytes.toString('base64url') !== signature)
      throw invalidClient('not an assertion that is taken');
    return {
      header: head.data,
      claims: body.data,
      signed: Buffer.from(`${header}.${payload}`),
      signature: bytes,
    };
  }

  /**
   * Checks it against the client's keys, and uses it up. Gives the key. Throws `invalid_client`, 503 `UNAVAILABLE` while
   * nobody can tell whether it was used.
   */
  async accept(assertion: ClientAssertion, keys: readonly PublicKey[]): Promise<PublicKey> {
    const { header, claims, signed, signature } = assertion;
    const key = verifiesWith(keys, header, signed, signature);
    if (!key) throw invalidClient('unknown kid, another algorithm or a bad signature');
    if (claims.sub !== claims.iss) throw invalidClient('sub is not iss');
    if (![claims.aud].flat().some((one) => this.audiences.has(one))) throw invalidClient('wrong audience');

    const now = this.clock.now().getTime() / 1000;
    if (claims.exp <= now) throw invalidClient('expired');
    if (claims.exp > now + NONCE_MAX_SECONDS) throw invalidClient('expires too late');
    if ((claims.nbf ?? 0) > now + SKEW || (claims.iat ?? 0) > now + SKEW)
      throw invalidClient('not valid yet');
    const isFirst = await this.nonces.use(
      'client-assertion',
      `${claims.iss} ${claims.jti}`,
      NONCE_MAX_SECONDS,
    );
    if (!isFirst) throw invalidClient('used before');
    return key;
  }
}

function decode(part: string): unknown {
  try {
    return JSON.parse(Buffer.from(part, 'base64url').toString());
  } catch {
    return null;
  }
}
