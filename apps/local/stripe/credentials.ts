import type { IncomingMessage } from 'node:http';
import { API_VERSION } from './books.js';
import { invalidRequest, unauthorized } from './errors.js';

const KEY = /^(?:sk|rk)_test_\w{8,}$/;

/** https://docs.stripe.com/api/authentication: the secret key as a bearer token or as the user of basic authentication. */
export function mustBeAllowed(request: IncomingMessage, keys: readonly string[] | undefined): void {
  const key = keyIn(request.headers.authorization ?? '');
  if (key === undefined)
    throw unauthorized(
      "You did not provide an API key. You need to provide your API key in the Authorization header, using Bearer auth (e.g. 'Authorization: Bearer YOUR_SECRET_KEY').",
    );
  if (key.startsWith('pk_'))
    throw unauthorized(
      'This API call cannot be made with a publishable API key. Please use a secret API key. You can find a list of your API keys at https://dashboard.stripe.com/account/apikeys.',
      'secret_key_required',
    );
  if (!KEY.test(key) || (keys && !keys.includes(key)))
    throw unauthorized(`Invalid API Key provided: ${masked(key)}`);
  const version = request.headers['stripe-version'];
  if (version !== undefined && version !== API_VERSION)
    throw invalidRequest(
      `Invalid Stripe API version: ${String(version)}. The local Stripe speaks ${API_VERSION} only.`,
    );
}

/** Stripe's own keys carry the account they are of; one that was drawn here, in lower case, is of this machine's. */
export function accountOf(request: IncomingMessage): string {
  const key = keyIn(request.headers.authorization ?? '') ?? '';
  const [, account] = /^\w\w_test_51(?=\w*[A-Z])(\w{14})/.exec(key) ?? [];
  return account ? `acct_1${account}` : 'acct_gatehouselocal';
}

function keyIn(authorization: string): string | undefined {
  const [scheme = '', value = ''] = authorization.split(' ');
  if (/^bearer$/i.test(scheme)) return value || undefined;
  if (!/^basic$/i.test(scheme)) return undefined;
  return Buffer.from(value, 'base64').toString('utf8').split(':')[0] || undefined;
}

function masked(key: string): string {
  return key.length < 12
    ? '*'.repeat(key.length)
    : `${key.slice(0, 8)}${'*'.repeat(key.length - 12)}${key.slice(-4)}`;
}
