import type { Places } from './places.js';

/** What every provider of places keeps. `known` is an address whose place it knows; null for one that knows none. */
export function placesContract(name: string, open: () => Places, known: [string, string] | null): void {
  describe(`${name}, as a provider of places`, () => {
    it.each([
      '127.0.0.1',
      '10.1.2.3',
      '::1',
      'fe80::1%eth0',
      '255.255.255.255',
      'ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff',
    ])('knows no place of %s', async (address) => {
      expect(await open().of(address)).toBeNull();
    });

    it.each(['', 'localhost', '1.2.3', '1.2.3.4.5', '::g', '../../etc/passwd', '\0', 'x'.repeat(10_000)])(
      'knows no place of what is no address, and does not throw: %j',
      async (text) => {
        expect(await open().of(text)).toBeNull();
      },
    );

    if (known)
      it('tells a place in few words, of IPv4 in IPv6 clothes too', async () => {
        const [address, place] = known;
        expect(await open().of(address)).toBe(place);
        expect(await open().of(`::ffff:${address}`)).toBe(place);
        expect(place.length).toBeLessThanOrEqual(100);
      });
  });
}
