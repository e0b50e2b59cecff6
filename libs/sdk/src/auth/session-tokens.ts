import { ApiError } from '../api/api-error.js';
import type { AccessToken, Me, SignedIn, Tokens } from '../api/answers.js';
import type { BearerSource } from '../api/caller.js';
import { serverUrl } from '../api/server-url.js';
import { Emitter } from '../client/emitter.js';
import type { Store } from '../client/platform.js';
import type { AuthEvents } from './auth-events.js';
import { KeptAuth } from './kept-auth.js';
import { serverStore } from './server-store.js';
import { isSamePerson, type StoredAuth, storedAuthOf, userOf } from './stored-auth.js';

/** A token that ends so soon is not used any more, ms: it has to last for the call it is meant for. */
const EARLY_MS = 30_000;
/** And one that ends so soon is used while the next is fetched behind it, ms: no call waits for a refresh. */
const AHEAD_MS = 300_000;
/** After a refresh ahead of time came to nothing, ms: what is there still holds. */
const PAUSE_MS = 15_000;
/** A refresh is made under a lock that others wait for, and that is taken from whoever holds it longer, ms. */
const LONGEST_REFRESH_MS = 20_000;
const USUAL_REFRESH_MS = 10_000;
/** Whose token it was is known of so many of the last. */
const MAX_HANDED = 32;

export interface SessionTokensOptions {
  /** The server: tokens of another one are not there. */
  url: string;
  store: Store<StoredAuth>;
  refresh: (refreshToken: string, options: { timeoutMs: number }) => Promise<Tokens>;
  /** Ends the session of tokens that came when they were not wanted any more. */
  logout?: (refreshToken: string) => Promise<unknown>;
  /** Of a refresh, ms; 10 s when left out, and never more than 20 s. */
  timeoutMs?: number;
  /** Epoch ms, as the machine's clock shows it: right or wrong, only what passes counts. */
  now: () => number;
  events?: Emitter<AuthEvents>;
}

/**
 * The tokens of whoever is signed in, refreshed before they end and saved before they are used (S1-57, S1-58). Everybody
 * who shares the store, tabs or processes, refreshes one after the other, and the second finds what the first has saved.
 */
export class SessionTokens implements BearerSource {
  private readonly url: string;
  private readonly events: Emitter<AuthEvents>;
  private readonly kept: KeptAuth;
  /** By the access token that they replace. */
  private readonly underWay = new Map<string, Promise<string | null>>();
  /** What was there when an access token was given out: whose it is, and what it was refreshed by. */
  private readonly handed = new Map<string, StoredAuth>();
  private pauseUntil = Number.NEGATIVE_INFINITY;

  /** Throws TypeError when `url` is no address of a server. */
  constructor(private readonly options: SessionTokensOptions) {
    this.url = serverUrl(options.url);
    this.events = options.events ?? new Emitter();
    const discard = ({ refreshToken }: StoredAuth) =>
      // Whoever signed out was told how that went; these nobody has seen.
      void options.logout?.(refreshToken).catch(() => undefined);
    this.kept = new KeptAuth(serverStore(options.store, this.url), this.events, discard);
  }

  /** Who is signed in; asks nobody. */
  current(): Promise<StoredAuth | null> {
    return this.kept.read();
  }

  /** null: nobody is signed in. Throws ApiError when the token has ended and the server does not answer. */
  async token(): Promise<string | null> {
    const kept = await this.kept.read();
    if (!kept) return null;
    const now = this.options.now();
    const left = kept.expiresAt - now;
    if (left > AHEAD_MS) return this.given(kept);
    if (left > EARLY_MS) {
      if (now >= this.pauseUntil) this.refreshAhead(kept.accessToken);
      return this.given(kept);
    }
    this.given(kept);
    try {
      return (await this.renew(kept.accessToken)) ?? (await this.ofSomebodyElse(kept));
    } catch (error) {
      if (left > 0 && error instanceof ApiError && error.isUnreachable) return kept.accessToken;
      throw error;
    }
  }

