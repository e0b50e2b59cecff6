import { Injectable } from '@nestjs/common';
import { z } from 'zod';
import { type Actor, Clock, Db, idOf } from '#platform';
import { Tenants } from '../persistence/tenants.js';

export const ChangeSignInPolicyInput = z.strictObject({
  tenantId: idOf('ten'),
  secondFactorRequired: z.boolean(),
});

/** What a tenant asks of those who sign in to it. Operators only, until tenants have settings of their own. */
@Injectable()
export class ChangeSignInPolicy {
  constructor(
    private readonly db: Db,
    private readonly tenants: Tenants,
    private readonly clock: Clock,
  ) {}

  /** Gives whether anything changed. Throws 404. */
  async execute(actor: Actor, input: z.output<typeof ChangeSignInPolicyInput>): Promise<boolean> {
    actor.must('operator:tenants');

    return this.db.transaction(actor.as({ tenantId: input.tenantId }), async () => {
      const tenant = await this.tenants.lock(input.tenantId);
      const changed = tenant.requireSecondFactor(input.secondFactorRequired, this.clock.now());
      if (changed) await this.tenants.save(tenant);
      return changed;
    });
  }
}
