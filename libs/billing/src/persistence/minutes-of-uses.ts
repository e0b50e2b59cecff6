import { Injectable } from '@nestjs/common';
import { SystemDatabase } from '#platform';

/** Whose minute is meant, and of what. */
interface Whose {
  tenantId: string;
  meter: string;
  customerId: string;
}

/** What Stripe shows as one sum, by what we know of it. */
export interface MinuteOfUses {
  shipped: number;
  /** On their way: nobody knows yet whether Stripe has counted them. */
  unknown: { id: string; amount: number; sentAt: Date }[];
  /** The amounts of those that were sent and given up: nobody will know by itself. */
  untold: number[];
  /** When Stripe got the last of it, at the latest; null: nothing. */
  lastAt: Date | null;
}

interface Row {
  id: string;
  amount: string;
  status: string;
  sentAt: Date;
  at: Date;
}

/** The uses of a customer, a minute at a time, as Stripe sums them up. */
@Injectable()
export class MinutesOfUses {
  constructor(private readonly database: SystemDatabase) {}

  /** Everything that Stripe may have of the minute that begins at `from`. What was counted for a customer before is another sum. */
  async get({ tenantId, meter, customerId }: Whose, from: Date): Promise<MinuteOfUses> {
    const rows = await this.database.query<Row & { [column: string]: unknown }>(
      `select id, amount, status, sent_at as "sentAt", greatest(sent_at, settled_at) as at from billing.usage_ledger
       where tenant_id = $1 and meter = $2 and used_at >= $4 and used_at < $4::timestamptz + interval '1 minute'
         and (customer_id is null or customer_id = $3)
         and (status in ('shipped', 'unknown') or status in ('parked', 'written_off') and sent_at is not null)`,
      [tenantId, meter, customerId, from],
    );
    const shipped = rows.filter((one) => one.status === 'shipped');
    const unknown = rows.filter((one) => one.status === 'unknown');
    const untold = rows.filter((one) => !shipped.includes(one) && !unknown.includes(one));
    return {
      shipped: shipped.reduce((sum, one) => sum + Number(one.amount), 0),
      unknown: unknown.map(({ id, amount, sentAt }) => ({ id, amount: Number(amount), sentAt })),
      untold: untold.map((one) => Number(one.amount)),
      lastAt: rows.length === 0 ? null : new Date(Math.max(...rows.map((one) => one.at.getTime()))),
    };
  }
}
