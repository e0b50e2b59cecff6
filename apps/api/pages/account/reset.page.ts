import { html, type Html } from '#platform';
import type { FormMaker } from '../form-tokens.js';
import type { Page } from '../look/layout.js';
import { field, problem, success } from '../look/parts.js';
import { tokenField } from './mail-links.page.js';

interface ResetForm {
  isSent?: boolean;
  email?: string;
  emailFault?: string;
  /** One that was sent with a password that was not taken. */
  token?: string;
  passwordFault?: Html | string;
  problem?: Html;
  status?: number;
}

/** Asks for the mail; and, for who comes by its link, for the new password. */
export function resetPage(form: FormMaker, given: ResetForm): Page {
  const choosing = given.token !== undefined;
  return {
    title: 'Reset your password',
    status: given.status,
    takesToken: true,
    footer: html``,
    body: html`<h1>Reset your password</h1>
      ${given.isSent ? success(SENT) : html``} ${problem(given.problem ?? null)}
      ${choosing ? html`` : html`<div data-without-token>${asking(form, given)}</div>`}
      ${choosing ? setting(form, given) : folded(setting(form, given))}
      <p class="links"><a href="/login">Back to signing in</a></p>`,
  };
}

const SENT =
  'If there is an account with this address, a mail with a link is on its way to it. The link is good for 30 minutes.';

const asking = (form: FormMaker, { email, emailFault }: ResetForm): Html =>
  html`<p>Give the address of your account, and we send you a link.</p>
    ${form(
      '/reset',
      html`${field({
          name: 'email',
          label: 'E-mail address',
          type: 'email',
          autocomplete: 'username',
          value: email,
          fault: emailFault,
        })} <button>Send me a link</button>`,
    )}`;

/** Open for who has the token; a script does that, and takes the rest away. */
const folded = (content: Html): Html =>
  html`<details class="field">
    <summary data-without-token>I have the token from the mail</summary>
    ${content}
  </details>`;

const setting = (form: FormMaker, { token, passwordFault: fault }: ResetForm): Html =>
  form(
    '/reset/password',
    html`<p>Every session ends with it, on all of your devices.</p>
      ${token === undefined ? tokenField() : html`<input type="hidden" name="token" value="${token}" />`}
      ${field({
        name: 'password',
        label: 'New password',
        type: 'password',
        autocomplete: 'new-password',
        hint: 'At least 15 characters: a few words that have nothing to do with each other are easy to keep.',
        fault,
      })}
      <button>Set the password</button>`,
  );
