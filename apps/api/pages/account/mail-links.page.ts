import { html, type Html } from '#platform';
import type { FormMaker } from '../form-tokens.js';
import type { Page } from '../look/layout.js';
import { field, problem, success } from '../look/parts.js';

interface Told {
  problem?: Html;
  status?: number;
}

/** For browsers that run no script, and for people who have the token from elsewhere. */
export const tokenField = (): Html =>
  field({
    name: 'token',
    label: 'Token from the mail',
    autocomplete: 'off',
    isToken: true,
    isCode: true,
    hint: 'It stands below the link.',
  });

/** Pressed by a person, not by whatever looks at links in mails before they do. */
export function verifyPage(form: FormMaker, told: Told): Page {
  return {
    title: 'Verify your address',
    status: told.status,
    takesToken: true,
    body: html`<h1>Verify your address</h1>
      ${problem(told.problem ?? null)}
      <p>Confirm that the mail with this link reached you.</p>
      ${form('/verify', html`${tokenField()} <button>This is my address</button>`)}`,
  };
}

const VERIFIED: Readonly<Record<string, string>> = {
  verified: 'Your address is verified.',
  changed: 'Your new address is verified, and your account has it now.',
  waiting: 'Confirmed. Your address changes as soon as the other mailbox has confirmed, too.',
};

export function verifiedPage(done: string, isSignedIn: boolean): Page {
  const words = Object.hasOwn(VERIFIED, done) ? VERIFIED[done] : undefined;
  const [href, label] = isSignedIn ? ['/account', 'Go to your account'] : ['/login', 'Sign in'];
  return {
    title: 'Verify your address',
    body: html`<h1>Verify your address</h1>
      ${success(words ?? 'There is nothing left to do here.')}
      <p><a class="button" href="${href ?? ''}">${label ?? ''}</a></p>`,
  };
}

export function linkPage(form: FormMaker, told: Told): Page {
  return {
    title: 'Link a way to sign in',
    status: told.status,
    takesToken: true,
    body: html`<h1>Link a way to sign in</h1>
      ${problem(told.problem ?? null)}
      <p>
        Somebody, you we hope, has signed in at a provider with this address. Link that, and it becomes a way
        into your account.
      </p>
      ${form('/link-identity', html`${tokenField()} <button>Link it to my account</button>`)}`,
  };
}
