import { html, type Html } from '#platform';
import type { Preview } from '#onboarding';
import { tokenField } from '../account/mail-links.page.js';
import type { FormMaker } from '../form-tokens.js';
import type { Page } from '../look/layout.js';
import { invitationField } from './held-invitation.js';
import { facts, problem, success } from '../look/parts.js';

/** Takes the token from behind the # and goes on by itself: looking changes nothing. */
export const openPage = (form: FormMaker): Page => ({
  title: 'Invitation',
  takesToken: true,
  body: html`<h1>Invitation</h1>
    <p>Open the invitation that the mail has brought you.</p>
    <div data-send-token>${form('/invite', html`${tokenField()} <button>Open it</button>`)}</div>`,
});

interface Told {
  /** Of who is signed in. */
  email?: string;
  problem?: Html;
  status?: number;
}

export function invitationPage(form: FormMaker, preview: Preview, told: Told): Page {
  const { invitation, tenant, inviterName } = preview;
  const title = `Join ${tenant.name}?`;
  return {
    title,
    status: told.status,
    body: html`<h1>${title}</h1>
      ${problem(told.problem ?? null)}
      ${facts([
        ['Organisation', tenant.name],
        ['As', invitation.role],
        ['Invited', invitation.email],
        ...(inviterName ? [['By', inviterName] as const] : []),
      ])}
      ${wayOn(form, preview, told.email)}`,
  };
}

/** Only who has the address that was invited can accept; whoever has the link can say no. */
function wayOn(form: FormMaker, preview: Preview, email: string | undefined): Html {
  const { invitation, hasAccount } = preview;
  const isTheirs = email?.toLowerCase() === invitation.email;
  const accept = isTheirs ? html`<button name="answer" value="accept">Accept</button>` : html``;
  return html`<div class="stack">
    ${isTheirs ? html`` : wayIn(invitation.email, hasAccount, email)}
    ${form(
      '/invite/answer',
      html`${invitationField(preview)}
        <div class="stack">
          ${accept} <button class="second" name="answer" value="decline">Decline</button>
        </div>`,
    )}
  </div>`;
}

function wayIn(invited: string, hasAccount: boolean, email: string | undefined): Html {
  const here = encodeURIComponent('/invite/open');
  if (email)
    return html`<p>You are signed in as ${email}, and the invitation is to ${invited}.</p>
      <a class="button" href="${`/login?as=other&next=${here}`}">Sign in as ${invited}</a>`;
  if (hasAccount) return html`<a class="button" href="${`/login?next=${here}`}">Sign in to accept</a>`;
  return html`<a class="button" href="/signup/invited">Sign up to accept</a>`;
}

export const declinedPage = (): Page => ({
  title: 'Invitation',
  body: html`<h1>Invitation</h1>
    ${success('You have declined. Whoever invited you can see that.')}`,
});

export const gonePage = (): Page => ({
  title: 'Invitation',
  status: 410,
  body: html`<h1>Invitation</h1>
    <p role="alert">
      This invitation is not good any more: it was answered, taken back, sent again, or too much time has
      passed. Ask whoever invited you for another.
    </p>`,
});
