import { clearCookie, cookieIn, setCookie } from '#platform';
import type { Visit } from './pages.js';

/** Not in the address: a link of somebody else's would say it, too. */
const COOKIE = '__Host-gatehouse-kept-out';
/** Long enough to come to the next page. */
const SECONDS = 60;

/** Notes why somebody is not where an invitation has let them in, for the next page that they see. */
export function keepOut({ reply, visitor }: Visit, code: string): void {
  if (visitor) setCookie(reply, COOKIE, `${visitor.profile.user.id}.${code}`, SECONDS);
}

/** What was noted of who is signed in, once; null for nothing. */
export function takeKeptOut({ request, reply, visitor }: Visit): string | null {
  const noted = cookieIn(request, COOKIE);
  if (noted === null) return null;
  clearCookie(reply, COOKIE);
  const [userId, code] = noted.split('.');
  return code !== undefined && userId === visitor?.profile.user.id ? code : null;
}
