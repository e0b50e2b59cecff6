import type { TenantClaims } from '../tokens/tenant-claims.js';

/** What Firebase takes in all, as JSON; its documentation counts bytes, its client characters. */
export const MAX_CLAIMS_BYTES = 1_000;

/** Ours, in the issuer's tokens. */
export interface CustomClaims extends TenantClaims {
  /** Not there where the setting drops it (C43). */
  license_key?: string;
}

/** Everything that is ours in an account's claims; the rest is others' and stays as it is. */
const OURS = ['tenant_id', 'tier', 'license_key', 'role', 'scopes', 'max_seats', 'email_verified'];

/** Who is nobody here, or nobody at present, has none. */
export const NO_CLAIMS: Readonly<Record<string, unknown>> = {};

/** The claims of an account that are not ours. */
export const othersOf = (claims: Readonly<Record<string, unknown>>): Record<string, unknown> =>
  Object.fromEntries(Object.entries(claims).filter(([name]) => !OURS.includes(name)));

/**
 * What is to stand in the account: others' claims and ours, within the limit. When they are too long together, scopes
 * give way first, from the last (the plan's before the role's); when that is not enough, the licence key. A program that
 * reads fewer scopes than there are asks us, and is let in. Null when others' claims leave no room. Pure.
 */
export function fitted(
  others: Readonly<Record<string, unknown>>,
  ours: CustomClaims | typeof NO_CLAIMS,
): Record<string, unknown> | null {
  const whole: Record<string, unknown> = { ...others, ...ours };
  if (fits(whole)) return whole;
  if (!isOurs(ours)) return null;
  const { license_key: _key, ...withoutKey } = whole;
  for (const claims of [whole, withoutKey]) {
    for (let kept = ours.scopes.length; kept >= 0; kept--) {
      const shorter = { ...claims, scopes: ours.scopes.slice(0, kept) };
      if (fits(shorter)) return shorter;
    }
  }
  return null;
}

const fits = (claims: object) => Buffer.byteLength(JSON.stringify(claims)) <= MAX_CLAIMS_BYTES;

const isOurs = (claims: CustomClaims | typeof NO_CLAIMS): claims is CustomClaims => 'scopes' in claims;
