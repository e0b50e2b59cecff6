import { indented, readable, shorten } from './print.js';

const KEY = 'GH-FREE-0123456789AB-3A5F';
const TOKEN = `eyJ${'a'.repeat(40)}.eyJ${'b'.repeat(40)}.c2ln`;

describe('what the demo prints', () => {
  it('leaves enough of a secret to recognise it by, and no more', () => {
    expect(shorten(`Bearer ${TOKEN}`)).toBe('Bearer eyJaaaaaaa…');
    expect(shorten(`your key: ${KEY}.`)).toBe('your key: GH-FREE-012….');
    expect(shorten(`seat_${'A'.repeat(60)}`)).toBe('seat_AAAAAAA…');
    expect(shorten(`rft_${'A'.repeat(60)}`)).toBe('rft_AAAAAAAA…');
    for (const harmless of ['usr_01k9zq6mwee4rr8q3fjz6c1v2d', 'GH-FREE-************-3A5F', 'a sentence'])
      expect(shorten(harmless)).toBe(harmless);
  });

  it('shortens at any depth', () => {
    expect(readable({ license: [{ key: KEY }] })).not.toContain('456789AB');
  });

  it('writes on one line what fits there', () => {
    expect(readable({ a: [1, 'two', null], b: {} })).toBe('{ "a": [1, "two", null], "b": {} }');
    expect(readable([])).toBe('[]');
  });

  it('breaks what does not, outermost first', () => {
    expect(readable({ one: { two: 'x'.repeat(12) }, three: [3] }, 30)).toBe(
      ['{', '  "one": { "two": "xxxxxxxxxxxx" },', '  "three": [3]', '}']
        .join('\n')
        .replace('xxxxxxxxxxxx', 'x'.repeat(12)),
    );
  });

  it('gives text a margin, but not to empty lines', () => {
    expect(indented('a\n\nb', '  ')).toBe('  a\n\n  b');
  });
});
