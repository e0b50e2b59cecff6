import { Injectable } from '@nestjs/common';
import { Actor, type ActorType, type DeliveredEvent, type EventHandler, Handles } from '#platform';
import { SessionsOutdated } from '../events/index.js';
import { EndPersonSessions } from '../use-cases/end-person-sessions.js';

/** Ends what was to end with a password, an account, or a second factor, also where the process that said so did not. */
@Injectable()
@Handles('identity.end-outdated-sessions', SessionsOutdated, 'effect')
export class EndOutdatedSessions implements EventHandler<typeof SessionsOutdated> {
  constructor(private readonly endPersonSessions: EndPersonSessions) {}

  async handle(event: DeliveredEvent<typeof SessionsOutdated>): Promise<void> {
    await this.endPersonSessions.finish(whoDid(event), event.payload);
  }
}

/** Whom the trail names: whoever did what they ended with. */
export function whoDid({ actor, traceId, address }: DeliveredEvent): Actor {
  const { type, id, reason } = actor;
  return Actor.anonymous({ traceId, address }).as({ type: type as ActorType, id, reason });
}
