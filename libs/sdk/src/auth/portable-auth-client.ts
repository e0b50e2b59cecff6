import type { Enrolled } from '../api/account-answers.js';
import type { AccountApi } from '../api/account-api.js';
import { ApiError, MfaEnrollmentRequired, MfaRequired } from '../api/api-error.js';
import type { AccessToken, Me, Registered, SignedIn, Tokens } from '../api/answers.js';
import type { BearerSource } from '../api/caller.js';
import { type Credentials, GatehouseApi, type NewAccount } from '../api/gatehouse-api.js';
import type { JoinedTenant } from '../api/invitation-answers.js';
import { Emitter, type Listener } from '../client/emitter.js';
import type { ClientTime, Store } from '../client/platform.js';
import type { AuthEvents } from './auth-events.js';
import { authorised } from './authorised-fetch.js';
import { deviceGrant, type DeviceSignIn } from './device-grant.js';
import { FormerSessions, type Leaving } from './former-sessions.js';
import { ownerOf } from './owner-of.js';
import { SessionTokens } from './session-tokens.js';
import type { StoredAuth } from './stored-auth.js';

export interface AuthClientOptions {
  /** Where the server is, such as `https://licences.example`. */
  url: string;
  /** Other places that `fetch` may carry the token to, such as `https://api.acme.example`; the server's own always. */
  origins?: readonly string[];
  /** Lets passwords, tokens and keys go over bare HTTP to other machines, as in a closed network; false when left out. */
  allowHttp?: boolean;
  /** Of every exchange, ms; 10 s when left out. */
  timeoutMs?: number;
  /** For tests: another clock and other timers. */
  time?: ClientTime;
  fetch?: typeof fetch;
}

/** What an AuthClient needs of where it runs. */
export interface AuthPlatform {
  time: ClientTime;
  userAgent?: string;
  /** What the server is to know this machine by, so that people hear of sign-ins on others. */
  deviceId?: () => Promise<string | null>;
  store: Store<StoredAuth>;
  /** Tokens are in cookies, which no script reads; what is kept here stands for them. */
  session?: 'cookie';
  /** Calls back when another tab has changed the store; gives what calls it off. */
  watch?(changed: () => void): () => void;
}

/**
 * Signs people in and keeps them signed in: tokens are kept, refreshed before they end, and shared by all tabs or
 * processes, of which one refreshes. The session ends when the server says so or `signOut` is called, never for want of a
 * network. Is a source of bearers for a LicenseClient (`bearer: auth`). Methods throw ApiError.
 */
export class PortableAuthClient implements BearerSource {
  /** The API beneath, with the same bearer. */
  readonly api: GatehouseApi;
  /** Address, password, second factor and sessions of whoever is signed in. */
  readonly account: AccountApi;
  /** Like the platform's, with the bearer; one that is refused is renewed once. Throws TypeError for other places. */
  readonly fetch: (input: string | URL, init?: RequestInit) => Promise<Response>;
  private readonly events = new Emitter<AuthEvents>();
  private readonly tokens: SessionTokens;
  private readonly time: ClientTime;
  private readonly former: FormerSessions;
  private readonly unwatch: () => void;

  /** Throws TypeError when `url` is no address of a server, or one of bare HTTP that was not allowed. */
  constructor(options: AuthClientOptions, platform: AuthPlatform) {
    const { url, timeoutMs, origins, allowHttp } = options;
    const { time, userAgent, deviceId, session } = platform;
    this.time = time;
    this.tokens = new SessionTokens({
      ...{ url, timeoutMs, store: platform.store },
      refresh: (token, limit) => this.api.refresh(token, limit),
      logout: (token) => this.account.logout(token),
      now: () => time.now(),
      events: this.events,
    });
    this.api = new GatehouseApi({
      ...{ url, allowHttp, timeoutMs, userAgent, deviceId, session, bearer: this.tokens },
      fetch: options.fetch,
      after: (ms, work) => time.after(ms, work),
    });
    this.account = this.api.account;
    this.former = new FormerSessions(this.account, session);
    this.fetch = authorised(this.tokens, this.api.url, { origins, allowHttp, session }, options.fetch);
    this.unwatch = platform.watch?.(() => void this.tokens.current()) ?? (() => undefined);
  }

  /** Gives what takes the listener away again. */
  on<K extends keyof AuthEvents>(event: K, listener: Listener<AuthEvents[K]>): () => void {
    return this.events.on(event, listener);
  }

  /** The same, for one time. */
  once<K extends keyof AuthEvents>(event: K, listener: Listener<AuthEvents[K]>): () => void {
    return this.events.once(event, listener);
  }

  /**
   * Signed up and in: with a new organisation and its licence, whose key is in this answer and the mail alone, or into the
   * organisation of an invitation.
   */
  register(input: NewAccount): Promise<Registered> {
    return this.kept(this.api.register(input));
  }

  /**
   * By address and password, or by the ID token of Firebase Auth; at the organisation `tenantId`, where it is named. Throws MfaRequired when a second factor is asked
   * for, and MfaEnrollmentRequired when it has to be set up first.
   */
  signIn(input: Credentials & { tenantId?: string }): Promise<SignedIn> {
    return this.kept(this.api.login(input));
  }

