import { html, type Html } from '#platform';
import type { FormMaker } from '../form-tokens.js';
import type { Page } from '../look/layout.js';
import { field, problem } from '../look/parts.js';

interface Step {
  next: string;
  problem?: Html | string;
  status?: number;
}

interface Begun {
  secret: string;
  otpauthUri: string;
  qrCode: string;
}

const codeField = (hint: string): Html =>
  field({
    name: 'code',
    label: 'Code',
    autocomplete: 'one-time-code',
    isCode: true,
    hint,
  });

export function codePage(form: FormMaker, { next, problem: fault, status }: Step): Page {
  return {
    title: 'Second step',
    status,
    body: html`<h1>Second step</h1>
      <p>Open your authenticator and give the six digits that it shows.</p>
      ${problem(fault ?? null)}
      ${form(
        '/login/code',
        html`<input type="hidden" name="next" value="${next}" />
          ${codeField('Without your authenticator: one of your backup codes. Each is good once.')}
          <button>Continue</button>`,
      )}
      <p class="links"><a href="/login?as=other">Sign in as somebody else</a></p>`,
  };
}

export function authenticatorPage(form: FormMaker, { begun, next, ...rest }: Step & { begun: Begun }): Page {
  return {
    title: 'Set up an authenticator',
    status: rest.status,
    policy: { dataImages: true },
    body: html`<h1>Set up an authenticator</h1>
      <p>
        Your organisation asks for a second step at sign-in. Scan this with an authenticator app, then give
        the six digits that it shows.
      </p>
      ${problem(rest.problem ?? null)}
      <img class="qr" src="${begun.qrCode}" alt="QR code for your authenticator; the key below is the same" />
      <details>
        <summary>I cannot scan it</summary>
        <p>Give the app this key: <span class="code">${grouped(begun.secret)}</span></p>
      </details>
      ${form(
        '/login/authenticator',
        html`<input type="hidden" name="next" value="${next}" />
          ${codeField('Six digits; they change every 30 seconds.')} <button>Continue</button>`,
      )}`,
  };
}

export function backupCodesPage(codes: readonly string[], next: string): Page {
  return {
    title: 'Your backup codes',
    body: html`<h1>Your backup codes</h1>
      <p>
        Your authenticator is set up, and you are signed in. Should you lose it, each of these lets you in
        once. Keep them somewhere safe: they are shown this one time.
      </p>
      <ul class="codes code">
        ${codes.map((code) => html`<li>${code}</li>`)}
      </ul>
      <p><a class="button" href="${next}">Continue</a></p>`,
  };
}

const grouped = (secret: string) => secret.replace(/(.{4})(?=.)/g, '$1 ');
