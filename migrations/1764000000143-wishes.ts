import type { MigrationInterface, QueryRunner } from 'typeorm';
import { tenantTable } from '#platform';

/** What tenants want their subscriptions to become, written down before Stripe is asked. */
export class Wishes1764000000143 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create table billing.wishes (
        tenant_id text collate "C" not null,
        -- Grows with every wish; all up to \`settled\` are decided.
        generation int not null default 0,
        settled int not null default 0,
        -- What nobody has taken on yet: plan, interval, seats.
        wanted jsonb,
        -- What a writer has taken on, and is not decided.
        writing jsonb,
        asked_at timestamptz,
        -- How the last ones ended, the newest last.
        outcomes jsonb not null default '[]',
        -- One writer at a time, by Postgres's clock.
        writer text,
        leased_until timestamptz,
        attempts int not null default 0,
        -- When a worker takes care of what nobody has finished.
        retry_at timestamptz,
        primary key (tenant_id)
      );
      create index wishes_open on billing.wishes (retry_at) where settled < generation;
      ${tenantTable('billing.wishes', { app: 'select, insert, update', system: 'select' })}
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop table billing.wishes');
  }
}
