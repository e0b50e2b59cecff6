import { escape } from '../../plain-page.js';
import { shownAmount } from '../life/amounts.js';
import { PICKABLE } from '../objects/test-cards.js';

/** A table with these heads; cells are HTML. */
export function table(heads: string[], rows: string[][]): string {
  if (rows.length === 0) return '<p>None yet.</p>';
  const head = heads.map((one) => `<th>${escape(one)}</th>`).join('');
  return `<table><tr>${head}</tr>${rows.map((row) => `<tr>${row.map((cell) => `<td>${cell}</td>`).join('')}</tr>`).join('\n')}</table>`;
}

/** A form of one button. */
export function button(label: string, fields: Record<string, string>, action = ''): string {
  const hidden = Object.entries(fields).map(
    ([name, value]) => `<input type="hidden" name="${escape(name)}" value="${escape(value)}">`,
  );
  return `<form method="post"${action ? ` action="${escape(action)}"` : ''}>${hidden.join('')}<button>${escape(label)}</button></form>`;
}

export function money(amount: number, currency: string): string {
  return escape(shownAmount(amount, currency));
}

export function time(seconds: number | null): string {
  return seconds === null ? '' : new Date(seconds * 1000).toISOString().slice(0, 16).replace('T', ' ');
}

/** A test card to pick, or a number to type. */
export function cardFields(picked?: string): string {
  const options = PICKABLE.map(
    ({ key, label }) =>
      `<option value="${escape(key)}"${key === picked ? ' selected' : ''}>${escape(label)}</option>`,
  );
  return `<label>Test card <select name="card">${options.join('')}</select></label>
<label>or its number <input name="number" inputmode="numeric" autocomplete="off" placeholder="4242 4242 4242 4242"></label>`;
}
