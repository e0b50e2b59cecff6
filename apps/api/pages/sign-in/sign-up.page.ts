import type { Preview } from '#onboarding';
import { html, type Html } from '#platform';
import type { FormMaker } from '../form-tokens.js';
import type { Page } from '../look/layout.js';
import { field, problem } from '../look/parts.js';
import { withNext } from '../next-page.js';
import { invitationField } from '../invitations/held-invitation.js';
import { faultsIn } from './login.page.js';
import { providerLinks, providerName } from './providers.js';

export interface SignUpForm {
  next: string;
  providers: readonly string[];
  organizationName?: string;
  email?: string;
  faults?: { organizationName?: string; email?: string; password?: Html | string };
  problem?: Html;
  status?: number;
}

export function signUpPage(form: FormMaker, given: SignUpForm): Page {
  const { next, providers, organizationName, email, faults = {}, status } = given;
  const fields = html`<input type="hidden" name="next" value="${next}" />
    ${organizationField(organizationName, faults.organizationName)}
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
      autocomplete: 'new-password',
      hint: 'At least 15 characters: a few words that have nothing to do with each other are easy to keep.',
      fault: faults.password,
    })}
    <button>Sign up</button>`;
  return {
    title: 'Sign up',
    status,
    footer: html``,
    body: html`<h1>Sign up</h1>
      ${problem(given.problem ?? faultsIn(faults))} ${providerLinks(providers, next)}
      ${form('/signup', fields)}
      <p class="links">Have an account? <a href="${withNext('/login', next)}">Sign in</a></p>`,
  };
}

export interface NewcomerForm {
  provider: string;
  /** As the provider has told it. */
  email: string;
  next: string;
  /** What the invitation that this browser holds is to, and whether it is to their address. */
  invited?: Preview;
  isTheirs: boolean;
  /** They want an organisation of their own all the same. */
  isOwn: boolean;
  organizationName?: string;
  fault?: string;
  problem?: Html;
  status?: number;
}

/** For who has shown at a provider who they are, and has no account. */
export function newcomerPage(form: FormMaker, given: NewcomerForm): Page {
  const { provider, email, next, invited, isTheirs, isOwn, organizationName, fault, status } = given;
  const joins = isTheirs && !isOwn ? invited : undefined;
  const isInvited = joins !== undefined;
  return {
    title: 'Almost there',
    status,
    footer: html``,
    body: html`<h1>Almost there</h1>
      <p>
        ${providerName(provider)} has told us that you are ${email}, and there is no account of yours yet.
        ${isInvited ? `With one, you join ${joins.tenant.name}.` : 'Name your organisation, and there is.'}
      </p>
      ${invited && !isTheirs ? forAnother(invited, email) : html``} ${problem(given.problem ?? null)}
      ${form(
        '/signup/newcomer',
        html`<input type="hidden" name="next" value="${next}" />
          ${joins ? invitationField(joins) : html``}
          ${isOwn ? html`<input type="hidden" name="as" value="own" />` : html``}
          ${isInvited ? html`` : organizationField(organizationName, fault)}
          <button>${isInvited ? 'Sign up and join' : 'Sign up'}</button>`,
      )}
      <p class="links">
        ${isInvited ? html`<a href="/signup?as=own">Make an organisation of your own instead</a><br />` : html``}
        <a href="/signup?as=other">Sign up another way</a>
      </p>`,
  };
}

/** Whoever follows links holds invitations of others: one to another address decides nothing. */
const forAnother = ({ invitation, tenant }: Preview, email: string): Html =>
  html`<p>
    The invitation to ${tenant.name} that you have opened is to ${invitation.email}, and not to ${email}. To
    answer it,
    <a href="/invite/open">go on with that address</a>; or make an organisation of your own here.
  </p>`;

export const organizationField = (value?: string, fault?: string): Html =>
  field({ name: 'organization_name', label: 'Organisation', autocomplete: 'organization', value, fault });
