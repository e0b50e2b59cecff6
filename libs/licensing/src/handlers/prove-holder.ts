import { Injectable } from '@nestjs/common';
import { Clock, type DeliveredEvent, type EventHandler, Handles } from '#platform';
import { EmailChanged, EmailVerified } from '#identity/events';
import { Licenses } from '../persistence/licenses.js';

/** Whoever proves their address may use the key of their licence alone; a changed address is proved by its mail (S2-40). */
@Injectable()
@Handles('licensing.prove-holder', [EmailVerified, EmailChanged])
export class ProveHolder implements EventHandler<typeof EmailVerified | typeof EmailChanged> {
  constructor(
    private readonly licenses: Licenses,
    private readonly clock: Clock,
  ) {}

  async handle({ payload }: DeliveredEvent<typeof EmailVerified | typeof EmailChanged>): Promise<void> {
    for (const license of await this.licenses.lockAll())
      if (license.proveHolder(payload.userId, this.clock.now())) await this.licenses.save(license);
  }
}
