import { crc32 } from 'node:zlib';
import { createHmac, type KeyObject, randomBytes, sign } from 'node:crypto';
import type { Answer } from './person.js';
import { call, succeed } from './person.js';

export interface ServiceAccountBody {
  id: string;
  name: string;
  scopes: string[];
  status: string;
  jwks: { keys: { kid: string; alg: string }[] };
  created_by: { type: string; id: string | null };
  last_used_at: string | null;
}

export interface ApiKeyBody {
  id: string;
  name: string;
  scopes: string[];
  status: string;
  hint: string;
  expires_at: string | null;
  replaced_by: string | null;
  last_used_at: string | null;
  /** Only in the answer that made it. */
  key: string;
}

export interface TokenBody {
  access_token: string;
  token_type: string;
  expires_in: number;
  scope: string;
}

export interface OauthErrorBody {
  error: string;
  error_description: string;
}

/** The service accounts of somebody's organisation, over HTTP. */
export function serviceAccountsOf(api: string, bearer: string) {
  const root = `${api}/api/v1/auth/service-accounts`;
  return {
    root,
    create: (scopes: string[], more: object = {}) =>
      succeed<ServiceAccountBody>(root, { bearer, body: { name: 'Nightly report', scopes, ...more } }),
    createKey: (id: string, more: object = {}) =>
      succeed<ApiKeyBody>(`${root}/${id}/keys`, { bearer, body: { name: 'Server 1', ...more } }),
    change: (id: string, body: object) =>
      succeed<ServiceAccountBody>(`${root}/${id}`, { method: 'PATCH', bearer, body }),
    turn: (id: string, which: 'disable' | 'enable') =>
      succeed<ServiceAccountBody>(`${root}/${id}/${which}`, { method: 'POST', bearer }),
    rotate: (id: string, key: string, body: object = {}) =>
      succeed<ApiKeyBody & { replaces: ApiKeyBody }>(`${root}/${id}/keys/${key}/rotate`, { bearer, body }),
    revoke: (id: string, key: string) => succeed(`${root}/${id}/keys/${key}`, { method: 'DELETE', bearer }),
    keys: async (id: string) =>
      (await succeed<{ data: ApiKeyBody[] }>(`${root}/${id}/keys`, { bearer })).data,
  };
}

/** POST /oauth/token with a form, as OAuth clients send it. */
export async function askToken(
  api: string,
  fields: Record<string, string> | string,
  headers: Record<string, string> = {},
): Promise<Answer<TokenBody & OauthErrorBody>> {
  const response = await fetch(`${api}/oauth/token`, {
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded', ...headers },
    body: new URLSearchParams(fields).toString(),
  });
  return {
    status: response.status,
    headers: response.headers,
    body: (await response.json()) as TokenBody & OauthErrorBody,
  };
}

export const basic = (id: string, secret: string) => ({
  authorization: `Basic ${Buffer.from(`${encodeURIComponent(id)}:${encodeURIComponent(secret)}`).toString('base64')}`,
});

const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');

/** A client assertion (RFC 7523), signed with an Ed25519 key; `spoil` changes its header and claims. */
export function clientAssertion(
  key: KeyObject,
  clientId: string,
  audience: string,
  spoil: { header?: object; claims?: object } = {},
): string {
  const now = Math.floor(Date.now() / 1000);
  const header = { alg: 'EdDSA', typ: 'JWT', ...spoil.header };
  const claims = {
    ...{ iss: clientId, sub: clientId, aud: audience, exp: now + 120, iat: now },
    jti: randomBytes(12).toString('hex'),
    ...spoil.claims,
  };
  const signed = `${encode(header)}.${encode(claims)}`;
  return `${signed}.${sign(null, Buffer.from(signed), key).toString('base64url')}`;
}

/** One that is signed with a secret instead, which is what the public key is to whoever takes HS256. */
export function hmacAssertion(assertion: string, secret: string | Buffer): string {
  const [, payload] = assertion.split('.');
  const signed = `${encode({ alg: 'HS256', typ: 'JWT' })}.${payload}`;
  return `${signed}.${createHmac('sha256', secret).update(signed).digest('base64url')}`;
}

export const ASSERTION_TYPE = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';

/** Whether a bearer opens something at a process: the status of a read that needs `licenses:read`. */
export const reads = async (api: string, bearer: string) =>
  (await call(`${api}/api/v1/licenses`, { bearer })).status;

const BASE_62 = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';

/** A key of the right form that nobody made: this one with another secret, its checksum made as the documents say. */
export function guessedKey(key: string): string {
  const body = key.slice(0, -18) + Array.from(randomBytes(12), (byte) => BASE_62[byte % 62]).join('');
  let rest = crc32(body);
  let checksum = '';
  for (; checksum.length < 6; rest = Math.floor(rest / 62)) checksum = BASE_62[rest % 62] + checksum;
  return body + checksum;
}
