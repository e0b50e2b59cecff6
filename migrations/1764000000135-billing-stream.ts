import type { MigrationInterface, QueryRunner } from 'typeorm';
import { tenantTable } from '#platform';

/** What is told live of what a tenant has bought, kept for a while for those who come back. */
export class BillingStream1764000000135 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      -- One row a tenant, locked by whoever writes: positions become visible in their order and without gaps, so that who
      -- has read one has missed none before it.
      create table billing.stream_heads (
        tenant_id text collate "C" not null,
        position bigint not null default 0,
        -- Of the subscription as it was told last: an older one is not told after it.
        revision int not null default 0,
        primary key (tenant_id)
      );
      ${tenantTable('billing.stream_heads', { app: 'select, insert, update', system: 'select' })}

      create table billing.stream_events (
        tenant_id text collate "C" not null,
        position bigint not null,
        -- Told by this event of ours; told once, however often it is delivered.
        event_id text collate "C" not null,
        kind text not null,
        -- As it goes out.
        data jsonb not null,
        at timestamptz not null,
        primary key (tenant_id, position),
        unique (tenant_id, event_id)
      );
      create index stream_events_at on billing.stream_events (at);
      ${tenantTable('billing.stream_events', { app: 'select, insert, delete', system: 'select, delete' })}
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop table billing.stream_events; drop table billing.stream_heads');
  }
}
