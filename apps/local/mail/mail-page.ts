import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { listPage, messagePage, notFoundPage } from './mail-html.js';
import type { Mailbox } from './mailbox.js';

/** Nothing of a message may load, run or leave; `sandbox` also when its HTML is opened outside the frame. */
const MESSAGE_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; sandbox allow-popups";
const PAGE_POLICY =
  "default-src 'none'; style-src 'unsafe-inline'; frame-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
const OUR_NAMES = new Set(['127.0.0.1', 'localhost']);
const LONGEST_WAIT_SECONDS = 60;

interface Answer {
  status?: number;
  type?: string;
  policy?: string;
  body: string;
}

/**
 * Serves the caught mail; resolves with the page's url. Paths: `/`, `/messages/<id>`, `/messages/<id>.html` (its HTML
 * part alone) and `/messages.json`, which takes `?to=<address>` and `?wait=<seconds>&count=<n>`: it then answers as
 * soon as there are n (default 1) such messages, or with fewer when the time is up.
 */
export async function startMailPage(mailbox: Mailbox, port = 0): Promise<string> {
  const server = createServer((request, response) => void handle(mailbox, request, response));
  await new Promise<void>((resolve, reject) =>
    server.once('error', reject).listen(port, '127.0.0.1', resolve),
  );
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

async function handle(mailbox: Mailbox, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const gone = new AbortController();
  response.once('close', () => gone.abort());
  const {
    status = 200,
    type = 'text/html',
    policy = PAGE_POLICY,
    body,
  } = await answer(mailbox, request, gone.signal);
  if (response.destroyed) return;
  response.writeHead(status, {
    'content-type': `${type}; charset=utf-8`,
    'content-security-policy': policy,
    'x-content-type-options': 'nosniff',
    'referrer-policy': 'no-referrer',
    'cache-control': 'no-store',
  });
  response.end(body);
}

async function answer(mailbox: Mailbox, request: IncomingMessage, gone: AbortSignal): Promise<Answer> {
  // A name that points here from elsewhere (DNS rebinding) must not read the mail.
  if (!OUR_NAMES.has((request.headers.host ?? '').split(':')[0]!)) {
    return { status: 421, body: notFoundPage('This page answers to 127.0.0.1 and localhost only.') };
  }
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    return { status: 405, body: notFoundPage('Mail here can only be read.') };
  }
  const url = new URL(request.url ?? '/', 'http://127.0.0.1');
  const to = url.searchParams.get('to') ?? undefined;
  if (url.pathname === '/') return { body: listPage(mailbox.list(to), to) };
  if (url.pathname === '/messages.json') {
    return {
      type: 'application/json',
      body: JSON.stringify(await list(mailbox, to, url.searchParams, gone)),
    };
  }
  return message(mailbox, url.pathname);
}

function list(mailbox: Mailbox, to: string | undefined, query: URLSearchParams, gone: AbortSignal) {
  const seconds = Math.min(Number(query.get('wait') ?? 0) || 0, LONGEST_WAIT_SECONDS);
  if (seconds <= 0) return mailbox.list(to);
  const count = Math.max(1, Number(query.get('count') ?? 1) || 1);
  return mailbox.waitFor(to, count, AbortSignal.any([gone, AbortSignal.timeout(seconds * 1000)]));
}

function message(mailbox: Mailbox, path: string): Answer {
  const [, id = '', alone] = /^\/messages\/([0-9a-f-]+)(\.html)?$/.exec(path) ?? [];
  const found = mailbox.find(id);
  if (!found)
    return { status: 404, body: notFoundPage('No such message: it may have made room for newer ones.') };
  return alone ? { policy: MESSAGE_POLICY, body: found.html } : { body: messagePage(found) };
}
