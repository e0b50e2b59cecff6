import { escape, page } from '../../plain-page.js';

/** A page to show, or where to go. `leadsTo`: addresses that its forms may end at. */
export type Shown = { html: string; status?: number; leadsTo?: (string | null)[] } | { redirect: string };

export function problem(sentence: string, status = 400): Shown {
  return {
    status,
    html: page('Stripe, local', `<p role="alert">${escape(sentence)}</p><p><a href="/">Dashboard</a></p>`),
  };
}
