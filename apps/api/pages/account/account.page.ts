import { html, type Html } from '#platform';
import type { FormMaker } from '../form-tokens.js';
import type { Page } from '../look/layout.js';
import { facts, problem, success } from '../look/parts.js';
import type { Visitor } from '../visitors.js';

/** An organisation that somebody is in. */
export interface Organization {
  id: string;
  name: string;
  role: string;
}

export interface Told {
  /** Where else they could be. */
  others: readonly Organization[];
  notice?: string;
  problem?: Html;
  /** Where they were about to go from here. */
  next?: string;
  status?: number;
}

export function accountPage(form: FormMaker, { profile }: Visitor, told: Told): Page {
  const { user, tenant, role } = profile;
  return {
    title: 'Your account',
    status: told.status,
    body: html`<h1>Your account</h1>
      ${told.notice ? success(told.notice) : html``} ${problem(told.problem ?? null)}
      ${facts([
        ['Signed in as', user.displayName ? `${user.displayName} (${user.email})` : user.email],
        ['Organisation', tenant.name],
        ['Role', role],
        ['Plan', tenant.plan],
      ])}
      ${user.emailVerified ? html`` : unverified(form)} ${others(form, told.others)}
      ${told.next && told.next !== '/account' ? html`<p class="links"><a href="${told.next}">Go on</a></p>` : html``}`,
  };
}

const unverified = (form: FormMaker): Html =>
  html`<h2>Verify your address</h2>
    <p>
      We have sent you a mail with a link. Until you have followed it, you can look around, and take no seat
      of a licence.
    </p>
    ${form('/account/verification', html`<button class="second">Send the mail again</button>`)}`;

const others = (form: FormMaker, organizations: readonly Organization[]): Html =>
  organizations.length === 0
    ? html``
    : html`<h2>Your other organisations</h2>
        ${form(
          '/account/organization',
          html`<div class="stack">
            ${organizations.map(
              ({ id, name, role }) =>
                html`<button class="second" name="tenant_id" value="${id}">
                  Switch to ${name} (${role})
                </button>`,
            )}
          </div>`,
        )}`;
