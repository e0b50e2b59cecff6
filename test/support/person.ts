import { randomBytes } from 'node:crypto';
import { part } from './environment.js';

export interface Answer<T = Record<string, never>> {
  status: number;
  headers: Headers;
  body: T;
}

interface Call {
  method?: string;
  bearer?: string;
  body?: unknown;
  headers?: Record<string, string>;
}

/** One request; the answer's body as JSON. */
export async function call<T = never>(
  url: string,
  { method, bearer, body, headers }: Call = {},
): Promise<Answer<T>> {
  const response = await fetch(url, {
    method: method ?? (body === undefined ? 'GET' : 'POST'),
    headers: {
      ...(bearer ? { authorization: `Bearer ${bearer}` } : {}),
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...headers,
    },
    body: body === undefined ? undefined : JSON.stringify(body),
  });
  const text = await response.text();
  return { status: response.status, headers: response.headers, body: (text ? JSON.parse(text) : {}) as T };
}

/** Like {@link call}, and throws unless the answer is a success: an unexpected 401 fails the test (S3-34). */
export async function succeed<T>(url: string, options: Call = {}): Promise<T> {
  const answer = await call<T>(url, options);
  if (answer.status >= 300) {
    throw new Error(
      `${options.method ?? ''} ${url} was answered ${answer.status}: ${JSON.stringify(answer.body)}`,
    );
  }
  return answer.body;
}

/** Status and code of an answer that refuses. */
export const refusal = ({ status, body }: { status: number; body: ErrorBody }) => [status, body.error?.code];

/** What a token says of itself, not verified. */
export const payloadOf = <T>(token: string): T =>
  JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()) as T;

/** The id of the key that a token was signed with. */
export const kidOf = (token: string): string =>
  (JSON.parse(Buffer.from(token.split('.')[0] ?? '', 'base64url').toString()) as { kid: string }).kid;

/** The bodies that journeys read, as the wire has them. */
export interface RegisteredBody {
  user: { id: string; email: string; email_verified: boolean };
  tenant: { id: string; name: string; slug: string; plan: string; max_seats: number };
  license: { id: string; key?: string; tier: string; status: string };
  access_token: string;
  refresh_token: string;
  token_type: string;
  expires_in: number;
}

export interface SeatBody {
  session_id: string;
  expires_at: string;
  heartbeat_interval_seconds: number;
  seats: { used: number; max: number | null };
  license: { id: string; tier: string; entitlements: string[] };
  lease: string;
}

export interface ErrorBody {
  error: {
    code: string;
    message: string;
    trace_id: string;
    timestamp: string;
    details?: Record<string, unknown>;
  };
}

export interface AuditBody {
  data: {
    id: string;
    tenant_id: string;
    user_id: string | null;
    actor: { type: string; id: string | null };
    action: string;
    subject: string | null;
    outcome: string;
    metadata: Record<string, unknown>;
    trace_id: string;
    created_at: string;
  }[];
  next_cursor: string | null;
}

/** A real sign-in with Google at the Auth emulator; gives the ID token. */
export const signInWithGoogle = (email: string, verified = true): Promise<string> =>
  signInAt('google.com', { sub: email, email, verified });

/** The same at any provider, whose name of the person is `sub`. */
export async function signInAt(
  providerId: string,
  { sub, email, verified }: { sub: string; email: string; verified: boolean },
): Promise<string> {
  const claims = JSON.stringify({ sub, email, email_verified: verified, name: 'Ada' });
  const url = `${part('FIREBASE_URL')}/identitytoolkit.googleapis.com/v1/accounts:signInWithIdp?key=test`;
  const { idToken } = await succeed<{ idToken: string }>(url, {
    body: {
      postBody: `id_token=${encodeURIComponent(claims)}&providerId=${providerId}`,
      requestUri: 'http://localhost',
      returnSecureToken: true,
    },
  });
  return idToken;
}

/** The issuer learns that the address behind an ID token belongs to its owner. */
export async function proveAddress(idToken: string): Promise<void> {
  const { user_id: localId, aud } = payloadOf<{ user_id: string; aud: string }>(idToken);
  await succeed(`${part('FIREBASE_URL')}/identitytoolkit.googleapis.com/v1/projects/${aud}/accounts:update`, {
    bearer: 'owner',
    body: { localId, emailVerified: true },
  });
}

export const newEmail = () => `ada-${randomBytes(6).toString('hex')}@acme.example`;

/** What people here sign in with, unless they change it. */
export const PASSWORD = 'velvet otter marches nine';

/** Somebody new, signed up for real: their token and what the sign-up answered. */
export async function signUp(
  api: string,
  options: { email?: string; organization?: string } = {},
): Promise<RegisteredBody & { idToken: string }> {
  const idToken = await signInWithGoogle(options.email ?? newEmail());
  const made = await succeed<RegisteredBody>(`${api}/api/v1/auth/register`, {
    bearer: idToken,
    body: { organization_name: options.organization ?? 'Acme Tools' },
  });
  return { ...made, idToken };
}

/** Somebody new who signed up by address and password; the address is not proved. */
export const signUpByPassword = (
  api: string,
  email = newEmail(),
  password = PASSWORD,
): Promise<RegisteredBody> =>
  succeed(`${api}/api/v1/auth/register`, { body: { email, password, organization_name: 'Acme Tools' } });