  /**
   * null: the server refuses the session, or somebody else is signed in by now, who has not asked for this. Throws
   * ApiError when the server does not answer: that signs nobody out.
   */
  renew(refused: string): Promise<string | null> {
    const shared = this.underWay.get(refused);
    if (shared) return shared;
    const mine = this.exchange(refused).finally(() => this.underWay.delete(refused));
    this.underWay.set(refused, mine);
    return mine;
  }

  /** Gives what was there before. */
  signedIn(answer: SignedIn): Promise<StoredAuth | null> {
    return this.kept.signIn(storedAuthOf(answer, this.options.now(), this.url));
  }

  /** Uses this access token of the same session from now on, unless somebody else is signed in. */
  async replace(used: string, { accessToken, expiresInSeconds }: AccessToken): Promise<void> {
    const owner = this.handed.get(used)?.user;
    const expiresAt = this.options.now() + expiresInSeconds * 1000;
    await this.kept.alter(async (current) =>
      owner && isSamePerson(owner, current.user) ? { ...current, accessToken, expiresAt } : current,
    );
  }

  /** Takes over what has changed of the person who is signed in: their address, their plan. */
  async learn(me: Me): Promise<void> {
    const user = userOf(me);
    const isNews = (kept: StoredAuth) => isSamePerson(kept.user, user) && !isAlike(kept.user, user);
    const kept = await this.kept.read();
    if (kept && isNews(kept))
      await this.kept.alter(async (current) => (isNews(current) ? { ...current, user } : current));
  }

  /** Forgets the tokens here, at once; gives what they were. */
  forget(): Promise<StoredAuth | null> {
    return this.kept.signOut();
  }

  private refreshAhead(accessToken: string): void {
    this.renew(accessToken).catch(() => {
      this.pauseUntil = this.options.now() + PAUSE_MS;
    });
  }

  private async exchange(refused: string): Promise<string | null> {
    const made: { accessToken?: string } = {};
    const before = this.handed.get(refused);
    let owner = before?.user;
    const { timeoutMs = USUAL_REFRESH_MS } = this.options;
    const limit = { timeoutMs: Math.min(timeoutMs, LONGEST_REFRESH_MS) };
    const next = await this.kept.alter(async (current) => {
      // Of one second are two tokens alike, so the refresh token tells, too.
      const isRenewed = before !== undefined && current.refreshToken !== before.refreshToken;
      if (isRenewed || current.accessToken !== refused) return current;
      owner = current.user;
      const tokens = await this.options.refresh(current.refreshToken, limit).catch(nullIfRefused);
      if (!tokens) return null;
      const { accessToken, refreshToken, expiresInSeconds } = tokens;
      made.accessToken = accessToken;
      const expiresAt = this.options.now() + expiresInSeconds * 1000;
      return { ...current, accessToken, refreshToken, expiresAt, url: this.url };
    });
    if (!next) return null;
    if (next.accessToken === made.accessToken) this.events.emit('refreshed', { expiresAt: next.expiresAt });
    return owner && isSamePerson(owner, next.user) ? this.given(next) : null;
  }

  /** Who signed in while a token was renewed before its first use gets their own. */
  private async ofSomebodyElse(than: StoredAuth): Promise<string | null> {
    const kept = await this.kept.read();
    return kept && !isSamePerson(kept.user, than.user) ? this.token() : null;
  }

  private given(kept: StoredAuth): string {
    const { accessToken } = kept;
    this.handed.delete(accessToken);
    this.handed.set(accessToken, kept);
    const [oldest] = this.handed.keys();
    if (this.handed.size > MAX_HANDED && oldest !== undefined) this.handed.delete(oldest);
    return accessToken;
  }
}

const isAlike = (one: StoredAuth['user'], other: StoredAuth['user']): boolean =>
  one.id === other.id && one.email === other.email && one.plan === other.plan;

/**
 * Only a Gatehouse's own word ends a session: the one 401, and 422 for what is no refresh token at all. A proxy's 401 has
 * no code of ours, a suspended organisation may come back.
 */
function nullIfRefused(error: unknown): null {
  if (error instanceof ApiError && ['UNAUTHENTICATED', 'VALIDATION_FAILED'].includes(error.code)) return null;
  throw error;
}
