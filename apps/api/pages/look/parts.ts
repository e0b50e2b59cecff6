import { html, type Html } from '#platform';

export interface Field {
  /** As it is sent; its id, too. */
  name: string;
  label: string;
  type?: 'text' | 'email' | 'password';
  /** https://html.spec.whatwg.org/#autofill: what password managers and people's memories go by. */
  autocomplete: string;
  value?: string;
  hint?: string | Html;
  /** What is wrong with it. */
  fault?: Html | string;
  required?: boolean;
  inputMode?: 'numeric' | 'text' | 'email';
  /** The token of a mail, which a script fills in. */
  isToken?: boolean;
  isCode?: boolean;
}

/** A field with its label; what is wrong with it stands in the place of its hint, and either is read out with it. */
export function field(given: Field): Html {
  const { name, label, type = 'text', autocomplete, value = '', fault, required = true } = given;
  const hint = fault ? undefined : given.hint;
  const described = [hint && `${name}-hint`, fault && `${name}-fault`].filter(Boolean).join(' ');
  const attributes = [
    described ? html` aria-describedby="${described}"` : html``,
    fault ? html` aria-invalid="true"` : html``,
    required ? html` required` : html``,
    given.inputMode ? html` inputmode="${given.inputMode}"` : html``,
    given.isToken ? html` data-token` : html``,
    given.isCode ? html` class="code"` : html``,
    type === 'email' || given.isCode || given.isToken
      ? html` autocapitalize="none" spellcheck="false"`
      : html``,
  ];
  return html`<div class="field">
    <label for="${name}">${label}</label>
    <input
      id="${name}"
      name="${name}"
      type="${type}"
      autocomplete="${autocomplete}"
      value="${value}"
      ${attributes}
    />
    ${hint ? html`<p class="hint" id="${name}-hint">${hint}</p>` : html``}
    ${fault ? html`<div class="fault" id="${name}-fault">${fault}</div>` : html``}
  </div>`;
}

/** What went wrong, read out as soon as it is there. */
export const problem = (text: Html | string | null): Html =>
  text ? html`<div class="notice bad" role="alert"><p>${text}</p></div>` : html``;

export const success = (text: Html | string): Html =>
  html`<div class="notice good" role="status"><p>${text}</p></div>`;

/** Facts that somebody is to judge by. */
export const facts = (all: readonly (readonly [name: string, value: string | Html])[]): Html =>
  html`<dl>
    ${all.map(
      ([name, value]) =>
        html`<div>
          <dt>${name}</dt>
          <dd>${value}</dd>
        </div>`,
    )}
  </dl>`;

/** A list of sentences, or the one there is. */
export const sentences = (all: readonly string[]): Html =>
  all.length === 1
    ? html`${all[0] ?? ''}`
    : html`<ul>
        ${all.map((one) => html`<li>${one}</li>`)}
      </ul>`;
