import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Controlled } from '../control.js';
import { StripeRefusal } from '../errors.js';
import { isForeign } from '../http.js';
import { authenticatePage, authenticateSubmitted } from './authenticate.js';
import { checkoutPage, checkoutSubmitted } from './checkout.js';
import { dashboard, dashboardSubmitted } from './dashboard.js';
import { invoicePage, invoiceSubmitted } from './invoice.js';
import { portalPage, portalSubmitted } from './portal.js';
import { problem } from './shown.js';
import type { Shown } from './shown.js';

interface PageRoute {
  path: RegExp;
  show(parts: Controlled, id: string, query: URLSearchParams): Shown;
  submit(parts: Controlled, id: string, form: URLSearchParams): Shown;
}

const ROUTES: PageRoute[] = [
  {
    path: /^\/()$/,
    show: (parts) => dashboard(parts),
    submit: (parts, _, form) => dashboardSubmitted(parts, form),
  },
  { path: /^\/c\/pay\/(\w+)$/, show: checkoutPage, submit: checkoutSubmitted },
  { path: /^\/p\/session\/(\w+)$/, show: portalPage, submit: portalSubmitted },
  { path: /^\/authenticate\/(\w+)$/, show: authenticatePage, submit: authenticateSubmitted },
  { path: /^\/invoices\/(\w+)(?:\/pdf)?$/, show: invoicePage, submit: invoiceSubmitted },
];

/** The pages a person sees: checkout, portal, an invoice, the bank's question, and the dashboard at `/`. */
export function servePage(
  parts: Controlled,
  request: IncomingMessage,
  response: ServerResponse,
  url: URL,
  body: string,
): void {
  const shown = shownFor(parts, request, url, body);
  if ('redirect' in shown) {
    response.writeHead(303, { location: shown.redirect, 'cache-control': 'no-store' }).end();
    return;
  }
  response.writeHead(shown.status ?? 200, {
    'content-type': 'text/html; charset=utf-8',
    'content-security-policy': policy(shown.leadsTo),
    'x-content-type-options': 'nosniff',
    'referrer-policy': 'same-origin', // with none, a form's Origin would be null
    'cache-control': 'no-store',
  });
  response.end(shown.html);
}

function shownFor(parts: Controlled, request: IncomingMessage, url: URL, body: string): Shown {
  const route = ROUTES.find((one) => one.path.test(url.pathname));
  if (!route) return problem('There is no such page here.', 404);
  const id = route.path.exec(url.pathname)?.[1] ?? '';
  try {
    if (request.method === 'GET') return route.show(parts, id, url.searchParams);
    if (request.method !== 'POST') return problem('This page can be read and submitted, nothing else.', 405);
    if (isForeign(request)) return problem('This form was sent from another site.', 403);
    return route.submit(parts, id, new URLSearchParams(body));
  } catch (error) {
    if (!(error instanceof StripeRefusal)) throw error;
    return problem(error.body.message, error.status === 404 ? 404 : 400);
  }
}

/** Forms end where they are told to, and browsers hold redirects to the same rule. */
function policy(leadsTo: (string | null)[] = []): string {
  const origins = leadsTo
    .filter((one) => one !== null && URL.canParse(one))
    .map((one) => new URL(one!).origin);
  const targets = ["'self'", ...new Set(origins)].join(' ');
  return `default-src 'none'; style-src 'unsafe-inline'; form-action ${targets}; base-uri 'none'; frame-ancestors 'none'`;
}
