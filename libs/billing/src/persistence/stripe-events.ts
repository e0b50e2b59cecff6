import { Injectable } from '@nestjs/common';
import { AppDatabase } from '#platform';

export interface IncomingStripeEvent {
  id: string;
  type: string;
  apiVersion: string | null;
  livemode: boolean;
  createdAt: Date;
  traceId: string;
  /** Whom it names itself; null: nobody. */
  customerId: string | null;
  /** The body as it was signed. */
  payload: string;
}

/** Every event that Stripe signed, of any type, once. Belongs to no tenant until it is applied. */
@Injectable()
export class StripeEvents {
  constructor(private readonly database: AppDatabase) {}

  /** Once, however often it comes. No conflict target: naming one takes the right to read it, which intake does not have. */
  async store(event: IncomingStripeEvent): Promise<void> {
    await this.database.readers.query(
      `insert into billing.stripe_events (id, type, api_version, livemode, created_at, payload, trace_id,
         customer_id)
       values ($1, $2, $3, $4, $5, $6, $7, $8) on conflict do nothing`,
      [
        ...[event.id, event.type, event.apiVersion, event.livemode, event.createdAt, event.payload],
        ...[event.traceId, event.customerId],
      ],
    );
  }
}
