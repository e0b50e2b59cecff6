import { Injectable } from '@nestjs/common';
import { z } from 'zod';
import { type Actor, Clock, Db, idOf } from '#platform';
import { Tenants } from '../persistence/tenants.js';

export const ChangeTenantStatusInput = z.strictObject({
  tenantId: idOf('ten'),
  status: z.enum(['active', 'suspended']),
});

/** Suspends a tenant or takes that back. Operators only. */
@Injectable()
export class ChangeTenantStatus {
  constructor(
    private readonly db: Db,
    private readonly tenants: Tenants,
    private readonly clock: Clock,
  ) {}

  /** Throws 404, 409 `TENANT_ALREADY_SUSPENDED`, 409 `TENANT_NOT_SUSPENDED`. */
  async execute(actor: Actor, input: z.output<typeof ChangeTenantStatusInput>): Promise<void> {
    actor.must('operator:tenants');

    await this.db.transaction(actor.as({ tenantId: input.tenantId }), async () => {
      const tenant = await this.tenants.lock(input.tenantId);
      if (input.status === 'suspended') tenant.suspend(this.clock.now());
      else tenant.reactivate(this.clock.now());
      await this.tenants.save(tenant);
    });
  }
}
