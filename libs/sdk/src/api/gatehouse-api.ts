import { type Claims, toInstant } from '../formats/claims.js';
import {
  type Beat,
  type License,
  type Me,
  readBeat,
  readKeys,
  readLicense,
  readMe,
  readRegistered,
  readReleased,
  readSeat,
  readSignedIn,
  readTokens,
  readUsage,
  readVerdict,
  type Registered,
  type Seat,
  type ServerKeys,
  type SignedIn,
  type Tokens,
  type Usage,
  type Verdict,
} from './answers.js';
import { AccountApi } from './account-api.js';
import { BillingApi } from './billing-api.js';
import { type ApiOptions, type CallOptions, Caller } from './caller.js';
import { OAuthApi } from './oauth-api.js';
import { TenancyApi } from './tenancy-api.js';
import type { Call } from './transport.js';

/** Who asks for a seat: a device, and a licence named by its key, its id, or by the bearer alone. */
export interface AcquireInput {
  hardwareId: string;
  licenseId?: string;
  licenseKey?: string;
}

/** Whose use it is: of the seat, of the licence by key or id, or of the bearer's own licence. */
export interface UsageInput {
  meter: string;
  amount: number;
  /** A UUID: however often it is sent, the use counts once. */
  idempotencyKey?: string;
  /** Epoch ms; with an idempotency key: it has happened then, and is recorded even beyond the limit. */
  at?: number;
  sessionId?: string;
  licenseKey?: string;
  licenseId?: string;
}

const V1 = '/api/v1';

/**
 * Gatehouse's HTTP API, typed. Every method throws ApiError and nothing else; every answer is bounded in time and size
 * and has been read member by member. Members are in camelCase, times are epoch ms.
 */
export class GatehouseApi {
  readonly url: string;
  /** The caller's own account. */
  readonly account: AccountApi;
  /** The organisation they are signed in at, and their others. */
  readonly tenancy: TenancyApi;
  /** What that organisation has bought. */
  readonly billing: BillingApi;
  /** Sign-in in a browser, or by a code on another device; an AuthClient does the whole of it. */
  readonly oauth: OAuthApi;
  private readonly caller: Caller;

  /** Throws TypeError when `url` is no address of a server, or one of bare HTTP that was not allowed. */
  constructor(options: ApiOptions) {
    this.caller = new Caller(options);
    this.url = this.caller.url;
    this.account = new AccountApi(this.caller);
    this.tenancy = new TenancyApi(this.caller);
    this.billing = new BillingApi(this.caller);
    this.oauth = new OAuthApi(this.caller);
  }

  /**
   * By e-mail and password, or by the ID token of an upstream identity provider: a new tenant with its licence, or into
   * the one that an invitation is of.
   */
  register(input: NewAccount): Promise<Registered> {
    return this.signIn('/auth/register', input, readRegistered);
  }

  /**
   * `tenantId`: at this one of the person's organisations instead of the one that the server takes. Throws MfaRequired
   * when a second factor is asked for.
   */
  login(input: Credentials & { tenantId?: string }): Promise<SignedIn> {
    return this.signIn('/auth/login', input, readSignedIn);
  }

  /** Exchanges a refresh token for new tokens. Repeated for a lost answer it gives the same ones. */
  refresh(refreshToken: string, options: CallOptions = {}): Promise<Tokens> {
    return this.caller.call({
      method: 'POST',
      path: `${V1}/auth/refresh`,
      body: { refreshToken },
      read: readTokens,
      ...options,
    });
  }

  /** `accessToken`: of whoever that is, instead of the caller. */
  me(accessToken?: string, options: CallOptions = {}): Promise<Me> {
    const call = { method: 'GET', path: `${V1}/auth/me`, read: readMe, ...options } as const;
    return accessToken === undefined
      ? this.caller.asBearer(call)
      : this.caller.call({ ...call, bearer: accessToken });
  }

