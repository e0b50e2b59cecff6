import { createHash, randomBytes } from 'node:crypto';
import type { INestApplicationContext } from '@nestjs/common';
import { Actor, HttpConfig, ManualClock } from '#platform';
import {
  AccountsConfig,
  AuthorizeDevice,
  AuthorizeProgram,
  FirebaseConfig,
  IDENTITY_ENTITIES,
  IdentityConfig,
  IdentityModule,
  IssuingConfig,
  KeysConfig,
  KeyScheduleConfig,
  MailTokensConfig,
  PasswordsConfig,
  PlacesConfig,
  ServiceAccountsConfig,
} from '#identity';
import { LeasesConfig, LICENSING_ENTITIES, LicensingConfig } from '#licensing';
import { TENANCY_ENTITIES } from '#tenancy';
import { application } from './application.js';
import { payloadOf, type RegisteredBody } from './person.js';
import type { Product } from './product.js';
import { askToken } from './service-accounts.js';

export const CLIENT = 'gatehouse-cli';
export const REDIRECT = 'http://127.0.0.1:8787/callback';
export const DEVICE_GRANT = 'urn:ietf:params:oauth:grant-type:device_code';

export interface DeviceAnswerBody {
  device_code: string;
  user_code: string;
  verification_uri: string;
  verification_uri_complete: string;
  expires_in: number;
  interval: number;
}

type SignedIn = Pick<RegisteredBody, 'access_token'>;

/** Who an access token is of, as the guard of the hosted pages says. */
export function actorOf({ access_token: token }: SignedIn): Actor {
  const { sub, tenant_id, sid } = payloadOf<{ sub: string; tenant_id: string; sid: string }>(token);
  return Actor.anonymous({ traceId: 'f'.repeat(32), address: '192.0.2.7' }).as({
    ...{ type: 'user', id: sub, tenantId: tenant_id, sessionId: sid },
  });
}

/**
 * The use cases behind the hosted pages, over the database and the Redis of a product: what a person answers there. The
 * pages themselves have tests of their own, in a browser.
 */
export async function answersOf(
  product: Product,
): Promise<{ app: INestApplicationContext; program: AuthorizeProgram; device: AuthorizeDevice }> {
  const rooms = {
    concerns: [
      ...[HttpConfig, IdentityConfig, KeysConfig, KeyScheduleConfig, PasswordsConfig, AccountsConfig],
      ...[MailTokensConfig, ServiceAccountsConfig, IssuingConfig, PlacesConfig, FirebaseConfig],
      ...[LicensingConfig, LeasesConfig],
    ],
    entities: [...TENANCY_ENTITIES, ...LICENSING_ENTITIES, ...IDENTITY_ENTITIES],
    imports: [IdentityModule],
  };
  const app = await application(rooms, product.env, new ManualClock(new Date()));
  const of = { strict: false };
  return { app, program: app.get(AuthorizeProgram, of), device: app.get(AuthorizeDevice, of) };
}

/** A verifier and its challenge (RFC 7636). */
export function pkce(): { verifier: string; challenge: string } {
  const verifier = randomBytes(32).toString('base64url');
  return { verifier, challenge: createHash('sha256').update(verifier).digest('base64url') };
}

/** What a program asks for, unless a test says otherwise. */
export const authorizeQuery = (challenge: string): Record<string, string> => ({
  ...{ response_type: 'code', client_id: CLIENT, redirect_uri: REDIRECT, state: 'xyz-123' },
  ...{ code_challenge: challenge, code_challenge_method: 'S256', device_name: 'Ada’s laptop' },
});

/** GET /oauth/authorize as a browser asks, which follows nothing. */
export async function authorize(api: string, query: Record<string, string> | string) {
  const response = await fetch(`${api}/oauth/authorize?${new URLSearchParams(query).toString()}`, {
    redirect: 'manual',
  });
  const location = response.headers.get('location');
  const [cookie = ''] = response.headers.getSetCookie();
  const text = await response.text();
  return {
    status: response.status,
    location: location === null ? null : new URL(location),
    /** What the browser has from now on. */
    browser: /^__Host-gatehouse-request=([\w-]{43});/.exec(cookie)?.[1] ?? null,
    error: text ? (JSON.parse(text) as { error?: string }).error : undefined,
  };
}

/** POST /oauth/device_authorization with a form. */
export async function askDevice(api: string, fields: Record<string, string> = {}, userAgent?: string) {
  const response = await fetch(`${api}/oauth/device_authorization`, {
    method: 'POST',
    headers: {
      'content-type': 'application/x-www-form-urlencoded',
      ...(userAgent && { 'user-agent': userAgent }),
    },
    body: new URLSearchParams({ client_id: CLIENT, ...fields }).toString(),
  });
  return {
    status: response.status,
    body: (await response.json()) as DeviceAnswerBody & { error: string },
  };
}

export type ProgramTokens = Awaited<ReturnType<typeof askToken>>['body'] & { refresh_token: string };

/** The tokens of a program without a browser that somebody has let in. */
export async function ofProgram(product: Product, person: SignedIn): Promise<ProgramTokens> {
  const { app, device } = await answersOf(product);
  try {
    const { body } = await askDevice(product.api.url);
    await device.approve({ actor: actorOf(person) }, body.user_code);
    const { device_code } = body;
    const asked = { grant_type: DEVICE_GRANT, client_id: CLIENT, device_code };
    return (await askToken(product.api.url, asked)).body as ProgramTokens;
  } finally {
    await app.close();
  }
}

/** POST /oauth/token for a code. */
export const redeem = async (
  api: string,
  { code, verifier }: { code: string; verifier: string },
  more: Record<string, string> = {},
) => {
  const fields = { grant_type: 'authorization_code', client_id: CLIENT, redirect_uri: REDIRECT };
  const answer = await askToken(api, { ...fields, code, code_verifier: verifier, ...more });
  return { status: answer.status, body: answer.body as ProgramTokens };
};
