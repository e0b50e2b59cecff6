import { Injectable } from '@nestjs/common';
import { Actor, type DeliveredEvent, type EventHandler, Handles } from '#platform';
import type { Block } from '../domain/block.js';
import { LicenseChanged, type SEAT_ENDS } from '../events/index.js';
import { EndSeats, enderIn } from '../use-cases/end-seats.js';
import { LoadPoolPolicy } from '../use-cases/load-pool-policy.js';

const ENDS: Record<Block, (typeof SEAT_ENDS)[number]> = {
  SUSPENDED: 'suspended',
  REVOKED: 'revoked',
  TRANSFERRED: 'transferred',
};

/** What the seat scripts read follows what Postgres says; a licence that is blocked has no seats. */
@Injectable()
@Handles('licensing.refresh-pool-policy', LicenseChanged, 'effect')
export class RefreshPoolPolicy implements EventHandler<typeof LicenseChanged> {
  constructor(
    private readonly loadPolicy: LoadPoolPolicy,
    private readonly endSeats: EndSeats,
  ) {}

  async handle(event: DeliveredEvent<typeof LicenseChanged>): Promise<void> {
    const { tenantId, traceId, payload } = event;
    const place = { tenantId, licenseId: payload.licenseId };
    const { blocked } = await this.loadPolicy.execute(Actor.system(tenantId, traceId), place);
    if (blocked) await this.endSeats.all(place, ENDS[blocked], enderIn(event));
  }
}
