import type { z } from 'zod';
import type { Books } from './books.js';
import { invalidRequest } from './errors.js';

export type Method = 'DELETE' | 'GET' | 'POST';

/** One of Stripe's endpoints, as this server answers it. */
export interface Endpoint {
  method: Method;
  path: string;
  params: z.ZodType;
  run(books: Books, params: unknown, ...ids: string[]): unknown;
}

/** `:name` in the path stands for an id, given to `run` in order. */
export function endpoint<T extends z.ZodType>(
  method: Method,
  path: string,
  params: T,
  run: (books: Books, params: z.output<T>, ...ids: string[]) => unknown,
): Endpoint {
  return { method, path, params, run: run as Endpoint['run'] };
}

export class Router {
  private readonly routes: { segments: string[]; endpoint: Endpoint }[];

  constructor(endpoints: Endpoint[]) {
    const literal = (path: string) => path.split('/').filter((segment) => segment.startsWith(':')).length;
    // `/v1/invoices/create_preview` before `/v1/invoices/:id`
    const sorted = [...endpoints].sort((a, b) => literal(a.path) - literal(b.path));
    this.routes = sorted.map((one) => ({ segments: one.path.split('/'), endpoint: one }));
  }

  /** Throws Stripe's 404 for a path that it has not, or that we have not. */
  find(method: string, path: string): { endpoint: Endpoint; ids: string[] } {
    const wanted = path.split('/');
    for (const { segments, endpoint: found } of this.routes) {
      if (found.method !== method || segments.length !== wanted.length) continue;
      if (!segments.every((segment, index) => segment.startsWith(':') || segment === wanted[index])) continue;
      const ids = wanted.filter((_, index) => segments[index]!.startsWith(':')).map(decodeURIComponent);
      return { endpoint: found, ids };
    }
    throw invalidRequest(
      `Unrecognized request URL (${method}: ${path}). If you are trying to list objects, remove the trailing slash. If you are trying to retrieve an object, make sure you passed a valid (non-empty) identifier in your code. The local Stripe answers only what its README lists.`,
      undefined,
      undefined,
      404,
    );
  }
}
