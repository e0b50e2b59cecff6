import { html, type Html } from '#platform';
import type { FormMaker } from '../form-tokens.js';
import type { Page } from '../look/layout.js';
import { field, problem, success } from '../look/parts.js';
import { withNext } from '../next-page.js';
import { providerLinks } from './providers.js';

export interface LoginForm {
  next: string;
  providers: readonly string[];
  email?: string;
  faults?: { email?: string; password?: string };
  problem?: Html;
  /** What brought them here, by name. */
  notice?: string;
  status?: number;
}

const NOTICES: Readonly<Record<string, string>> = {
  logout: 'You are signed out.',
  reset: 'Your new password is set, and every session has ended. Sign in with it.',
  link: 'The two are linked. Sign in whichever way you like.',
};

export function loginPage(form: FormMaker, given: LoginForm): Page {
  const { next, providers, email, faults = {}, notice, status } = given;
  const words = notice && Object.hasOwn(NOTICES, notice) ? NOTICES[notice] : undefined;
  const fields = html`<input type="hidden" name="next" value="${next}" />
    ${field({
      name: 'email',
      label: 'E-mail address',
      type: 'email',
      autocomplete: 'username',
      value: email,
      fault: faults.email,
    })}
    ${field({
      name: 'password',
      label: 'Password',
      type: 'password',
      autocomplete: 'current-password',
      fault: faults.password,
    })}
    <button>Sign in</button>`;
  return {
    title: 'Sign in',
    status,
    // Whoever is signed in and wants to be somebody else sees no footer that says who they are.
    footer: html``,
    body: html`<h1>Sign in</h1>
      ${words ? success(words) : html``} ${problem(given.problem ?? faultsIn(faults))}
      ${providerLinks(providers, next)} ${form('/login', fields)}
      <p class="links">
        <a href="/reset">Forgot your password?</a><br />
        No account yet? <a href="${withNext('/signup', next)}">Sign up</a>
      </p>`,
  };
}

/** Said at once to who does not see which field is marked. */
export const faultsIn = (faults: Readonly<Record<string, unknown>>): string | null => {
  const count = Object.values(faults).filter(Boolean).length;
  if (count === 0) return null;
  return count === 1 ? 'One field needs another look.' : `${count} fields need another look.`;
};
