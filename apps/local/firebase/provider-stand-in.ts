import { randomBytes } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { escape, page } from '../plain-page.js';

const CREATE_AUTH_URI = '/identitytoolkit.googleapis.com/v1/accounts:createAuthUri';
const PAGES = '/sign-in-at/';
const BACK = '/login/back';
const LOOPBACK = new Set(['127.0.0.1', 'localhost', '[::1]']);
/** Of who started this; without one, the product is on loopback. */
const BASE_URL = process.env.BASE_URL ?? '';
/** In bytes; what the pages send has a few hundred. */
const MAX_BODY = 16_384;
const NAMES: Readonly<Record<string, string>> = {
  'google.com': 'Google',
  'github.com': 'GitHub',
  'microsoft.com': 'Microsoft',
};
const POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'none'";

const NOBODY = page('Sign in', '<p>Nobody asked for this page.</p>');

/**
 * What the Auth emulator does not do: `accounts:createAuthUri` for a provider, which leads to a page that stands in for
 * it. Whoever comes there types who they are, and goes back with what the emulator's own `accounts:signInWithIdp` takes
 * for the provider's word. Gives false for a request that is the emulator's.
 */
export function standInForProviders(
  origin: () => string,
  request: IncomingMessage,
  response: ServerResponse,
): boolean {
  if (!URL.canParse(request.url ?? '/', 'http://127.0.0.1')) return false;
  const url = new URL(request.url ?? '/', 'http://127.0.0.1');
  // Whoever breaks off breaks off: nothing that is asked ends this process.
  const drop = () => void response.destroy();
  if (request.method === 'POST' && url.pathname === CREATE_AUTH_URI) {
    createAuthUri(origin(), request, response).catch(drop);
    return true;
  }
  if (!url.pathname.startsWith(PAGES)) return false;
  const provider = decoded(url.pathname.slice(PAGES.length));
  if (provider === null || !isOurs(url.searchParams.get('redirect_uri') ?? '')) show(response, 400, NOBODY);
  else if (request.method === 'POST') goBack(provider, url, request, response).catch(drop);
  else show(response, 200, signInPage(provider, url.searchParams.get('login_hint') ?? ''));
  return true;
}

async function createAuthUri(
  origin: string,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { providerId, continueUri } = jsonIn(await bodyOf(request));
  const isSound = typeof providerId === 'string' && typeof continueUri === 'string' && isOurs(continueUri);
  const answer = (status: number, body: object) => {
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  };
  if (!isSound) return answer(400, { error: { code: 400, message: 'INVALID_CONTINUE_URI' } });
  const authUri = new URL(`${PAGES}${encodeURIComponent(providerId)}`, origin);
  authUri.searchParams.set('redirect_uri', continueUri);
  const sessionId = randomBytes(20).toString('base64url');
  answer(200, {
    kind: 'identitytoolkit#CreateAuthUriResponse',
    providerId,
    authUri: authUri.href,
    sessionId,
  });
}

async function goBack(
  provider: string,
  url: URL,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const form = new URLSearchParams(await bodyOf(request));
  const location = new URL(url.searchParams.get('redirect_uri') ?? '');
  const email = form.get('email')?.trim() ?? '';
  if (form.has('cancel')) location.searchParams.set('error', 'access_denied');
  else {
    const claims = {
      sub: email || 'nobody',
      email: email || undefined,
      email_verified: form.has('verified'),
    };
    location.searchParams.set('providerId', provider);
    location.searchParams.set('id_token', JSON.stringify({ ...claims, name: form.get('name') || undefined }));
  }
  response.writeHead(303, { location: location.href, 'cache-control': 'no-store' }).end();
}

/** Back at the page that sent them: on this machine, or where BASE_URL says that it is reached. */
function isOurs(uri: string): boolean {
  if (!URL.canParse(uri)) return false;
  const { protocol, hostname, origin, pathname, username } = new URL(uri);
  if (!/^https?:$/.test(protocol) || pathname !== BACK || username) return false;
  return LOOPBACK.has(hostname) || (URL.canParse(BASE_URL) && new URL(BASE_URL).origin === origin);
}

function decoded(text: string): string | null {
  try {
    return decodeURIComponent(text);
  } catch {
    return null;
  }
}

/** Throws for more than any of our forms sends. */
async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > MAX_BODY) throw new Error('Too large.');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}

function jsonIn(body: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(body);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}

function show(response: ServerResponse, status: number, body: string): void {
  response.writeHead(status, {
    'content-type': 'text/html; charset=utf-8',
    'content-security-policy': POLICY,
    'cache-control': 'no-store',
    'referrer-policy': 'no-referrer',
  });
  response.end(body);
}

function signInPage(provider: string, hint: string): string {
  const name = escape(NAMES[provider] ?? provider);
  return page(
    `Sign in as somebody at ${NAMES[provider] ?? provider}`,
    `<h1>${name}, as far as this machine goes</h1>
<p>This page stands in for ${name} where Gatehouse runs on local parts. Say who you are there; nobody checks it.</p>
<form method="post">
<label>E-mail address <input name="email" type="email" autocomplete="email" value="${escape(hint)}"></label>
<label>Name <input name="name" autocomplete="name"></label>
<label><input name="verified" type="checkbox" checked> ${name} says that the address is theirs</label>
<p><button>Sign in</button> <button name="cancel" formnovalidate>Cancel</button></p>
</form>`,
  );
}
