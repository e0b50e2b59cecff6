import fc from '../../../../test/support/properties.js';
import { fromBase64url, toBase64url } from './base64url.js';

describe('base64url', () => {
  it('is what Node makes of it, and back', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        const text = toBase64url(bytes);
        expect(text).toBe(Buffer.from(bytes).toString('base64url'));
        expect(fromBase64url(text)).toEqual(new Uint8Array(bytes));
      }),
    );
  });

  it('takes a long text', () => {
    const bytes = new Uint8Array(100_000).fill(7);
    expect(fromBase64url(toBase64url(bytes))).toEqual(bytes);
  });

  it.each(['A', 'AA==', 'AA=', 'A+', 'A/', 'AB', 'A A', 'AAAAA', 'é', 'AA\n'])('is not %j', (text) => {
    expect(fromBase64url(text)).toBeNull();
  });
});
