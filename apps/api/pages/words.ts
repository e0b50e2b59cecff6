import { DomainError, html, type Html } from '#platform';
import { sentences } from './look/parts.js';

/** What a refusal means for who reads it on a page. What is not here is said in the words that programs get. */
const WORDS: Readonly<Record<string, string>> = {
  INVALID_CREDENTIALS: 'The address or the password is not right.',
  CODE_INVALID: 'This code is not right, or it was used before. Wait for the next one and try that.',
  TOKEN_INVALID: 'This link is not good any more: it was used, or too much time has passed. Ask for another.',
  SIGN_UP_CLOSED: 'Only those who were invited can sign up here.',
  ACCOUNT_SUSPENDED: 'This account is suspended. Ask whoever runs this service.',
  TENANT_SUSPENDED: 'This organisation is suspended. Ask whoever runs this service.',
  EMAIL_REQUIRED: 'The provider gave us no e-mail address. Let it share one, or sign in another way.',
  REAUTHENTICATION_REQUIRED:
    'It is too long ago that you have shown who you are. Sign in once more, then try this again.',
  ACCOUNT_LINK_REQUIRED:
    'There is an account with your address already. Sign in to it as before, or follow the link in the mail that we have just sent there; after that you can sign in this way, too.',
  OTHER_PROVIDER_REQUIRED: 'Your address is known by another way to sign in. Use that one.',
  IDENTITY_TAKEN: 'This way to sign in belongs to another account.',
  UPSTREAM_UNAVAILABLE: 'The provider cannot be reached now. Try again in a moment, or sign in another way.',
  BUSY: 'There is a lot to do right now. Try again in a moment.',
  INVITATION_FOR_OTHER_ADDRESS: 'The invitation is to another address than this one.',
  EMAIL_NOT_VERIFIED: 'Verify your e-mail address first: the link is in the mail that we sent you.',
};

/** For a form that was shown to somebody else than who is signed in now ({@link Visit.isTheirs}); nothing was done. */
export const CHANGED =
  'Since this page was shown, you have signed in as somebody else or switched to another organisation. Nothing was done: look once more, this is how it is now.';

/** For a form that answers another invitation than this browser holds now; nothing was done. */
export const OTHER_INVITATION =
  'Since this page was shown, you have opened another invitation, or this one was answered. Nothing was done: look once more, this is how it is now.';

/**
 * The words for a refusal, and the way on where there is one, which leads back to `next`; anything that is none is thrown
 * on, and told by the error page.
 */
export function wordsFor(error: unknown, next = '/account'): { error: DomainError; text: Html } {
  if (!(error instanceof DomainError) || error.kind === 'internal') throw error;
  return { error, text: withWayOn(error.code, textOf(error), next) };
}

/** Why somebody is not yet where an invitation has let them in, by the code of what was refused. */
export function keptOut(code: string): Html {
  const why = Object.hasOwn(WORDS, code) ? WORDS[code] : 'Switch to it below.';
  const text = `You are a member of that organisation now, and could not be taken there at once. ${why}`;
  return withWayOn(code, text, '/account');
}

function withWayOn(code: string, text: string, next: string): Html {
  if (code !== 'REAUTHENTICATION_REQUIRED') return html`${text}`;
  return html`${text} <a href="${`/login?as=other&next=${encodeURIComponent(next)}`}">Sign in once more</a>`;
}

/** What is wrong with a password that was chosen, in full. */
export function passwordFault(error: DomainError): Html {
  const { advice = [], warning } = (error.details ?? {}) as { advice?: string[]; warning?: string | null };
  return sentences([...(warning ? [warning] : []), ...advice]);
}

export function textOf(error: DomainError): string {
  const words = WORDS[error.code];
  if (words) return words;
  if (error.kind !== 'too_many') return error.message;
  return `Too many tries. Wait ${waitOf(error.retryAfterSeconds ?? 60)}, then try again.`;
}

function waitOf(seconds: number): string {
  if (seconds < 90) return `${Math.max(1, Math.ceil(seconds))} seconds`;
  return `${Math.ceil(seconds / 60)} minutes`;
}
