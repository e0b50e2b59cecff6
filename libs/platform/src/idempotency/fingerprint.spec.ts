import fc from '../../../../test/support/properties.js';
import { canonicalJson, fingerprint } from './fingerprint.js';

describe('fingerprint', () => {
  it('does not see the order of keys', () => {
    expect(fingerprint({ a: 1, b: { c: [1, { d: 2, e: 3 }] } })).toBe(
      fingerprint({ b: { c: [1, { e: 3, d: 2 }] }, a: 1 }),
    );
  });

  it.each([
    [{ a: 1 }, { a: '1' }],
    [{ a: null }, {}],
    [
      [1, 2],
      [2, 1],
    ],
    [[], {}],
    [{ a: { b: 1 } }, { a: { b: 2 } }],
    ['a', '"a"'],
  ])('tells %j from %j', (one, other) => {
    expect(fingerprint(one)).not.toBe(fingerprint(other));
  });

  it('is 256 bits in base64url', () => {
    expect(fingerprint(undefined)).toMatch(/^[\w-]{43}$/);
  });
});

describe('canonicalJson', () => {
  it('is JSON of the same value', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        expect(JSON.parse(canonicalJson(value))).toEqual(JSON.parse(JSON.stringify(value)));
      }),
    );
  });

  it('takes nesting as deep as a body can hold', () => {
    const depth = 100_000;
    expect(canonicalJson(JSON.parse('['.repeat(depth) + ']'.repeat(depth)))).toHaveLength(2 * depth);
  });

  it('takes arrays as wide as a body can hold', () => {
    const width = 500_000;
    expect(canonicalJson(Array<number>(width).fill(1))).toHaveLength(2 * width + 1);
  });
});
