import { part } from './environment.js';
import { payloadOf, succeed } from './person.js';

/** The payload of an ID token of the emulator. */
export interface IdTokenClaims {
  user_id: string;
  aud: string;
  iss: string;
  exp: number;
  iat: number;
  auth_time: number;
  email?: string;
  firebase: { sign_in_provider: string; tenant?: string; identities: Record<string, string[]> };
  [claim: string]: unknown;
}

/** An account as an administrator of the project sees it. */
export interface FirebaseAccount {
  localId: string;
  customAttributes?: string;
  emailVerified?: boolean;
}

export const claimsIn = payloadOf<IdTokenClaims>;

/** The token with other claims. The emulator's are not signed, so this one is as good as its own. */
export function forged(idToken: string, change: Partial<IdTokenClaims>): string {
  const payload = Buffer.from(JSON.stringify({ ...claimsIn(idToken), ...change })).toString('base64url');
  return [idToken.split('.')[0], payload, ''].join('.');
}

const ask = <T>(path: string, body: object): Promise<T> =>
  succeed<T>(`${part('FIREBASE_URL')}/identitytoolkit.googleapis.com/v1/${path}`, { bearer: 'owner', body });

/** Signs up at the emulator by anything but a provider; gives the ID token. */
export async function signUpAtFirebase(body: object): Promise<string> {
  const url = `${part('FIREBASE_URL')}/identitytoolkit.googleapis.com/v1/accounts:signUp?key=test`;
  return (await succeed<{ idToken: string }>(url, { body: { returnSecureToken: true, ...body } })).idToken;
}

const accounts = (verb: string) => `projects/demo-gatehouse/accounts:${verb}`;

/** Changes the account that a token is of, as an administrator. */
export const changeAccount = (idToken: string, change: object): Promise<unknown> =>
  ask(accounts('update'), { localId: claimsIn(idToken).user_id, ...change });

export const deleteAccount = (idToken: string): Promise<unknown> =>
  ask(accounts('delete'), { localId: claimsIn(idToken).user_id });

/** The custom claims that the account of a token has at Firebase. */
export async function customClaimsOf(idToken: string): Promise<Record<string, unknown>> {
  const { users = [] } = await ask<{ users?: FirebaseAccount[] }>(accounts('lookup'), {
    localId: [claimsIn(idToken).user_id],
  });
  return JSON.parse(users[0]?.customAttributes ?? '{}') as Record<string, unknown>;
}
