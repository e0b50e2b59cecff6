import { invalidRequest } from './errors.js';
import { listOf } from './wire.js';
import type { List } from './wire.js';

export interface Page {
  limit?: number;
  starting_after?: string;
  ending_before?: string;
}

export interface Range {
  gt?: number;
  gte?: number;
  lt?: number;
  lte?: number;
}

/** A page of objects that come oldest first, newest first as Stripe lists them: https://docs.stripe.com/api/pagination */
export function pageOf<T extends { id: string }>(url: string, oldestFirst: T[], page: Page): List<T> {
  return pageInOrder(url, [...oldestFirst].reverse(), page);
}

export function pageInOrder<T extends { id: string }>(url: string, all: T[], page: Page): List<T> {
  const limit = page.limit ?? 10;
  if (page.starting_after !== undefined && page.ending_before !== undefined)
    throw invalidRequest('You may only specify one of these parameters: starting_after, ending_before.');
  if (page.ending_before !== undefined) {
    const end = indexOf(all, page.ending_before, 'ending_before');
    const start = Math.max(0, end - limit);
    return listOf(url, all.slice(start, end), start > 0);
  }
  const start =
    page.starting_after === undefined ? 0 : indexOf(all, page.starting_after, 'starting_after') + 1;
  return listOf(url, all.slice(start, start + limit), all.length > start + limit);
}

function indexOf(all: { id: string }[], id: string, param: string): number {
  const index = all.findIndex((one) => one.id === id);
  if (index === -1) throw invalidRequest(`No such object: '${id}'`, param, 'resource_missing');
  return index;
}

/** How many of its lines an invoice has in it. */
const LINES_WITHIN = 10;

/** Cuts the lines within the invoices of a copy; all of them are a list of their own: https://docs.stripe.com/api/invoice-line-item */
export function withFirstLines<T>(copy: T): T {
  const { object, data, lines } = (copy ?? {}) as { object?: unknown; data?: unknown; lines?: List<unknown> };
  if (object === 'list' && Array.isArray(data)) for (const one of data) withFirstLines(one);
  if (object === 'invoice' && lines && lines.data.length > LINES_WITHIN) {
    lines.data.length = LINES_WITHIN;
    lines.has_more = true;
  }
  return copy;
}

export function inRange(value: number, range: number | Range | undefined): boolean {
  if (range === undefined) return true;
  if (typeof range === 'number') return value === range;
  return (
    (range.gt === undefined || value > range.gt) &&
    (range.gte === undefined || value >= range.gte) &&
    (range.lt === undefined || value < range.lt) &&
    (range.lte === undefined || value <= range.lte)
  );
}
