import { Injectable } from '@nestjs/common';
import { type Actor, Clock, Db } from '#platform';
import { ListTenants } from '#tenancy';
import type { AuthSession } from '../domain/auth-session.js';
import { AuthSessions } from '../persistence/auth-sessions.js';
import { SessionNews } from '../sessions/session-news.js';

/** Which session goes on: one by its id, or those that are so. */
type Except = string | ((session: AuthSession) => boolean);
type EndReason = Parameters<AuthSession['end']>[0];

/** Puts a person out wherever they are signed in, because what they signed in with no longer holds. */
@Injectable()
export class EndPersonSessions {
  constructor(
    private readonly db: Db,
    private readonly sessions: AuthSessions,
    private readonly listTenants: ListTenants,
    private readonly news: SessionNews,
    private readonly clock: Clock,
  ) {}

  /** In every tenant of the actor's user, one transaction each; not what `except` says. Gives how many were live. */
  execute(actor: Actor, reason: EndReason, except?: Except): Promise<number> {
    return this.everywhere(actor, actor, reason, except);
  }

  /** The same, for an operator, whose name the trail then has. */
  of(userId: string, operator: Actor, reason: EndReason): Promise<number> {
    return this.everywhere(operator.as({ type: 'user', id: userId, tenantId: null }), operator, reason);
  }

  private async everywhere(person: Actor, by: Actor, reason: EndReason, except?: Except): Promise<number> {
    let live = 0;
    for (const tenantId of await this.listTenants.execute(person)) {
      const here = await this.db.transaction(by.as({ tenantId }), () =>
        this.here(person.id ?? '', reason, except),
      );
      this.news.tell(here.ended);
      live += here.live;
    }
    return live;
  }

  private async here(userId: string, reason: EndReason, except?: Except) {
    const now = this.clock.now();
    const goesOn = typeof except === 'function' ? except : (one: AuthSession) => one.id === except;
    const sessions = (await this.sessions.lockAllOf(userId)).filter((one) => !goesOn(one));
    const live = sessions.filter((one) => one.isLive(now)).length;
    for (const session of sessions) {
      session.end(reason, now);
      await this.sessions.save(session);
    }
    return { live, ended: sessions.map((one) => one.id) };
  }
}
