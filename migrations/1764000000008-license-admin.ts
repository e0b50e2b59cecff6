import type { MigrationInterface, QueryRunner } from 'typeorm';
import { systemTable } from '#platform';

/** What operators need: licences found by their id, keys that move, and a log of the catalogue. */
export class LicenseAdmin1764000000008 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      -- Operators know a licence by its id alone.
      create index licenses_by_id on licensing.licenses (id);
      -- A transferred key leads to another tenant.
      grant update (tenant_id, license_id) on licensing.license_keys to gatehouse_app;
      -- And operators may name a licence by its key.
      grant select on licensing.license_keys to gatehouse_system;
      create policy gatehouse_system on licensing.license_keys to gatehouse_system using (true) with check (true);

      -- The plan that licences of a policy stand on, unless they are issued with another.
      alter table licensing.policies add column tier text not null default 'FREE'
        check (tier in ('FREE', 'PRO', 'TEAM', 'ENTERPRISE'));

      -- Who changed the catalogue, and why: it is nobody's tenant, so no audit trail can tell.
      create table licensing.catalogue_log (
        id text collate "C" primary key,
        revision int not null,
        at timestamptz not null,
        operator text not null,
        reason text not null,
        changes jsonb not null
      );
      ${systemTable('licensing.catalogue_log', 'select, insert')}
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      drop table licensing.catalogue_log;
      alter table licensing.policies drop column tier;
      drop policy gatehouse_system on licensing.license_keys;
      revoke select on licensing.license_keys from gatehouse_system;
      revoke update (tenant_id, license_id) on licensing.license_keys from gatehouse_app;
      drop index licensing.licenses_by_id`);
  }
}
