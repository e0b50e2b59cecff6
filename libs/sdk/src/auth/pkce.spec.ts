import { nodeCrypto } from '../crypto/node-crypto.js';
import { webCrypto } from '../crypto/web-crypto.js';
import { challengeOf, newPkce } from './pkce.js';

describe('PKCE (C40)', () => {
  it.each([
    ['Node', nodeCrypto],
    ['browsers', webCrypto],
  ])('in %s comes to what RFC 7636, appendix B, says', async (_, crypto) => {
    expect(await challengeOf('dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk', crypto)).toBe(
      'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM',
    );
  });

  it('is another one each time, of 256 bits', async () => {
    const made = await Promise.all(Array.from({ length: 20 }, () => newPkce(nodeCrypto)));
    expect(new Set(made.map(({ verifier }) => verifier)).size).toBe(20);
    for (const { verifier, challenge } of made) {
      expect(verifier).toMatch(/^[A-Za-z0-9_-]{43}$/);
      expect(challenge).toBe(await challengeOf(verifier, nodeCrypto));
    }
  });
});
