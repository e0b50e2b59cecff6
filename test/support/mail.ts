import { part } from './environment.js';
import { succeed } from './person.js';

export interface CaughtMail {
  subject: string;
  text: string;
  html: string;
}

/** The mails to an address, once there are `count` of them; fewer after ten seconds. */
export async function mailsTo(email: string, count = 1): Promise<CaughtMail[]> {
  const { origin } = new URL(part('MAIL_URL'));
  const wait = count > 0 ? `&wait=10&count=${count}` : '';
  return succeed<CaughtMail[]>(`${origin}/messages.json?to=${encodeURIComponent(email)}${wait}`);
}

/** The token that a mail carries by itself. */
export function tokenIn(mail: CaughtMail | undefined): string {
  const token = /^ {2}((?:mlt|ivt)_\S+)$/m.exec(mail?.text ?? '')?.[1];
  if (!token) throw new Error(`There is no token in this mail: ${mail?.subject} ${mail?.text}`);
  return token;
}
