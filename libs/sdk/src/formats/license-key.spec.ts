import fc from 'fast-check';
import { crc16 } from './crc16.js';
import { formatLicenseKey, maskLicenseKey, parseLicenseKey } from './license-key.js';

const HEX = [...'0123456789ABCDEF'];
const hash12 = fc
  .array(fc.constantFrom(...HEX), { minLength: 12, maxLength: 12 })
  .map((digits) => digits.join(''));
const key = hash12.map((hash) => formatLicenseKey({ brand: 'GH', type: 'PRO', hash12: hash }));

describe('the licence key (S1-32)', () => {
  it('has the checksum of the catalogue of CRCs', () => {
    expect(crc16('123456789')).toBe(0x29b1);
  });

  it('reads back what it wrote, in any case and spacing', () => {
    fc.assert(
      fc.property(hash12, (hash) => {
        const written = formatLicenseKey({ brand: 'GH', type: 'TEAM', hash12: hash });
        expect(parseLicenseKey(` ${written.toLowerCase().replaceAll('-', ' - ')} `)).toEqual({
          brand: 'GH',
          type: 'TEAM',
          hash12: hash,
        });
      }),
    );
  });

  it('notices every single wrong digit', () => {
    fc.assert(
      fc.property(key, fc.nat(11), fc.constantFrom(...HEX), (good, at, digit) => {
        const index = 'GH-PRO-'.length + at;
        fc.pre(good[index] !== digit);
        expect(parseLicenseKey(good.slice(0, index) + digit + good.slice(index + 1))).toBeNull();
      }),
    );
  });

  it('notices every swap of neighbours', () => {
    fc.assert(
      fc.property(key, fc.nat(10), (good, at) => {
        const i = 'GH-PRO-'.length + at;
        fc.pre(good[i] !== good[i + 1]);
        expect(parseLicenseKey(good.slice(0, i) + good[i + 1] + good[i] + good.slice(i + 2))).toBeNull();
      }),
    );
  });

  it.each(['', 'GH', 'GH-GOLD-000000000000-0000', 'x'.repeat(100_000)])('is not %p', (text) => {
    expect(parseLicenseKey(text)).toBeNull();
  });

  it('is shown without its random part', () => {
    const shown = maskLicenseKey(formatLicenseKey({ brand: 'GH', type: 'FREE', hash12: '0123456789AB' }));
    expect(shown).toMatch(/^GH-FREE-\*{12}-[0-9A-F]{4}$/);
  });
});
