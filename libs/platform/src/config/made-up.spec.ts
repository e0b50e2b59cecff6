import { randomBytes } from 'node:crypto';
import { isDefaultPassword, isMadeUp, isPattern } from './made-up.js';

const from = (byte: (i: number) => number) => Uint8Array.from({ length: 32 }, (_, i) => byte(i));

describe('a made-up key', () => {
  it.each([
    ['zeros', from(() => 0)],
    ['one byte over and over', from(() => 0xa5)],
    ['counted up, as examples are', from((i) => i)],
    ['counted down', from((i) => 255 - i)],
    ['counted in steps, past the end', from((i) => (i * 17) % 256)],
    ['a text', Buffer.from('please-change-this-key-in-prod!!')],
    ['hexadecimal digits that were never decoded', Buffer.from('0123456789abcdef0123456789abcdef')],
    [
      'sixteen bytes twice',
      from((i) => [...Buffer.from('d1e2f3a4b5c6978801fe23dc45ba6798', 'hex')][i % 16]!),
    ],
    ['a piece over and over, the last one cut', from((i) => [9, 200, 31, 77, 145, 3, 250][i % 7]!)],
  ])('is %s', (_, bytes) => {
    expect(isMadeUp(bytes)).toBe(true);
  });

  it('is none that was drawn', () => {
    for (let i = 0; i < 20_000; i++) {
      const key = randomBytes(32);
      if (isMadeUp(key)) throw new Error(`${key.toString('hex')} was drawn.`);
    }
  });
});

describe('a default password', () => {
  it.each([
    'password',
    'Password123',
    'postgres',
    'changeme',
    'change-me!',
    'gatehouse_app',
    'aaaaaaaaaa',
    'abcabcabcabc',
    'local',
    's3cr3t',
    '12121212',
  ])('is %s', (password) => {
    expect(isDefaultPassword(password, 'gatehouse_app')).toBe(true);
  });

  it('is none that was drawn', () => {
    for (let i = 0; i < 2_000; i++) {
      expect(isDefaultPassword(randomBytes(12).toString('base64url'), 'gatehouse_app')).toBe(false);
    }
  });
});

describe('a pattern', () => {
  it('is told from what was drawn', () => {
    expect(isPattern('xxxxxxxxxxxxxxxxxxxxxxxx')).toBe(true);
    expect(isPattern('0123456789012345678901234567')).toBe(true);
    for (let i = 0; i < 2_000; i++) expect(isPattern(randomBytes(24).toString('base64url'))).toBe(false);
  });
});
