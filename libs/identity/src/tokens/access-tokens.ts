import { createHash, createPublicKey, type JsonWebKey, type KeyObject, sign, verify } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { LRUCache } from 'lru-cache';
import { z } from 'zod';
import { Clock, HttpConfig, unauthenticated } from '#platform';
import { IdentityConfig } from '../identity.config.js';

/** Seconds; S1-01. */
export const ACCESS_TOKEN_SECONDS = 3_600;
/** RFC 9068, 2.1: keeps access tokens apart from every other token of ours. */
const TYPE = 'at+jwt';
/** No token of ours comes near; longer ones are not looked at. */
const MAX_LENGTH = 8_192;
/** Verified tokens kept per process: an RS256 check costs 23 us, a hit under 1; about 1.5 kB each. */
const REMEMBERED = 5_000;

const Claims = z.object({
  iss: z.string(),
  aud: z.string(),
  sub: z.string(),
  iat: z.number(),
  exp: z.number(),
  sid: z.string(),
  email: z.string(),
  email_verified: z.boolean(),
  tenant_id: z.string(),
  org_id: z.string().nullable(),
  role: z.string(),
  tier: z.string(),
  scopes: z.array(z.string()),
  license_id: z.string().nullable(),
  max_seats: z.number(),
  amr: z.array(z.string()),
  auth_time: z.number(),
});

export type AccessClaims = z.output<typeof Claims>;
/** What the caller decides; the rest is the same in every token. */
export type AccessGrant = Omit<AccessClaims, 'iss' | 'aud' | 'iat' | 'exp'>;

/** Signs and verifies access tokens. One path for all of them; the key pins the algorithm, never the token. */
@Injectable()
export class AccessTokens {
  private readonly publicKey: KeyObject;
  private readonly kid: string;
  private readonly header: string;
  private readonly issuer: string;
  private readonly verified = new LRUCache<string, AccessClaims>({ max: REMEMBERED });

  constructor(
    private readonly config: IdentityConfig,
    http: HttpConfig,
    private readonly clock: Clock,
  ) {
    this.issuer = config.issuer ?? http.baseUrl;
    this.publicKey = createPublicKey(config.signingKey);
    this.kid = thumbprint(this.publicKey.export({ format: 'jwk' }));
    this.header = encode({ alg: 'RS256', typ: TYPE, kid: this.kid });
  }

  /** A signed token that is good for an hour. */
  issue(grant: AccessGrant): string {
    const iat = Math.floor(this.clock.now().getTime() / 1000);
    const claims: AccessClaims = {
      iss: this.issuer,
      aud: this.config.audience,
      ...grant,
      iat,
      exp: iat + ACCESS_TOKEN_SECONDS,
    };
    const signed = `${this.header}.${encode(claims)}`;
    return `${signed}.${sign('RSA-SHA256', Buffer.from(signed), this.config.signingKey).toString('base64url')}`;
  }

  /** The claims of a token of ours. Throws the one 401; its cause goes to the log. */
  verify(token: string): AccessClaims {
    const claims = this.verified.get(token) ?? this.verifySignature(token);
    const now = this.clock.now().getTime() / 1000;
    if (claims.exp <= now) throw unauthenticated('expired');
    if (claims.iat > now + 60) throw unauthenticated('issued in the future');
    return claims;
  }

  /** The public keys, RFC 7517. */
  jwks(): { keys: JsonWebKey[] } {
    return {
      keys: [{ ...this.publicKey.export({ format: 'jwk' }), kid: this.kid, use: 'sig', alg: 'RS256' }],
    };
  }

  private verifySignature(token: string): AccessClaims {
    const [header, payload, signature, more] = token.length > MAX_LENGTH ? [] : token.split('.');
    if (!header || !payload || !signature || more !== undefined) throw unauthenticated('not a token');
    if (header !== this.header) throw unauthenticated('unknown key, algorithm or type');
    const bytes = Buffer.from(signature, 'base64url');
    // Node reads past what is no base64url and ignores spare bits: one token must have one spelling.
    if (bytes.toString('base64url') !== signature) throw unauthenticated('not base64url');
    if (!verify('RSA-SHA256', Buffer.from(`${header}.${payload}`), this.publicKey, bytes))
      throw unauthenticated('bad signature');

    const claims = Claims.safeParse(decode(payload));
    if (!claims.success) throw unauthenticated('wrong claims');
    if (claims.data.iss !== this.issuer) throw unauthenticated('wrong issuer');
    if (claims.data.aud !== this.config.audience) throw unauthenticated('wrong audience');
    this.verified.set(token, claims.data);
    return claims.data;
  }
}

const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');

function decode(part: string): unknown {
  try {
    return JSON.parse(Buffer.from(part, 'base64url').toString());
  } catch {
    return null;
  }
}

/** RFC 7638: the key's own name. */
function thumbprint(jwk: JsonWebKey): string {
  const canonical = JSON.stringify({ e: jwk.e, kty: jwk.kty, n: jwk.n });
  return createHash('sha256').update(canonical).digest('base64url');
}
