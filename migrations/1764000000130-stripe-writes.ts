import type { MigrationInterface, QueryRunner } from 'typeorm';
import { locatorTable, tenantTable } from '#platform';

/** Who is whose customer at Stripe, and what we asked Stripe to do. */
export class StripeWrites1764000000130 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create table billing.stripe_customers (
        customer_id text collate "C" primary key,
        tenant_id text collate "C" not null
      );
      create index stripe_customers_of_tenant on billing.stripe_customers (tenant_id);
      ${locatorTable('billing.stripe_customers', { app: 'select, insert', system: 'select' })}

      create table billing.stripe_writes (
        tenant_id text collate "C" not null,
        -- What Stripe gets as the idempotency key.
        id text collate "C" not null,
        verb text not null,
        -- Of verb and parameters: the same again is the same write while nobody knows how it ended.
        digest text collate "C" not null,
        params jsonb not null,
        begun_at timestamptz not null,
        -- null: nobody knows.
        outcome text check (outcome in ('done', 'refused', 'lost')),
        failure text,
        result_id text,
        ended_at timestamptz,
        primary key (tenant_id, id)
      );
      create unique index stripe_writes_open on billing.stripe_writes (tenant_id, verb, digest) where outcome is null;
      ${tenantTable('billing.stripe_writes', { app: 'select, insert, update', system: 'select' })}
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop table billing.stripe_writes; drop table billing.stripe_customers');
  }
}