  /**
   * Tokens for another organisation of the caller's. Throws MfaRequired or MfaEnrollmentRequired where that one asks for
   * more, and 404 for one they are not in. `refreshToken`: of the session of now, without which the server wants its owner
   * to have just shown who they are, 403 `REAUTHENTICATION_REQUIRED`; cookies bring it by themselves. Keeps nothing:
   * AuthClient.switchTenant does.
   */
  switchTenant(tenantId: string, refreshToken?: string): Promise<SignedIn> {
    return this.caller.asBearer({
      method: 'POST',
      path: `${V1}/auth/switch`,
      body: { tenantId, ...(refreshToken !== undefined && { refreshToken }) },
      read: readSignedIn,
    });
  }

  /** The tenant's licences, page after page as they are asked for. */
  licenses(options: { limit?: number } = {}): AsyncGenerator<License, void, undefined> {
    return this.caller.list(`${V1}/licenses`, options.limit ?? 100, readLicense);
  }

  license(id: string): Promise<License> {
    return this.caller.asBearer({
      method: 'GET',
      path: `${V1}/licenses/${encodeURIComponent(id)}`,
      read: readLicense,
    });
  }

  /** Takes a seat; the device that has one gets it again. By licence key alone no bearer is sent. */
  acquire(input: AcquireInput, options: CallOptions & { withBearer?: boolean } = {}): Promise<Seat> {
    const { withBearer = input.licenseKey === undefined, ...rest } = options;
    const call: Call<Seat> = {
      method: 'POST',
      path: `${V1}/licenses/acquire`,
      body: input,
      read: readSeat,
      ...rest,
    };
    return withBearer ? this.caller.asBearer(call) : this.caller.call(call);
  }

  /** Keeps a seat. The session id is its own proof (C38): no bearer is needed. */
  heartbeat(sessionId: string, options: CallOptions = {}): Promise<Beat> {
    return this.caller.call({
      method: 'PUT',
      path: `${V1}/licenses/heartbeat`,
      body: { sessionId },
      read: readBeat,
      ...options,
    });
  }

  /** Gives a seat back. Repeatable. */
  release(sessionId: string, options: CallOptions = {}): Promise<{ released: boolean }> {
    return this.caller.call({
      method: 'DELETE',
      path: `${V1}/licenses/release`,
      body: { sessionId },
      read: readReleased,
      ...options,
    });
  }

  /** A verdict on a key; a refusal is an answer, not an error. */
  validate(
    input: { licenseKey: string; hardwareId?: string; nonce?: string; entitlements?: readonly string[] },
    options: CallOptions = {},
  ): Promise<Verdict> {
    return this.caller.call({
      method: 'POST',
      path: `${V1}/licenses/validate`,
      body: input,
      read: readVerdict,
      ...options,
    });
  }

  /** Counts use of a meter. Throws 429 `QUOTA_EXHAUSTED` with what is left in `details`. */
  recordUsage({ at, ...input }: UsageInput, options: CallOptions = {}): Promise<Usage> {
    return this.caller.asBearer({
      method: 'POST',
      path: `${V1}/licenses/usage`,
      body: { ...input, ...(at !== undefined && { at: toInstant(at) }) },
      read: readUsage,
      ...options,
    });
  }

  /** What is left of a meter, counting nothing. */
  usage(meter: string): Promise<Usage> {
    const path = `${V1}/licenses/usage?meter=${encodeURIComponent(meter)}`;
    return this.caller.asBearer({ method: 'GET', path, read: readUsage });
  }

  /** The issuer's signing keys and the key sets by which old ones introduce new ones. */
  keys(options: CallOptions = {}): Promise<ServerKeys> {
    return this.caller.call({
      method: 'GET',
      path: '/.well-known/gatehouse-keys',
      unsigned: true,
      read: readKeys,
      ...options,
    });
  }

  private signIn<T>(path: string, input: Credentials, read: (answer: Claims) => T): Promise<T> {
    const { idToken, ...body } = { idToken: null, ...input };
    return this.caller.call({ method: 'POST', path: `${V1}${path}`, bearer: idToken, body, read });
  }
}

export type Credentials = { email: string; password: string } | { idToken: string };

/** Who signs up: with an organisation of their own, or by the token of an invitation, which proves their address. */
export type NewAccount = ({ organizationName: string } | { invitationToken: string }) & Credentials;
