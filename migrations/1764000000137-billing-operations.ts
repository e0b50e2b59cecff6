import type { MigrationInterface, QueryRunner } from 'typeorm';
import { systemTable } from '#platform';

/** What operators do and are shown of billing, and how far the comparison with Stripe has come. */
export class BillingOperations1764000000137 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      -- Who did what to billing that is in no tenant's trail, or in those of many.
      create table billing.operator_log (
        id text collate "C" primary key,
        at timestamptz not null,
        operator text not null,
        reason text not null,
        action text not null,
        details jsonb not null
      );
      ${systemTable('billing.operator_log', 'select, insert')}

      -- Where Stripe and we disagree. One that was repaired is kept as such; the others wait for an operator.
      create table billing.drift (
        id text collate "C" primary key,
        kind text not null
          check (kind in ('missing', 'stale', 'quantity', 'orphan', 'duplicate', 'access_without_payment')),
        -- The subscription or customer at Stripe that it is about.
        subject text collate "C" not null,
        tenant_id text collate "C",
        details jsonb not null,
        opened_at timestamptz not null,
        last_seen_at timestamptz not null,
        resolved_at timestamptz,
        resolution text check (resolution in ('repaired', 'gone', 'operator')),
        resolved_by text,
        reason text,
        check ((resolved_at is null) = (resolution is null))
      );
      create unique index drift_open on billing.drift (kind, subject) where resolved_at is null;
      create index drift_of_tenant on billing.drift (tenant_id) where tenant_id is not null;
      ${systemTable('billing.drift', 'select, insert, update')}

      -- One row for each sweep; whoever leases it goes on where the one before has stopped.
      create table billing.sweeps (
        kind text collate "C" primary key,
        due_at timestamptz not null,
        leased_by text,
        leased_until timestamptz,
        started_at timestamptz,
        phase text not null default 'stripe' check (phase in ('stripe', 'ours')),
        position text collate "C",
        finished_at timestamptz
      );
      ${systemTable('billing.sweeps', 'select, insert, update')}

      -- When a sweep last saw a living subscription of the tenant's customer at Stripe.
      alter table billing.accounts add column swept_at timestamptz;
      create index accounts_of_customer on billing.accounts (customer_id) where customer_id is not null;
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      drop index billing.accounts_of_customer;
      alter table billing.accounts drop swept_at;
      drop table billing.sweeps; drop table billing.drift; drop table billing.operator_log;
    `);
  }
}
