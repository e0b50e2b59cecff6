import { Injectable } from '@nestjs/common';
import { z } from 'zod';
import { type Actor, Clock, Db, DeadLetters, DeadLettersRetried, idOf, occurred } from '#platform';

export const RetryDeadLettersInput = z.strictObject({
  tenantId: idOf('ten'),
  subscription: z.string().max(100).optional(),
  eventId: idOf('evt').optional(),
});

/** Gives what a tenant's subscriptions gave up another chance. Operators only. */
@Injectable()
export class RetryDeadLetters {
  constructor(
    private readonly db: Db,
    private readonly deadLetters: DeadLetters,
    private readonly clock: Clock,
  ) {}

  /** Gives how many were taken up; subscriptions that have handled an event are not run again. */
  async execute(actor: Actor, input: z.output<typeof RetryDeadLettersInput>): Promise<number> {
    actor.must('operator:events');
    const { tenantId, subscription = null, eventId = null } = input;
    // Inside, so that a trail that cannot be written stops the verb; nothing is told of what took up nothing.
    return this.db.transaction(actor.as({ tenantId }), async () => {
      const count = await this.deadLetters.retry(input);
      if (count > 0) {
        this.db.record([occurred(DeadLettersRetried, { count, subscription, eventId }, this.clock.now())]);
      }
      return count;
    });
  }
}
