import { randomBytes } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { json, text } from 'node:stream/consumers';
import { escape, page } from '../plain-page.js';

const CREATE_AUTH_URI = '/identitytoolkit.googleapis.com/v1/accounts:createAuthUri';
const PAGES = '/sign-in-at/';
const NAMES: Readonly<Record<string, string>> = {
  'google.com': 'Google',
  'github.com': 'GitHub',
  'microsoft.com': 'Microsoft',
};
const POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'none'";

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
  const url = new URL(request.url ?? '/', 'http://127.0.0.1');
  if (request.method === 'POST' && url.pathname === CREATE_AUTH_URI) {
    void createAuthUri(origin(), request, response);
    return true;
  }
  if (!url.pathname.startsWith(PAGES)) return false;
  const provider = decodeURIComponent(url.pathname.slice(PAGES.length));
  if (request.method === 'POST') void goBack(provider, url, request, response);
  else show(response, 200, signInPage(provider, url.searchParams.get('login_hint') ?? ''));
  return true;
}

async function createAuthUri(
  origin: string,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const asked = (await json(request).catch(() => ({}))) as Record<string, unknown>;
  const { providerId, continueUri } = asked;
  const isSound =
    typeof providerId === 'string' && typeof continueUri === 'string' && URL.canParse(continueUri);
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
  const form = new URLSearchParams(await text(request));
  const back = url.searchParams.get('redirect_uri') ?? '';
  if (!URL.canParse(back)) return show(response, 400, page('Sign in', '<p>Nobody asked for this page.</p>'));
  const location = new URL(back);
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
