import { ApiError } from '../api/api-error.js';
import type { Emitter } from '../client/emitter.js';
import type { Store } from '../client/platform.js';
import type { AuthEvents, SignedOutReason } from './auth-events.js';
import { isSamePerson, type StoredAuth } from './stored-auth.js';

/** What the store would not take. */
interface Unsaved {
  auth: StoredAuth | null;
  /** What the store had then: once it has something else, that holds. */
  over: string | null;
}

interface Change {
  from: StoredAuth | null;
  to: StoredAuth | null;
}

type Work = (current: StoredAuth | null) => Promise<StoredAuth | null>;

/**
 * Who is signed in, as the store says, or as it would say if it took what it is given; and what of that is news. A store
 * that fails costs a warning and no sign-in. Signing out waits for nobody: what was under way then comes to nothing.
 */
export class KeptAuth {
  /** undefined: nobody has looked yet. */
  private known: StoredAuth['user'] | null | undefined;
  private unsaved: Unsaved | null = null;
  /** What the store had when it could last be asked. */
  private seen: StoredAuth | null = null;
  /** Numbers every look at the store and every change of it, as they begin; a look that was overtaken is repeated. */
  private turn = 0;
  private latest = 0;
  private signOuts = 0;
  private leaving = 0;
  private entering = 0;

  /** `discard`: gets tokens that came too late to be anybody's. */
  constructor(
    private readonly store: Store<StoredAuth>,
    private readonly events: Emitter<AuthEvents>,
    private readonly discard: (auth: StoredAuth) => void,
  ) {}

  read(): Promise<StoredAuth | null> {
    return this.look((stored) => {
      if (this.leaving > 0) return null;
      const auth = this.inForce(stored);
      if (this.entering === 0) this.notice(auth, 'elsewhere');
      return auth;
    });
  }

  /** Gives who was signed in before. */
  async signIn(auth: StoredAuth): Promise<StoredAuth | null> {
    this.entering++;
    let before: StoredAuth | null = null;
    try {
      await this.change(
        async (current) => {
          before = current;
          return auth;
        },
        () => {
          this.known = auth.user;
          this.events.emit('signed-in', { user: auth.user });
        },
      );
      return before;
    } finally {
      this.entering--;
    }
  }

  /** Forgets it at once, whoever else is changing it; gives what was there. */
  async signOut(): Promise<StoredAuth | null> {
    this.signOuts++;
    this.leaving++;
    try {
      const was = await this.look((stored) => {
        const auth = this.inForce(stored);
        this.known ??= auth?.user;
        this.notice(null, 'signed-out');
        return auth;
      });
      await this.drop();
      return was;
    } finally {
      this.leaving--;
    }
  }

  /**
   * Changes what is there while nobody else does, in whatever tab or process; null: the session is over. What `alter`
   * throws goes through and changes nothing.
   */
  async alter(alter: (current: StoredAuth) => Promise<StoredAuth | null>): Promise<StoredAuth | null> {
    if (this.leaving > 0) return null;
    let hadSession = false;
    const work: Work = async (current) => {
      if (current === null || this.leaving > 0) return current;
      const next = await alter(current);
      if (next === current) return current;
      const now = this.inForce(await this.store.read().catch(() => current));
      hadSession = now !== null;
      if (now?.refreshToken === current.refreshToken) return next;
      // Somebody signed out meanwhile, without waiting for us; or we slept, and the lock went to who refreshed as well.
      const isTheirs = now !== null && isSamePerson(now.user, current.user);
      if (next && !isTheirs) this.discard(next);
      return now;
    };
    return this.change(work, (next) => this.notice(next, hadSession ? 'refused' : 'elsewhere'));
  }

  /** Does the work on what is there. What a sign-out overtakes is discarded and gives null. */
  private async change(work: Work, settle: (auth: StoredAuth | null) => void): Promise<StoredAuth | null> {
    const { signOuts } = this;
    const isOver = () => this.signOuts !== signOuts;
    const made: { change?: Change } = {};
    const run = async (stored: StoredAuth | null) => {
      const from = this.inForce(stored);
      let to = await work(from);
      if (isOver() && to !== null && to !== from) {
        this.discard(to);
        to = null;
      }
      return (made.change = { from, to });
    };
    try {
      const auth = await this.store.update(async (stored) => (await run(stored)).to);
      this.hold(auth);
      if (isOver()) return await this.withdraw(auth, made.change?.from !== auth);
      settle(auth);
      return auth;
    } catch (cause) {
      if (cause instanceof ApiError) throw cause;
      const stored = await this.look((one) => one);
      // Without the lock at worst two refresh at once: the server gives both the same successor.
      const change = made.change ?? (await run(stored));
      if (isOver()) {
        if (change.to && change.to !== change.from) this.discard(change.to);
        return null;
      }
      const auth = stored ? heldBack(change, stored) : change.to;
      this.keepUnsaved(auth, cause);
      settle(auth);
      return auth;
    }
  }

  /** It was being written while somebody signed out here. What another sign-in wrote since stays. */
  private async withdraw(auth: StoredAuth | null, isNew: boolean): Promise<null> {
    if (!auth) return null;
    if (isNew) this.discard(auth);
    await this.drop((kept) => kept.refreshToken === auth.refreshToken);
    return null;
  }

  private async drop(isIt: (kept: StoredAuth) => boolean = () => true): Promise<void> {
    try {
      await this.store.drop(isIt);
      this.hold(null);
    } catch (cause) {
      await this.look(() => this.keepUnsaved(null, cause));
    }
  }

  private hold(stored: StoredAuth | null): void {
    this.latest = ++this.turn;
    this.seen = stored;
    this.unsaved = null;
  }

  private keepUnsaved(auth: StoredAuth | null, cause: unknown): void {
    this.latest = ++this.turn;
    this.unsaved = { auth, over: this.seen?.refreshToken ?? null };
    const message = 'Who is signed in could not be saved; it is only in memory.';
    this.events.emit('warning', { code: 'NOT_SAVED', message, cause });
  }

  /** Gives what the store has to `use`, before anything else can happen. */
  private async look<R>(use: (stored: StoredAuth | null) => R): Promise<R> {
    for (;;) {
      const mine = ++this.turn;
      // A store that cannot be read signs nobody out.
      const stored = await this.store.read().catch(() => this.seen);
      if (mine < this.latest) continue;
      this.latest = mine;
      this.seen = stored;
      return use(stored);
    }
  }

  private inForce(stored: StoredAuth | null): StoredAuth | null {
    return this.unsaved?.over === (stored?.refreshToken ?? null) ? this.unsaved.auth : stored;
  }

  private notice(now: StoredAuth | null, reason: SignedOutReason): void {
    const before = this.known;
    this.known = now?.user ?? null;
    if (now === null) {
      if (before) this.events.emit('signed-out', { reason });
    } else if (before !== undefined && !(before && isSamePerson(before, now.user))) {
      // Another tab or program signed in.
      this.events.emit('signed-in', { user: now.user });
    }
  }
}

/**
 * A refresh token that is not saved must not be used: after a restart the saved one would be an old one used again, and
 * end the session. Until then it gives its one successor as often as it is asked.
 */
function heldBack({ from, to }: Change, stored: StoredAuth): StoredAuth | null {
  // A refresh leaves the person as they are; a sign-in brings its own.
  const isRefresh = from !== null && from.user === to?.user && from.refreshToken === stored.refreshToken;
  return isRefresh ? { ...to, refreshToken: stored.refreshToken } : to;
}
