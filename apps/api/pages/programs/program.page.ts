import type { ProgramRequest } from '#identity';
import { html, type Html } from '#platform';
import type { FormMaker } from '../form-tokens.js';
import type { Page, Policy } from '../look/layout.js';
import { facts, field, problem, success } from '../look/parts.js';
import type { Organization } from '../account/account.page.js';

interface Asking {
  request: ProgramRequest;
  /** Where the answer is posted to, and with what. */
  action: string;
  hidden: Readonly<Record<string, string>>;
  /** This page, for who comes back to it as somebody else. */
  here: string;
  /** Where else they could let it in. */
  others: readonly Organization[];
  warning: string;
  /** It asks from another network than the browser's. */
  isFromElsewhere?: boolean;
  problem?: Html;
  status?: number;
  policy?: Policy;
}

/** What a program asks, for its person to judge: who, on what, from where, for whom. */
export function askingPage(form: FormMaker, given: Asking): Page {
  const { request, action, hidden, policy } = given;
  const { program, account } = request;
  const fields = Object.entries(hidden).map(
    ([name, value]) => html`<input type="hidden" name="${name}" value="${value}" />`,
  );
  return {
    title: `Let ${program.name} in?`,
    policy,
    status: given.status,
    footer: html``,
    body: html`<h1>Let ${program.name} in?</h1>
      ${problem(given.problem ?? null)}
      <p>
        It asks to act for you, with everything that you may do in this organisation, until you sign it out.
      </p>
      ${facts([
        ['Program', program.name],
        ['Device, as it says', deviceIn(request)],
        ['Asks from', [request.address ?? 'an unknown address', request.place].filter(Boolean).join(', ')],
        ['Your account', account.email],
        ['Organisation', account.tenant.name],
      ])}
      ${given.isFromElsewhere ? problem(ELSEWHERE) : html``}
      <p>${given.warning}</p>
      ${form(
        action,
        html`${fields}
          <div class="stack">
            <button name="answer" value="approve">Let it in</button>
            <button class="second" name="answer" value="deny">Refuse</button>
          </div>`,
      )}
      ${elsewhere(form, given)}`,
  };
}

const ELSEWHERE =
  'It does not ask from the network that you are in. If somebody else has sent you this code or this link, refuse: they would get in as you.';

/** As somebody else, or for another organisation. */
const elsewhere = (form: FormMaker, { here, others }: Asking): Html =>
  html`${
      others.length === 0
        ? html``
        : html`<h2>For another organisation</h2>
            ${form(
              '/account/organization',
              html`<input type="hidden" name="next" value="${here}" />
                <div class="stack">
                  ${others.map(
                    ({ id, name }) =>
                      html`<button class="second" name="tenant_id" value="${id}">Switch to ${name}</button>`,
                  )}
                </div>`,
            )}`
    }
    <p class="links">
      Not you? <a href="${`/login?as=other&next=${encodeURIComponent(here)}`}">Sign in as somebody else</a>
    </p>`;

function deviceIn({ deviceName, device }: ProgramRequest): string {
  const seen = [device.browser, device.system].filter(Boolean).join(' on ');
  const named = deviceName && `It calls itself “${deviceName}”`;
  if (named && seen) return `${named} (${seen})`;
  return named ?? (seen || 'It does not say');
}

interface CodeForm {
  userCode?: string;
  fault?: string;
  problem?: Html;
  status?: number;
}

export function codePage(form: FormMaker, { userCode, fault, problem: trouble, status }: CodeForm): Page {
  return {
    title: 'Connect a device',
    status,
    body: html`<h1>Connect a device</h1>
      <p>A program on another device shows a code. Give it here, and see what it asks.</p>
      ${problem(trouble ?? null)}
      ${form(
        '/device',
        html`${field({
            name: 'user_code',
            label: 'Code on the device',
            autocomplete: 'off',
            value: userCode,
            isCode: true,
            hint: 'Eight letters, like BCDF-GHJK. Check that they are the same on both.',
            fault,
          })} <button>Continue</button>`,
      )}`,
  };
}

const OUTCOMES: Readonly<Record<string, string>> = {
  approved: 'It is let in. Go back to your device: it goes on by itself.',
  denied: 'It was refused, and gets nothing.',
};

export function answeredPage(outcome: string): Page {
  const words = Object.hasOwn(OUTCOMES, outcome) ? OUTCOMES[outcome] : undefined;
  return {
    title: 'Connect a device',
    body: html`<h1>Connect a device</h1>
      ${success(words ?? 'There is nothing left to do here.')}
      <p>You can close this page.</p>`,
  };
}

/** A request that is not there: it ran out, or was answered; or a link has brought it from another browser. */
export function goneRequestPage(): Page {
  return {
    title: 'Nothing to answer',
    status: 404,
    body: html`<h1>Nothing to answer</h1>
      <p role="alert">
        This request was answered, too much time has passed, or it was begun in another browser. Begin again
        in the program that sent you here; if it was somebody’s link that did, there is nothing to be done.
      </p>`,
  };
}
