import { Injectable } from '@nestjs/common';
import { Actor, type DeliveredEvent, type EventHandler, Handles } from '#platform';
import { LicenseChanged } from '../events/index.js';
import { FindLicense } from '../use-cases/find-license.js';

/** What the seat scripts read follows what Postgres says. */
@Injectable()
@Handles('licensing.refresh-pool-policy', LicenseChanged, 'effect')
export class RefreshPoolPolicy implements EventHandler<typeof LicenseChanged> {
  constructor(private readonly find: FindLicense) {}

  async handle(event: DeliveredEvent<typeof LicenseChanged>): Promise<void> {
    const place = { tenantId: event.tenantId, licenseId: event.payload.licenseId };
    await this.find.refreshPolicy(Actor.system(event.tenantId, event.traceId), place);
  }
}
