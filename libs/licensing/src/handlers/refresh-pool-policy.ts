import { Injectable } from '@nestjs/common';
import { Actor, type DeliveredEvent, type EventHandler, Handles } from '#platform';
import { LicenseChanged } from '../events/index.js';
import { LoadPoolPolicy } from '../use-cases/load-pool-policy.js';

/** What the seat scripts read follows what Postgres says. */
@Injectable()
@Handles('licensing.refresh-pool-policy', LicenseChanged, 'effect')
export class RefreshPoolPolicy implements EventHandler<typeof LicenseChanged> {
  constructor(private readonly loadPolicy: LoadPoolPolicy) {}

  async handle(event: DeliveredEvent<typeof LicenseChanged>): Promise<void> {
    const place = { tenantId: event.tenantId, licenseId: event.payload.licenseId };
    await this.loadPolicy.execute(Actor.system(event.tenantId, event.traceId), place);
  }
}
