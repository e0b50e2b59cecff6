import { Injectable } from '@nestjs/common';
import { type DeliveredEvent, type EventHandler, Handles } from '#platform';
import { UsageRefused } from '#licensing/events';
import { Entries } from '../persistence/entries.js';

/** Of the uses that were refused, the first of a minute, licence and meter is told at once, the others with their number. */
@Injectable()
@Handles('audit.record-quota-refusals', UsageRefused)
export class RecordQuotaRefusals implements EventHandler<typeof UsageRefused> {
  constructor(private readonly entries: Entries) {}

  async handle(event: DeliveredEvent<typeof UsageRefused>): Promise<void> {
    await this.entries.append(
      event.payload.entries.map((one) => ({
        id: `aud_quota-${one.refusalId}`,
        actor: { type: one.userId ? 'user' : 'licensed_program', id: one.userId },
        userId: one.userId,
        action: 'QUOTA_EXHAUSTED',
        subject: one.licenseId,
        outcome: 'refused' as const,
        metadata: { license_id: one.licenseId, meter: one.meter, count: one.count },
        address: one.address,
        traceId: one.traceId,
        createdAt: new Date(one.at),
      })),
    );
  }
}
