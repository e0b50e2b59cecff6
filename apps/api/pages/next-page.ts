/** Where somebody may go on after signing in: pages of ours that need to know who they are. */
const PAGES = new Set(['/account', '/device', '/consent', '/invite/open']);
const MAX_LENGTH = 2_000;
const SOMEWHERE = 'http://gatehouse.invalid';

/** `next` as path and query, if it is one of our own pages; else /account. No redirect leads elsewhere. */
export function nextPage(next: string | undefined): string {
  if (!next?.startsWith('/') || next.length > MAX_LENGTH || !URL.canParse(next, SOMEWHERE)) return '/account';
  const { origin, pathname, search } = new URL(next, SOMEWHERE);
  return origin === SOMEWHERE && PAGES.has(pathname) ? `${pathname}${search}` : '/account';
}

/** `path` with `next` in its query, unless that is where one goes anyhow. */
export const withNext = (path: string, next: string): string =>
  next === '/account' ? path : `${path}?next=${encodeURIComponent(next)}`;
