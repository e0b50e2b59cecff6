import fc from '../../../../test/support/properties.js';
import { crc16 } from './crc16.js';
import { formatLicenseKey, LICENSE_TYPES, maskLicenseKey, parseLicenseKey } from './license-key.js';

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

  describe('notices offline, in every place of every key of a sample (S1-32)', () => {
    const ALPHABET = [...'ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-'];
    const BRANDS = ['GH', 'A', '7', 'ACME2026', 'PRO', 'ZZZZZZZZZZZZ'];
    const HASHES = ['000000000000', 'FFFFFFFFFFFF', '0123456789AB', 'A0A0A0A0A0A0', 'DEADBEEF0001'];
    const SAMPLE = BRANDS.flatMap((brand) =>
      LICENSE_TYPES.flatMap((type) => HASHES.map((hash) => formatLicenseKey({ brand, type, hash12: hash }))),
    );
    /** The keys with one mistake that are taken for sound nevertheless. */
    const unnoticed = (mistakes: (key: string, at: number) => string[]) =>
      SAMPLE.flatMap((good) =>
        [...good].flatMap((_, at) =>
          mistakes(good, at).filter((bad) => bad !== good && parseLicenseKey(bad) !== null),
        ),
      );

    it('each single wrong character', () => {
      const wrong = (good: string, at: number) =>
        ALPHABET.map((other) => good.slice(0, at) + other + good.slice(at + 1));
      expect(unnoticed(wrong)).toEqual([]);
    });

    it('each swap of two neighbours', () => {
      const swapped = (good: string, at: number) =>
        at + 1 < good.length ? [good.slice(0, at) + good[at + 1] + good[at] + good.slice(at + 2)] : [];
      expect(unnoticed(swapped)).toEqual([]);
    });

    it('each character that is missing or doubled', () => {
      const slipped = (good: string, at: number) => [
        good.slice(0, at) + good.slice(at + 1),
        good.slice(0, at) + good[at] + good.slice(at),
      ];
      expect(unnoticed(slipped)).toEqual([]);
    });
  });

  it('notices every single wrong digit and swap in any key', () => {
    fc.assert(
      fc.property(key, fc.nat(11), fc.constantFrom(...HEX), (good, at, digit) => {
        const i = 'GH-PRO-'.length + at;
        fc.pre(good[i] !== digit);
        expect(parseLicenseKey(good.slice(0, i) + digit + good.slice(i + 1))).toBeNull();
        const swapped = good.slice(0, i) + good[i + 1] + good[i] + good.slice(i + 2);
        expect(swapped === good || parseLicenseKey(swapped) === null).toBe(true);
      }),
    );
  });

  describe('of the older form (S1-33, C6)', () => {
    it('is read in any case and spacing, and has no type', () => {
      expect(parseLicenseKey(' acme - 0abc defg hz19\n')).toEqual({
        brand: 'ACME',
        random12: '0ABCDEFGHZ19',
      });
    });

    it.each([
      'ACME-0ABCDEFGHZ1',
      'ACME-0ABCDEFGHZ199',
      'ACME-0ABCDEFGH_19',
      '-0ABCDEFGHZ19',
      'ACME0ABCDEFGHZ19',
    ])('is not %p', (text) => expect(parseLicenseKey(text)).toBeNull());

    it('is shown without its random part (it was shown whole, with the brand hidden)', () => {
      expect(maskLicenseKey('ACME-0ABCDEFGHZ19')).toBe('ACME-************');
    });
  });

  it.each(['', 'GH', 'GH-GOLD-000000000000-0000', 'x'.repeat(100_000)])('is not %p', (text) => {
    expect(parseLicenseKey(text)).toBeNull();
  });

  it('is shown without its random part', () => {
    const shown = maskLicenseKey(formatLicenseKey({ brand: 'GH', type: 'FREE', hash12: '0123456789AB' }));
    expect(shown).toMatch(/^GH-FREE-\*{12}-[0-9A-F]{4}$/);
  });
});
