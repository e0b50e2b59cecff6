import { randomBytes } from 'node:crypto';
import { SealedBox } from './sealed-box.js';
import type { SecretsConfig } from './secrets.config.js';

const boxUnder = (key: Buffer) => new SealedBox({ key } as SecretsConfig);

describe('a sealed box', () => {
  const box = boxUnder(randomBytes(32));
  const plain = Buffer.from('GH-FREE-0123456789AB-3A5F');
  const sealed = box.seal(plain, 'license-key:lic_1');

  it('opens for the same purpose and row, in another process too', () => {
    const key = randomBytes(32);
    expect(boxUnder(key).open(boxUnder(key).seal(plain, 'license-key:lic_1'), 'license-key:lic_1')).toEqual(
      plain,
    );
    expect(box.open(box.seal(Buffer.alloc(0), 'empty'), 'empty')).toEqual(Buffer.alloc(0));
  });

  it('shows nothing: neither the text nor that two are the same', () => {
    expect(sealed.includes(plain)).toBe(false);
    expect(box.seal(plain, 'license-key:lic_1')).not.toEqual(sealed);
  });

  it.each(['license-key:lic_2', 'license-key', 'idempotency:lic_1', ''])('does not open as %p', (context) => {
    expect(() => box.open(sealed, context)).toThrow();
  });

  it('does not open under another key', () => {
    expect(() => boxUnder(randomBytes(32)).open(sealed, 'license-key:lic_1')).toThrow();
  });

  it('does not open with any bit changed, shortened or lengthened', () => {
    for (let at = 0; at < sealed.length; at++) {
      const changed = Buffer.from(sealed);
      changed[at]! ^= 1;
      expect(() => box.open(changed, 'license-key:lic_1')).toThrow();
    }
    for (let length = 0; length < sealed.length; length++) {
      expect(() => box.open(sealed.subarray(0, length), 'license-key:lic_1')).toThrow();
    }
    expect(() => box.open(Buffer.concat([sealed, Buffer.alloc(1)]), 'license-key:lic_1')).toThrow();
  });
});
