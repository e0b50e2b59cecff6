import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bitsOf, mmdbFile } from '../../../../test/support/mmdb-file.js';
import { MmdbPlaces } from './mmdb-places.js';
import { placesContract } from './places.contract.js';
import { NoPlaces } from './places.js';

const BERLIN = {
  city: { names: { de: 'Berlin', en: 'Berlin' } },
  country: { iso_code: 'DE', names: { en: 'Germany' } },
};
const LONG = 'Llanfairpwllgwyngyll'.repeat(20);
const directory = mkdtempSync(join(tmpdir(), 'gatehouse-places-'));
afterAll(() => rmSync(directory, { recursive: true }));

function fileOf(recordSize: 24 | 28 | 32, change: (bytes: Buffer) => Buffer = (bytes) => bytes): string {
  const bytes = mmdbFile(
    [
      [bitsOf('203.0.113.0', 24), BERLIN],
      // A pointer to the first record: real files write what is the same once.
      [bitsOf('203.0.115.0', 24), Buffer.from([0x20, 0x00])],
      [bitsOf('198.51.100.0', 24), { country: { iso_code: 'AT', names: { en: 'Austria' } } }],
      [bitsOf('192.0.2.0', 25), { city: { names: { en: LONG } } }],
      [bitsOf('192.0.2.128', 25), { city: 'nonsense', country: { names: [] } }],
    ],
    recordSize,
  );
  const path = join(directory, `${randomUUID()}.mmdb`);
  writeFileSync(path, change(bytes));
  return path;
}

placesContract('NoPlaces', () => new NoPlaces(), null);
for (const size of [24, 28, 32] as const)
  placesContract(`a MaxMind file with records of ${size} bits`, () => new MmdbPlaces(fileOf(size)), [
    '203.0.113.7',
    'Berlin, DE',
  ]);

describe('a MaxMind file', () => {
  const places = new MmdbPlaces(fileOf(28));
  it.each([
    ['198.51.100.200', 'Austria'],
    ['203.0.115.9', 'Berlin, DE'],
    ['192.0.2.1', LONG.slice(0, 100)],
    ['192.0.2.129', null],
    ['203.0.114.1', null],
    ['2001:db8::1', null],
  ])('knows %s: %s', async (address, place) => {
    expect(await places.of(address)).toBe(place);
  });

  it('that is none is refused with a sentence, and one that is damaged knows nothing', async () => {
    const none = join(directory, 'none.mmdb');
    writeFileSync(none, 'a text');
    expect(() => new MmdbPlaces(none)).toThrow(/GEOIP_FILE: .* cannot be used/);
    expect(() => new MmdbPlaces(join(directory, 'missing'))).toThrow(/GEOIP_FILE: .* cannot be used/);
    const damaged = fileOf(24, (bytes) => {
      const copy = Buffer.from(bytes);
      copy.fill(0xff, 0, 600);
      return copy;
    });
    expect(await new MmdbPlaces(damaged).of('203.0.113.7')).toBeNull();
  });
});
