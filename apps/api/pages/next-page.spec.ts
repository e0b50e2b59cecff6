import { nextPage, withNext } from './next-page.js';

describe('where somebody goes on after signing in', () => {
  it.each([
    ['/device?user_code=BCDF-GHJK', '/device?user_code=BCDF-GHJK'],
    ['/consent?client_id=gatehouse-cli&state=a%26b', '/consent?client_id=gatehouse-cli&state=a%26b'],
    ['/invite/open', '/invite/open'],
  ])('is a page of ours: %s', (next, page) => expect(nextPage(next)).toBe(page));

  it.each([
    undefined,
    '',
    'https://evil.example/device',
    '//evil.example/device',
    '/\\evil.example/device',
    '/%2f/evil.example',
    '/\t/evil.example/device',
    'javascript:alert(1)',
    'device',
    '/logout',
    '/device/../logout',
    `/device?user_code=${'a'.repeat(3_000)}`,
  ])('is the account for anything else: %s', (next) => expect(nextPage(next)).toBe('/account'));

  it('travels in a query without becoming part of it', () => {
    const page = '/consent?state=a&redirect_uri=http%3A%2F%2F127.0.0.1%3A8787%2Fcallback';
    const link = new URL(withNext('/login', page), 'http://x');
    expect(nextPage(link.searchParams.get('next') ?? '')).toBe(page);
    expect(withNext('/login', '/account')).toBe('/login');
  });
});
