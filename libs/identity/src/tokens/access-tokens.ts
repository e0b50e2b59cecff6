import { Injectable } from '@nestjs/common';
import { LRUCache } from 'lru-cache';
import { z } from 'zod';
import { Clock, HttpConfig, unauthenticated } from '#platform';
import { LONGEST_TOKEN_SECONDS } from '../domain/signing-key.js';
import { IdentityConfig } from '../identity.config.js';
import { ALGORITHMS, verifyWith } from '../keys/algorithms.js';
import { Keyring, type KeySet, type RingKey } from '../keys/keyring.js';
import { EndedSessions } from '../sessions/ended-sessions.js';
import { MemberEpochs, memberKey, ServiceEpochs } from './epochs.js';

/** Seconds; S1-01. Nothing that these keys sign may live longer: they retire after it. */
export const ACCESS_TOKEN_SECONDS = LONGEST_TOKEN_SECONDS;
/** Clocks that differ, in seconds. */
const SKEW = 60;
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
  /** Says again what the header says, for those who only read claims. */
  typ: z.literal('access'),
  iat: z.number(),
  exp: z.number(),
  /** Ours carry none; one that is there holds (RFC 7519, 4.1.5). */
  nbf: z.number().optional(),
  sid: z.string(),
  email: z.string(),
  email_verified: z.boolean(),
  tenant_id: z.string(),
  org_id: z.string().nullable(),
  role: z.string(),
  tier: z.string(),
  scopes: z.array(z.string()),
  license_id: z.string().nullable(),
  /** Not there where the setting drops it (C43). */
  license_key: z.string().nullable().optional(),
  /** null: as many as they like. */
  max_seats: z.number().nullable(),
  amr: z.array(z.string()),
  auth_time: z.number(),
  /** Tokens of an epoch that is over are refused; those of before there were any are of 0. */
  epoch: z.number().optional(),
});

/** Of a service account: it is no person, and has no session. `client_id` as RFC 9068 has it. */
const ServiceClaims = Claims.omit({
  sid: true,
  email: true,
  email_verified: true,
  role: true,
  license_key: true,
}).extend({
  sub: z.string().startsWith('svc_'),
  client_id: z.string(),
  /** Tokens of an epoch that is over are refused. */
  epoch: z.number(),
});

export type AccessClaims = z.output<typeof Claims>;
export type ServiceAccessClaims = z.output<typeof ServiceClaims>;

type Fixed = 'iss' | 'aud' | 'typ' | 'iat' | 'exp' | 'nbf';
/** What the caller decides; the rest is the same in every token. */
export type AccessGrant = Omit<AccessClaims, Fixed>;
export type ServiceGrant = Omit<ServiceAccessClaims, Fixed>;

export const isOfService = (claims: AccessClaims | ServiceAccessClaims): claims is ServiceAccessClaims =>
  'client_id' in claims;

/** A token that has been verified, and the key that it was verified with. */
interface Verified {
  claims: AccessClaims | ServiceAccessClaims;
  key: RingKey;
}

/** Signs and verifies access tokens. One path for all of them; the key pins the algorithm, never the token. */
@Injectable()
export class AccessTokens {
  private readonly issuer: string;
  private readonly verified = new LRUCache<string, Verified>({ max: REMEMBERED });
  private known?: { set: KeySet; byHeader: ReadonlyMap<string, RingKey> };

  constructor(
    private readonly config: IdentityConfig,
    http: HttpConfig,
    private readonly ring: Keyring,
    private readonly ended: EndedSessions,
    private readonly epochs: ServiceEpochs,
    private readonly memberEpochs: MemberEpochs,
    private readonly clock: Clock,
  ) {
    this.issuer = config.issuer ?? http.baseUrl;
  }

  /** A signed token that is good for an hour. Throws 503 `UNAVAILABLE` when the keys cannot be reached. */
  issue(grant: AccessGrant): Promise<string> {
    const { license_key: licenseKey, ...rest } = grant;
    return this.sign(
      { ...rest, ...(this.config.licenseKeyClaim ? { license_key: licenseKey ?? null } : {}) },
      ACCESS_TOKEN_SECONDS,
    );
  }

  /** The same for a service account, for an hour at most. Throws 503 `UNAVAILABLE`. */
  issueForService(grant: ServiceGrant, seconds: number): Promise<string> {
    return this.sign(grant, Math.min(seconds, ACCESS_TOKEN_SECONDS));
  }

