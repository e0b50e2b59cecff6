import { DomainError } from '#platform';
import { ALGORITHMS, algorithmOf, verifyWith } from './algorithms.js';
import type { KeyStore } from './key-store.js';

/** What a store under test is, and how to take it away. */
export interface StoreUnderTest {
  store: KeyStore;
  /** Another process with the same settings. */
  again(): KeyStore;
  /** Everything that is written where the store keeps its keys, as text. */
  atRest(): Promise<string>;
  /** From now on nothing of it can be reached. */
  breakDown(): Promise<void>;
  stop(): Promise<void>;
}

/** Every key store passes this. */
export function keyStoreContract(name: string, open: () => Promise<StoreUnderTest>): void {
  describe(`the key store ${name}`, () => {
    const bytes = Buffer.from('eyJhbGciOiJSUzI1NiJ9.e30');
    let test: StoreUnderTest;

    beforeEach(async () => {
      test = await open();
    });
    afterEach(() => test.stop());

    it.each(ALGORITHMS)('makes keys for %s, and signs with them as JWS wants it', async (algorithm) => {
      const { ref, publicKey } = await test.store.generate(algorithm);
      expect(algorithmOf(publicKey)).toBe(algorithm);
      expect(publicKey.type).toBe('public');
      const signature = await test.store.sign(ref, algorithm, bytes);
      expect(verifyWith(algorithm, publicKey, bytes, signature)).toBe(true);
      expect(verifyWith(algorithm, publicKey, Buffer.from('other'), signature)).toBe(false);
    });

    it('keeps them for other processes, and each apart', async () => {
      const [one, two] = [await test.store.generate('ES256'), await test.store.generate('ES256')];
      expect(one.ref).not.toBe(two.ref);
      expect(one.publicKey.equals(two.publicKey)).toBe(false);
      const other = test.again();
      expect(await other.holds(one.ref)).toBe(true);
      const signature = await other.sign(one.ref, 'ES256', bytes);
      expect(verifyWith('ES256', one.publicKey, bytes, signature)).toBe(true);
      expect(verifyWith('ES256', two.publicKey, bytes, signature)).toBe(false);
    });

    it('shows no private half to whoever looks at what is stored', async () => {
      await test.store.generate('RS256');
      expect(await test.atRest()).not.toMatch(/PRIVATE KEY|MII[A-Za-z0-9+/]{20}/);
    });

    it('forgets for good, repeatably', async () => {
      const { ref } = await test.store.generate('EdDSA');
      await test.store.destroy(ref);
      await test.store.destroy(ref);
      expect(await test.store.holds(ref)).toBe(false);
      expect(await test.again().holds(ref)).toBe(false);
      await expect(test.store.sign(ref, 'EdDSA', bytes)).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    });

    it.each(['../../etc/passwd', '/etc/passwd', 'gatehouse-../x', '..', '', 'a\0b', 'x'.repeat(100)])(
      'takes no name that it did not give: %j',
      async (ref) => {
        await expect(test.store.sign(ref, 'RS256', bytes)).rejects.toMatchObject({ code: 'UNAVAILABLE' });
      },
    );

    it('says 503 when it is away, and nothing of the inside', async () => {
      const { ref } = await test.store.generate('RS256');
      await test.breakDown();
      const error = await test
        .again()
        .sign(ref, 'RS256', bytes)
        .catch((thrown: unknown) => thrown);
      expect(error).toBeInstanceOf(DomainError);
      expect(error).toMatchObject({ status: 503, code: 'UNAVAILABLE', retryAfterSeconds: 5 });
      expect((error as DomainError).message).not.toContain(ref);
    });
  });
}
