import type { MigrationInterface, QueryRunner } from 'typeorm';
import { tenantTable } from '#platform';

/** What was used of meters, and under which keys it was reported. */
export class Usage1764000000010 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      -- Sums: one row a window, and a further one for each time that Redis lost its counters in it. generation is
      -- the counters' own; '' for what was written before it was answered. last_entry is how far its stream is in here.
      create table licensing.usage_ledger (
        tenant_id text collate "C" not null,
        license_id text collate "C" not null,
        meter text collate "C" not null,
        period text not null check (period in ('hour', 'day', 'week', 'month', 'year', 'forever')),
        window_start timestamptz not null,
        generation text collate "C" not null,
        window_end timestamptz,
        time_zone text not null,
        amount bigint not null check (amount >= 0),
        last_entry text collate "C" not null,
        primary key (tenant_id, license_id, meter, period, window_start, generation)
      ) partition by range (window_start);
      select platform.ensure_partitions('licensing.usage_ledger', 'month', 3);
      insert into platform.partitioned values ('licensing.usage_ledger', 'month', 3);
      ${tenantTable('licensing.usage_ledger', { app: 'select, insert, update', system: 'select, insert, update' })}

      -- Uses that came with a key, each with the answer it was given.
      create table licensing.usage_keys (
        tenant_id text collate "C" not null,
        license_id text collate "C" not null,
        idempotency_key text collate "C" not null,
        at timestamptz not null,
        meter text collate "C" not null,
        amount bigint not null check (amount > 0),
        quota_limit bigint,
        used bigint not null,
        window_start timestamptz not null,
        window_end timestamptz,
        primary key (tenant_id, license_id, idempotency_key, at)
      ) partition by range (at);
      select platform.ensure_partitions('licensing.usage_keys', 'month', 3);
      insert into platform.partitioned values ('licensing.usage_keys', 'month', 3);
      ${tenantTable('licensing.usage_keys', { app: 'select, insert', system: 'select, insert' })}
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      delete from platform.partitioned where parent in ('licensing.usage_ledger', 'licensing.usage_keys');
      drop table licensing.usage_keys, licensing.usage_ledger`);
  }
}
