import { newId } from '#platform';
import type { PublicKey } from './public-key.js';
import { ServiceAccount } from './service-account.js';

describe('a service account', () => {
  const now = new Date('2026-05-01T00:00:00Z');
  const one = { kty: 'OKP', crv: 'Ed25519', alg: 'EdDSA', x: 'b25l', kid: 'one' } as const;
  const two = { kty: 'OKP', crv: 'Ed25519', alg: 'EdDSA', x: 'dHdv', kid: 'two' } as const;
  /** The same key as Postgres may give it back. */
  const reordered = (key: PublicKey) => Object.fromEntries(Object.entries(key).reverse()) as PublicKey;
  const made = () => {
    const by = { type: 'user', id: newId('usr') } as const;
    const terms = { name: 'Robot', scopes: ['licenses:read'], jwks: [one, two] };
    return ServiceAccount.create({ tenantId: newId('ten'), by, ...terms }, now);
  };

  it('keeps its access tokens when its public keys are said again, in whatever order', () => {
    const account = made();
    account.change({ jwks: [reordered(two), reordered(one)] }, now);
    expect(account.epoch).toBe(1);
  });

  it('keeps them when it may do more, and is called something else', () => {
    const account = made();
    account.change({ name: 'Crane', scopes: ['licenses:write', 'licenses:read'] }, now);
    expect(account.epoch).toBe(1);
  });

  it.each([
    ['a public key is taken away', { jwks: [one] }],
    ['a public key is another under the same name', { jwks: [one, { ...two, x: 'dGhyZWU' }] }],
    ['a scope is taken away', { scopes: [] }],
  ])('loses them when %s', (_, change) => {
    const account = made();
    account.change(change, now);
    expect(account.epoch).toBe(2);
  });
});
