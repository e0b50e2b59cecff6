import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What workers look for in billing, found without reading whole tables; apart from what locks out those who read them. */
export class BillingIndexes1764000000173 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create index if not exists usage_ledger_stuck on billing.usage_ledger (id) where status in ('failed', 'parked');
      create index if not exists stripe_writes_unknown on billing.stripe_writes (coalesce(tried_at, begun_at)) where outcome is null;
      create index if not exists stripe_writes_over on billing.stripe_writes (ended_at) where outcome is not null;
      create index if not exists effects_by_age on billing.effects (at);
      create index if not exists stripe_events_unowned on billing.stripe_events (customer_id)
        where tenant_id is null and customer_id is not null;
      create index if not exists stripe_events_over on billing.stripe_events (settled_at) where status in ('applied', 'ignored');
      create index if not exists stripe_events_turn on billing.stripe_events (replayed, next_at) where status = 'received';
      -- Last, for this one locks everybody out.
      drop index if exists billing.stripe_events_waiting;
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create index if not exists stripe_events_waiting on billing.stripe_events (next_at) where status = 'received';
      drop index billing.stripe_events_turn, billing.stripe_events_over, billing.stripe_events_unowned,
        billing.effects_by_age, billing.stripe_writes_over, billing.stripe_writes_unknown, billing.usage_ledger_stuck;
    `);
  }
}
