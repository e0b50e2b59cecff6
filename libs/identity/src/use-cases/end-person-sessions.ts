import { Injectable } from '@nestjs/common';
import { type Actor, Clock, Db, occurred, type PayloadOf, unauthenticated } from '#platform';
import { ListTenants } from '#tenancy';
import type { AuthSession, EndReason } from '../domain/auth-session.js';
import { SessionsOutdated } from '../events/index.js';
import { AuthSessions } from '../persistence/auth-sessions.js';
import { SessionNews } from '../sessions/session-news.js';

/** Which sessions end, and why. */
export type Outdated = PayloadOf<typeof SessionsOutdated>;

/** Whose sessions to end, and how they are found in each tenant. */
interface Search {
  userId: string;
  by: Actor;
  reason: EndReason;
  find: () => Promise<AuthSession[]>;
  tenantIds?: readonly string[];
}

/**
 * Puts a person out wherever they are signed in. What they signed in with no longer holds: {@link begin} says so in the
 * transaction that makes it true, {@link finish} does it at once, and does it again in the worker, in case this process
 * ends in between.
 */
@Injectable()
export class EndPersonSessions {
  constructor(
    private readonly db: Db,
    private readonly sessions: AuthSessions,
    private readonly listTenants: ListTenants,
    private readonly news: SessionNews,
    private readonly clock: Clock,
  ) {}

  /**
   * Inside the transaction of the person; those that begin after it go on, and so does `except`. `tenantIds` says where, once
   * their memberships do not.
   */
  async begin(
    reason: EndReason,
    {
      except = null,
      provider = null,
      tenantIds,
    }: Partial<Omit<Outdated, 'userId' | 'reason' | 'until'>> = {},
  ): Promise<Outdated> {
    const until = await this.sessions.holdBegun();
    const { id: userId, sessionId } = this.db.actor;
    // What is about to end itself decides no more which of the others end.
    if (sessionId && (await this.sessions.isOutdated(sessionId)))
      throw unauthenticated('session about to end');
    const outdated = { userId: userId ?? '', reason, until, except, provider, root: null, tenantIds };
    await this.sessions.noteOutdated(outdated);
    this.db.record([occurred(SessionsOutdated, outdated, this.clock.now())]);
    return outdated;
  }

  /**
   * A session that is found in somebody else's hands: it ends, and with it all that comes of `root`, in whichever tenant and
   * for whichever program. Its owner is held and what comes of it noted before, so that nothing is derived ahead of its end:
   * not even by a session that nobody has come to yet. False where it had ended already.
   */
  async endFamily(
    by: Actor,
    { tenantId, id, userId }: Pick<AuthSession, 'tenantId' | 'id' | 'userId'>,
    root: string,
    reason: EndReason,
  ): Promise<boolean> {
    const owner = by.as({ type: 'user', id: userId, tenantId });
    const { outdated, hasEnded } = await this.db.transaction(owner, async () => {
      const outdated = await this.beginFamily(root, reason);
      const session = await this.sessions.lock(id);
      const hasEnded = session?.end(reason, this.clock.now()) ?? false;
      if (session && hasEnded) await this.sessions.save(session);
      return { outdated, hasEnded };
    });
    this.news.tell([id]);
    await this.finish(by, outdated);
    return hasEnded;
  }

  /** Inside a transaction of the person, which {@link finish} follows. */
  async beginFamily(root: string, reason: EndReason): Promise<Outdated> {
    const until = await this.sessions.holdBegun();
    const now = this.clock.now();
    await this.sessions.noteFamily(root, now);
    const userId = this.db.actor.id ?? '';
    const outdated = { userId, reason, until, except: null, provider: null, root };
    this.db.record([occurred(SessionsOutdated, outdated, now)]);
    return outdated;
  }

  /** In every tenant, one transaction each; repeatable. `by`: whom the trail names. Gives how many were live. */
  finish(by: Actor, outdated: Outdated): Promise<number> {
    const find = () => this.sessions.lockOutdated(outdated);
    return this.everywhere({ ...outdated, by, find });
  }

  /** All of the actor's user, but for one; because they say so. Gives how many were live. */
  execute(actor: Actor, reason: EndReason, except?: string): Promise<number> {
    const userId = actor.id ?? '';
    const find = async () => (await this.sessions.lockAllOf(userId)).filter((one) => one.id !== except);
    return this.everywhere({ userId, by: actor, reason, find });
  }

  /** The same, for an operator, whose name the trail then has. */
  of(userId: string, operator: Actor, reason: EndReason): Promise<number> {
    return this.everywhere({ userId, by: operator, reason, find: () => this.sessions.lockAllOf(userId) });
  }

  private async everywhere({ userId, by, reason, find, tenantIds }: Search): Promise<number> {
    let live = 0;
    const person = by.as({ type: 'user', id: userId, tenantId: null });
    for (const tenantId of tenantIds ?? (await this.listTenants.execute(person))) {
      const ended = await this.db.transaction(by.as({ tenantId }), async () => {
        const sessions = await find();
        await this.sessions.endAll(sessions, reason, this.clock.now());
        return sessions;
      });
      this.news.tell(ended.map((one) => one.id));
      const now = this.clock.now();
      live += ended.filter((one) => !one.hasRunOut(now)).length;
    }
    return live;
  }
}
