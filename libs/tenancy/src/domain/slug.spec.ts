import { slugOf, suffixed } from './slug.js';

describe('a slug', () => {
  it.each([
    ['Acme Tools', 'acme-tools'],
    ['  Żółć & Söhne GmbH ', 'zo-c-sohne-gmbh'],
    ['日本', 'team'],
    ['---', 'team'],
    ['x'.repeat(200), 'x'.repeat(56)],
  ])('of %p is %p', (name, slug) => {
    expect(slugOf(name)).toBe(slug);
  });

  it('stays a DNS label with its suffix', () => {
    expect(suffixed(slugOf('x'.repeat(200)))).toMatch(/^x{56}-[0-9a-f]{6}$/);
  });
});
