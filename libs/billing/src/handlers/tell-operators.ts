import { Injectable } from '@nestjs/common';
import { type DeliveredEvent, type EventHandler, Handles, Log } from '#platform';
import { paymentsTakenBack } from '../applying/metrics.js';
import { NoticeRaised } from '../events/index.js';
import type { NoticeKind } from '../events/words.js';

const SAID: Partial<Record<NoticeKind, string>> = {
  refunded: 'A payment was refunded.',
  disputed: 'A payment is disputed; it is answered at Stripe, and lost if nobody does.',
  dispute_closed: 'A dispute is decided.',
};

/** Operators hear of what is taken back by log and metric: a dispute that nobody answers is lost. */
@Injectable()
@Handles('billing.tell-operators', NoticeRaised, 'effect')
export class TellOperators implements EventHandler<typeof NoticeRaised> {
  constructor(private readonly log: Log) {}

  async handle({ tenantId, payload }: DeliveredEvent<typeof NoticeRaised>): Promise<void> {
    const { kind, key, amount, currency, reason, respondBy } = payload;
    const said = SAID[kind];
    if (!said) return;
    paymentsTakenBack.inc({ kind });
    this.log.warn({ tenant_id: tenantId, key, amount, currency, reason, respond_by: respondBy }, said);
  }
}
