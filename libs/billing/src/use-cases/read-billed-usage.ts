import { Injectable } from '@nestjs/common';
import { z } from 'zod';
import { type Actor, type Page, pageOf } from '#platform';
import { BilledUsage, type MonthOfUsage } from '../persistence/billed-usage.js';
import { BillingAccess } from './billing-access.js';

/** Where a page ends: its last month, and the meter in it. */
const Cursor = z
  .string()
  .max(100)
  .regex(/^\d{4}-(0[1-9]|1[0-2])\..{1,64}$/, 'must be a cursor that a page gave')
  .transform((text) => ({ month: new Date(`${text.slice(0, 7)}-01T00:00:00Z`), meter: text.slice(8) }));

export const BilledUsageInput = z.strictObject({
  limit: z.coerce.number().int().min(1).max(100).default(50),
  cursor: Cursor.optional().meta({ example: '2026-11.commands' }),
});

/** What an organisation used of billed meters, month by month, and what of it is billed; of a year in a page at most. */
@Injectable()
export class ReadBilledUsage {
  constructor(
    private readonly access: BillingAccess,
    private readonly usage: BilledUsage,
  ) {}

  /** Throws 403 `MISSING_SCOPE` or `EMAIL_NOT_VERIFIED`. */
  async execute(
    actor: Actor,
    { limit, cursor }: z.output<typeof BilledUsageInput>,
  ): Promise<Page<MonthOfUsage>> {
    this.access.mayRead(actor);
    const { rows, hasOlder } = await this.usage.months(actor, cursor ?? null, limit + 1);
    const page = pageOf(rows, limit, cursorOf);
    const last = rows.at(-1);
    return hasOlder && last ? { ...page, nextCursor: page.nextCursor ?? cursorOf(last) } : page;
  }
}

const cursorOf = ({ month, meter }: MonthOfUsage): string => `${month.toISOString().slice(0, 7)}.${meter}`;
