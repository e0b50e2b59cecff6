import { createHmac } from 'node:crypto';
import { keyedHash, sameBytes } from './keyed-hash.js';

const KEY = Buffer.from('000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f', 'hex');

describe('a keyed hash', () => {
  it('is HMAC-SHA-256 over each part behind its length', () => {
    const expected = createHmac('sha256', KEY).update(Buffer.from('0000000161000000026263', 'hex')).digest();
    expect(keyedHash(KEY, 'a', 'bc')).toEqual(expected);
    expect(keyedHash(KEY, Buffer.from('a'), 'bc')).toEqual(expected);
  });

  it('tells apart parts that read alike when put together', () => {
    const hashes = [['ab', 'c'], ['a', 'bc'], ['abc'], ['abc', ''], ['', 'abc']].map((parts) =>
      keyedHash(KEY, ...parts).toString('hex'),
    );
    expect(new Set(hashes).size).toBe(hashes.length);
  });

  it('depends on its key', () => {
    expect(keyedHash(Buffer.alloc(32, 1), 'a')).not.toEqual(keyedHash(Buffer.alloc(32, 2), 'a'));
  });
});

describe('sameBytes', () => {
  it.each([
    ['equal', 'abc', 'abc', true],
    ['different', 'abc', 'abd', false],
    ['shorter', 'abc', 'ab', false],
    ['empty', '', '', true],
  ])('%s', (_, a, b, same) => {
    expect(sameBytes(Buffer.from(a), Buffer.from(b))).toBe(same);
  });
});