  private async sign(grant: AccessGrant | ServiceGrant, seconds: number): Promise<string> {
    const iat = Math.floor(this.clock.now().getTime() / 1000);
    const claims = {
      iss: this.issuer,
      aud: this.config.audience,
      typ: 'access',
      ...grant,
      iat,
      exp: iat + seconds,
    };
    const { signer } = this.ring;
    const signed = `${headerOf(signer)}.${encode(claims)}`;
    return `${signed}.${(await this.ring.sign(signer.kid, Buffer.from(signed))).toString('base64url')}`;
  }

  /** Like {@link verify}; a key that came while this process was not looking is looked up first. */
  async authenticate(token: string): Promise<AccessClaims | ServiceAccessClaims> {
    if (this.isOfUnknownKey(token)) await this.ring.learn();
    return this.verify(token);
  }

  /** The claims of a token of ours. Throws the one 401; its cause goes to the log. */
  verify(token: string): AccessClaims | ServiceAccessClaims {
    const { claims } = this.remembered(token) ?? this.verifySignature(token);
    const now = this.clock.now().getTime() / 1000;
    if (claims.exp <= now) throw unauthenticated('expired');
    if (claims.iat > now + SKEW) throw unauthenticated('issued in the future');
    if (isOfService(claims)) {
      if (this.epochs.isOver(claims.sub, claims.epoch, claims.iat))
        throw unauthenticated('service account changed');
    } else {
      if (this.ended.has(claims.sid, claims.iat)) throw unauthenticated('session over');
      const member = memberKey(claims.tenant_id, claims.sub);
      if (this.memberEpochs.isOver(member, claims.epoch ?? 0, claims.iat))
        throw unauthenticated('token outdated');
    }
    if (claims.nbf !== undefined && claims.nbf > now + SKEW) throw unauthenticated('not valid yet');
    return claims;
  }

  /** A key that was revoked takes with it what was verified before. */
  private remembered(token: string): Verified | undefined {
    const verified = this.verified.get(token);
    return verified && this.ring.published.keys.has(verified.key.kid) ? verified : undefined;
  }

  private verifySignature(token: string): Verified {
    const [header, payload, signature, more] = token.length > MAX_LENGTH ? [] : token.split('.');
    if (!header || !payload || !signature || more !== undefined) throw unauthenticated('not a token');
    const key = this.keys.get(header);
    if (!key) throw unauthenticated('unknown key, algorithm or type');
    const bytes = Buffer.from(signature, 'base64url');
    // Node reads past what is no base64url and ignores spare bits: one token must have one spelling.
    if (bytes.toString('base64url') !== signature) throw unauthenticated('not base64url');
    if (!verifyWith(key.algorithm, key.publicKey, Buffer.from(`${header}.${payload}`), bytes))
      throw unauthenticated('bad signature');

    const parsed = z.union([Claims, ServiceClaims]).safeParse(decode(payload));
    if (!parsed.success) throw unauthenticated('wrong claims');
    const claims = parsed.data;
    if (claims.iss !== this.issuer) throw unauthenticated('wrong issuer');
    if (claims.aud !== this.config.audience) throw unauthenticated('wrong audience');
    const verified = { claims, key };
    this.verified.set(token, verified);
    return verified;
  }

  /** By the header that we write, byte for byte: a token's own words choose nothing. */
  private get keys(): ReadonlyMap<string, RingKey> {
    const set = this.ring.published;
    if (this.known?.set !== set) {
      this.known = { set, byHeader: new Map([...set.keys.values()].map((key) => [headerOf(key), key])) };
    }
    return this.known.byHeader;
  }

  /** Whether a token's header is one that we would write for a key which is not in the ring. */
  private isOfUnknownKey(token: string): boolean {
    const header = token.length > MAX_LENGTH ? '' : token.slice(0, token.indexOf('.'));
    if (!header || this.keys.has(header)) return false;
    const named = Header.safeParse(decode(header));
    return named.success && encode(named.data) === header;
  }
}

/** The kid is a SHA-256 in base64url; nothing else is worth a look. */
const Header = z.strictObject({
  alg: z.enum(ALGORITHMS),
  typ: z.literal(TYPE),
  kid: z.string().regex(/^[\w-]{43}$/),
});

const headerOf = ({ algorithm, kid }: RingKey) => encode({ alg: algorithm, typ: TYPE, kid });
const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');

function decode(part: string): unknown {
  try {
    return JSON.parse(Buffer.from(part, 'base64url').toString());
  } catch {
    return null;
  }
}
