import type { MigrationInterface, QueryRunner } from 'typeorm';
import { tenantTable } from '#platform';

/** What was used of billed meters, and how far it is on its way to Stripe. */
export class BilledUsage1764000000136 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create table billing.usage_ledger (
        tenant_id text collate "C" not null,
        -- What Stripe gets as the event's identifier.
        id text collate "C" not null,
        meter text collate "C" not null,
        use_key text collate "C" not null,
        amount bigint not null check (amount > 0),
        used_at timestamptz not null,
        recorded_at timestamptz not null,
        -- waiting: nothing was sent that may have been counted. unknown: sent, and nobody knows. parked: operators decide.
        status text not null default 'waiting'
          check (status in ('waiting', 'unknown', 'shipped', 'failed', 'parked')),
        customer_id text collate "C",
        attempts int not null default 0,
        -- Of the attempts whose outcome nobody knows the first: Stripe knows the identifier again for a day after it.
        sent_at timestamptz,
        failure text,
        settled_at timestamptz,
        next_at timestamptz not null default now(),
        primary key (tenant_id, id),
        unique (tenant_id, meter, use_key)
      );
      create index usage_ledger_due on billing.usage_ledger (next_at) where status in ('waiting', 'unknown');
      create index usage_ledger_used on billing.usage_ledger (tenant_id, meter, used_at);
      ${tenantTable('billing.usage_ledger', { app: 'select, insert', system: 'select, update' })}
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop table billing.usage_ledger');
  }
}
