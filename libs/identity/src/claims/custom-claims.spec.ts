import { type CustomClaims, fitted, MAX_CLAIMS_BYTES, NO_CLAIMS, othersOf } from './custom-claims.js';

const OURS: CustomClaims = {
  email_verified: true,
  tenant_id: 'ten_01k9zq6mwee4rr8q3fjz6c1v2d',
  role: 'owner',
  tier: 'TEAM',
  scopes: ['licenses:read', 'seats:acquire', 'roles:manage'],
  max_seats: 5,
  license_key: 'GH-TEAM-0123456789AB-3A5F',
};
const many = (count: number) => Array.from({ length: count }, (_, i) => `scope:number-${i}`);
const sizeOf = (claims: unknown) => Buffer.byteLength(JSON.stringify(claims));
const filler = (length: number) => ({ note: 'x'.repeat(length) });

describe('the claims in the tokens of the issuer (S1-03)', () => {
  it('are ours beside those of others', () => {
    expect(fitted({ beta: true }, OURS)).toEqual({ beta: true, ...OURS });
    expect(othersOf({ beta: true, ...OURS })).toEqual({ beta: true });
    expect(fitted({ beta: true }, NO_CLAIMS)).toEqual({ beta: true });
  });

  it('give way from the last scope on, and keep the licence key', () => {
    const long = { ...OURS, scopes: many(80) };
    const kept = fitted({}, long)!;
    expect(sizeOf(kept)).toBeLessThanOrEqual(MAX_CLAIMS_BYTES);
    const scopes = kept.scopes as string[];
    expect(scopes).toEqual(long.scopes.slice(0, scopes.length));
    expect(sizeOf({ ...long, scopes: long.scopes.slice(0, scopes.length + 1) })).toBeGreaterThan(1_000);
    expect(kept).toMatchObject({ license_key: OURS.license_key, tier: 'TEAM', tenant_id: OURS.tenant_id });
  });

  it('give up the licence key only when no scope is left to give way', () => {
    const bare = sizeOf({ ...filler(0), ...OURS, scopes: [] });
    const kept = fitted(filler(MAX_CLAIMS_BYTES - bare + 1), OURS)!;
    expect(kept).not.toHaveProperty('license_key');
    expect(kept).toMatchObject({ tier: 'TEAM', role: 'owner' });
  });

  it('are counted in bytes, whatever they are made of', () => {
    const kept = fitted({ note: 'ü'.repeat(300) }, { ...OURS, scopes: many(40) })!;
    expect(sizeOf(kept)).toBeLessThanOrEqual(MAX_CLAIMS_BYTES);
  });

  it('never push out those of others', () => {
    expect(fitted(filler(980), OURS)).toBeNull();
  });
});
