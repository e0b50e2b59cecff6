import type { RequestSigner } from './request-signer.js';

/** What a signer under test is, and how to take it away. */
export interface SignerUnderTest {
  signer: RequestSigner;
  /** One of the same kind with another key. */
  other: RequestSigner;
  stop(): Promise<void>;
}

/** Every signer passes this. */
export function requestSignerContract(name: string, open: () => Promise<SignerUnderTest>): void {
  describe(`the signer ${name}`, () => {
    const bytes = Buffer.from('gatehouse service account v1\n...');
    let test: SignerUnderTest;
    beforeEach(async () => {
      test = await open();
    });
    afterEach(() => test.stop());

    it('knows what it has signed, and says who it is', async () => {
      const signature = await test.signer.sign(bytes);
      expect(signature.split(':')[0]).toBe(test.signer.name);
      expect(await test.signer.verify(bytes, signature)).toBe(true);
    });

    it('knows nothing else', async () => {
      const signature = await test.signer.sign(bytes);
      const [prefix, version, encoded = ''] = signature.split(':');
      const flipped = Buffer.from(encoded, 'base64');
      flipped[10]! ^= 1;
      for (const forged of [
        '',
        'x',
        encoded,
        `${prefix}:${version}:`,
        `${prefix}:v2:${encoded}`,
        `${prefix}:${version}:AAAA`,
        `${prefix}:${version}:${flipped.toString('base64')}`,
        `${prefix}:${version}:${'A'.repeat(3_000)}`,
        `../../sys:${version}:${encoded}`,
        await test.other.sign(bytes),
      ])
        expect([forged, await test.signer.verify(bytes, forged)]).toEqual([forged, false]);
      expect(await test.signer.verify(Buffer.from('other'), signature)).toBe(false);
    });
  });
}
