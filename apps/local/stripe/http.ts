import type { IncomingMessage, ServerResponse } from 'node:http';

const LONGEST_BODY = 1024 * 1024;

class BodyTooLong extends Error {}

/** The body as text. Throws BodyTooLong beyond a megabyte. */
export async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > LONGEST_BODY) throw new BodyTooLong('The request is too long.');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

export function sendJson(
  response: ServerResponse,
  status: number,
  body: string,
  headers: Record<string, string> = {},
): void {
  if (response.destroyed) return;
  response.writeHead(status, { 'content-type': 'application/json', 'cache-control': 'no-store', ...headers });
  response.end(body);
}

const OUR_NAMES = new Set(['127.0.0.1', 'localhost', '[::1]']);

/** A name that points here from elsewhere (DNS rebinding) is not ours. */
export function isForUs(request: IncomingMessage): boolean {
  return OUR_NAMES.has((request.headers.host ?? '').replace(/:\d+$/, ''));
}

/** A form that another site had a browser send. Programs send neither header; older browsers only an Origin. */
export function isForeign(request: IncomingMessage): boolean {
  const { origin, host } = request.headers;
  const site = request.headers['sec-fetch-site'];
  if (site !== undefined) return site !== 'same-origin' && site !== 'none';
  return origin !== undefined && origin !== `http://${host}`;
}