  /**
   * By a code that the person types on another device, or scans: for machines without a browser (RFC 8628). Ends what was
   * signed in here before. Throws ApiError: `access_denied`, `expired_token`, `ABORTED` by `signal`.
   */
  async signInWithDevice(input: DeviceSignIn): Promise<SignedIn> {
    return this.enter(await deviceGrant(this.api.oauth, this.time, input), input.signal);
  }

  /** The second step, with MfaRequired's `mfaToken` and a code of the authenticator or a backup code. */
  async answerChallenge(input: { mfaToken: string; code: string }): Promise<SignedIn> {
    const signedIn = await this.account.challenge(input);
    await this.keep(signedIn, this.former.take(input.mfaToken));
    return signedIn;
  }

  /**
   * Finishes what `account.enrollTotp` began, with MfaEnrollmentRequired's `mfaToken` and a code of the authenticator, and
   * signs in. Gives ten backup codes, once.
   */
  async confirmTotp(input: { mfaToken: string; code: string }): Promise<Enrolled> {
    const enrolled = await this.account.confirmEnrolment(input);
    await this.keep(enrolled.signedIn, this.former.take(input.mfaToken));
    return enrolled;
  }

  /**
   * Goes to another organisation of the person's: every tab and program that shares who is signed in goes along, and the
   * session before ends, with the seats that were taken by it. Throws MfaRequired and MfaEnrollmentRequired as signIn
   * does, and 404 for an organisation that they are not in; the session goes on then.
   */
  async switchTenant(tenantId: string): Promise<SignedIn> {
    const leaves = await this.former.leaving();
    // Old by the time it comes there, it still shows that this is who has the session.
    const kept = await this.tokens.current();
    const answer = this.api.switchTenant(tenantId, kept?.refreshToken);
    const signedIn = await answer.catch((error: unknown) => {
      if (error instanceof MfaRequired || error instanceof MfaEnrollmentRequired)
        this.former.put(error.mfaToken, leaves);
      throw error;
    });
    await this.keep(signedIn, leaves);
    return signedIn;
  }

  /**
   * Joins the organisation of an invitation, by the token of its mail, and goes there as switchTenant does, throwing what
   * that throws: the invitation is accepted by then.
   */
  async acceptInvitation(token: string): Promise<JoinedTenant> {
    const joined = await this.api.tenancy.acceptInvitation(token);
    await this.switchTenant(joined.tenant.id);
    return joined;
  }

  /**
   * Forgets the tokens at once, whatever is under way with them, and ends the session at the server. False: the server
   * did not answer; the session lives there until it is revoked or runs out, without anybody here who could use it.
   */
  async signOut(): Promise<boolean> {
    const kept = await this.tokens.forget();
    if (!kept) return true;
    try {
      await this.account.logout(kept.refreshToken);
      return true;
    } catch (error) {
      if (error instanceof ApiError && error.isUnreachable) return false;
      throw error;
    }
  }

  /** Ends every session of this person, this one too; gives how many. */
  async signOutEverywhere(): Promise<number> {
    const revoked = await this.account.logoutAll();
    await this.tokens.forget();
    return revoked;
  }

  /** Deletes the account, and forgets the tokens. */
  async deleteAccount(input: Parameters<AccountApi['deleteAccount']>[0]): Promise<void> {
    await this.account.deleteAccount(input);
    await this.tokens.forget();
  }

  /** Who is signed in here, as kept; asks nobody. */
  async user(): Promise<StoredAuth['user'] | null> {
    return (await this.tokens.current())?.user ?? null;
  }

  /** Who is calling, and what they may do, as the server says. */
  async me(): Promise<Me> {
    const me = await this.api.me();
    await this.tokens.learn(me);
    return me;
  }

  /** An access token that still lasts; null: nobody is signed in. Throws when it has ended and nobody answers. */
  token(): Promise<string | null> {
    return this.tokens.token();
  }

  /** Another one, after this was refused; null: the session is over, or somebody else is signed in by now. */
  renew(refused: string): Promise<string | null> {
    return this.tokens.renew(refused);
  }

  /** Takes an access token of the same session to be used instead, as `account.reauthenticate` gives one. */
  replace(used: string, by: AccessToken): Promise<void> {
    return this.tokens.replace(used, by);
  }

  /** Listens to other tabs no more. Nobody is signed out. */
  close(): void {
    this.unwatch();
  }

  /** Signs in whose tokens these are. */
  protected async enter(tokens: Tokens, signal?: AbortSignal): Promise<SignedIn> {
    const signedIn = await ownerOf(tokens, { api: this.api, time: this.time, signal });
    await this.keep(signedIn, await this.former.leaving());
    return signedIn;
  }

  private async kept<T extends SignedIn>(answer: Promise<T>): Promise<T> {
    const signedIn = await answer;
    await this.tokens.signedIn(signedIn);
    return signedIn;
  }

  /** Keeps the new session first: whatever fails then, somebody is signed in. */
  private async keep(signedIn: SignedIn, leaves: Leaving | null): Promise<void> {
    const before = await this.tokens.signedIn(signedIn);
    if (leaves && before) await leaves(before);
  }
}
