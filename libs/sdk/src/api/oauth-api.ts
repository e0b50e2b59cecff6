import { type Claims, readCount, readMatch, readOptional, readText } from '../formats/claims.js';
import { InvalidDocument } from '../formats/invalid-document.js';
import { readTokens, type Tokens } from './answers.js';
import type { CallOptions, Caller } from './caller.js';

/** What the server says of itself (RFC 8414). */
export interface AuthorizationServer {
  issuer: string;
  authorizationEndpoint: string;
}

/** How a person lets a device in from another one (RFC 8628, 3.2). */
export interface DeviceCode {
  /** The device's own; a secret. */
  deviceCode: string;
  /** What the person types. */
  userCode: string;
  /** Where they type it. */
  verificationUri: string;
  /** The same with the code in it, as for a QR code. */
  verificationUriComplete: string;
  expiresInSeconds: number;
  intervalSeconds: number;
}

/** Programs on people's machines have no secret of their own. */
const CLIENT_ID = 'gatehouse-cli';
const URL_LENGTH = 2_048;
/** RFC 8628, 3.2: where the server names none. */
const INTERVAL_S = 5;

/** The grants of OAuth that sign a person in. Errors have the words of the RFCs as their codes, such as `slow_down`. */
export class OAuthApi {
  constructor(private readonly caller: Caller) {}

  server(options: CallOptions = {}): Promise<AuthorizationServer> {
    const path = '/.well-known/oauth-authorization-server';
    return this.caller.call({ method: 'GET', path, read: readServer, ...options });
  }

  /** Where a browser asks its person (RFC 6749, 4.1.1; RFC 7636, 4.3). */
  authorizeUrl(
    { authorizationEndpoint }: AuthorizationServer,
    input: { redirectUri: string; state: string; challenge: string; deviceName?: string },
  ): string {
    const url = new URL(authorizationEndpoint);
    const asked = {
      response_type: 'code',
      client_id: CLIENT_ID,
      redirect_uri: input.redirectUri,
      state: input.state,
      code_challenge: input.challenge,
      code_challenge_method: 'S256',
      ...(input.deviceName !== undefined && { device_name: input.deviceName }),
    };
    for (const [name, value] of Object.entries(asked)) url.searchParams.set(name, value);
    return url.href;
  }

  /** Tokens for a code (RFC 6749, 4.1.3), which is good once. */
  exchangeCode(
    input: { code: string; redirectUri: string; verifier: string },
    options: CallOptions = {},
  ): Promise<Tokens> {
    return this.token(
      {
        grant_type: 'authorization_code',
        code: input.code,
        redirect_uri: input.redirectUri,
        code_verifier: input.verifier,
      },
      options,
    );
  }

  /** Begins a sign-in on another device. */
  authorizeDevice(input: { deviceName?: string }, options: CallOptions = {}): Promise<DeviceCode> {
    return this.caller.call({
      method: 'POST',
      path: '/oauth/device_authorization',
      form: {
        client_id: CLIENT_ID,
        ...(input.deviceName !== undefined && { device_name: input.deviceName }),
      },
      read: readDeviceCode,
      ...options,
    });
  }

  /** Tokens once the person has agreed; throws `authorization_pending` until then, or `slow_down`. */
  deviceTokens(deviceCode: string, options: CallOptions = {}): Promise<Tokens> {
    const grant = 'urn:ietf:params:oauth:grant-type:device_code';
    return this.token({ grant_type: grant, device_code: deviceCode }, options);
  }

  private token(form: Record<string, string>, options: CallOptions): Promise<Tokens> {
    return this.caller.call({
      method: 'POST',
      path: '/oauth/token',
      form: { client_id: CLIENT_ID, ...form },
      read: readTokens,
      ...options,
    });
  }
}

const readServer = (answer: Claims): AuthorizationServer => ({
  issuer: readText(answer, 'issuer', URL_LENGTH),
  authorizationEndpoint: readPage(answer, 'authorization_endpoint'),
});

const readDeviceCode = (answer: Claims): DeviceCode => {
  const verificationUri = readPage(answer, 'verification_uri');
  return {
    deviceCode: readText(answer, 'device_code', 1024),
    userCode: readMatch(answer, 'user_code', /^[A-Z0-9-]{4,32}$/, 'a code that people can type'),
    verificationUri,
    verificationUriComplete: readOptional(answer, 'verification_uri_complete', readPage) ?? verificationUri,
    expiresInSeconds: readCount(answer, 'expires_in'),
    intervalSeconds: Math.max(1, readOptional(answer, 'interval', readCount) ?? INTERVAL_S),
  };
};

/** The address of a page, which people are shown and browsers open. */
function readPage(answer: Claims, name: string): string {
  const text = readText(answer, name, URL_LENGTH);
  if (!URL.canParse(text) || !/^https?:$/.test(new URL(text).protocol))
    throw new InvalidDocument('BAD_CLAIM', `${name} must be the address of a page.`);
  return new URL(text).href;
}
