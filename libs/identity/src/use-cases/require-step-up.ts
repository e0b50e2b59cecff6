import { Injectable } from '@nestjs/common';
import { type Actor, Clock, STEP_UP_SECONDS, unauthenticated } from '#platform';
import { reauthenticationRequired } from '../domain/step-up.js';
import { Users } from '../persistence/users.js';

/**
 * Before what is dangerous: whether the caller's token says that they showed who they are a short time ago, and, where
 * they have a second factor, that one. A stolen token and a stolen password together are not enough.
 */
@Injectable()
export class RequireStepUp {
  constructor(
    private readonly users: Users,
    private readonly clock: Clock,
  ) {}

  /** Throws 403 `REAUTHENTICATION_REQUIRED`. */
  async execute(actor: Actor, maxAgeSeconds = STEP_UP_SECONDS): Promise<void> {
    const standing = await this.users.standing(actor);
    if (!standing) throw unauthenticated('no such person');
    if (standing.hasSecondFactor && !actor.amr.includes('mfa'))
      throw reauthenticationRequired('Give a code of your authenticator.', { methods: ['code'] });
    actor.mustHaveAuthenticatedWithin(maxAgeSeconds, this.clock.now());
  }
}
