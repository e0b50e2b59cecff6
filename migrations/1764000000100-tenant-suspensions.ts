import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Which transaction suspended a tenant or took that back: by that every process finds it. A trigger notes it, so that
 * nobody who changes the status can forget to.
 */
export class TenantSuspensions1764000000100 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      alter table tenancy.tenants add column status_xid bigint;
      create index tenants_status_changed on tenancy.tenants (status_xid) where status_xid is not null;
      update tenancy.tenants set status_xid = pg_current_xact_id()::text::bigint where status = 'suspended';

      create function tenancy.note_status_change() returns trigger language plpgsql set search_path = pg_catalog as $$
      begin
        new.status_xid := pg_current_xact_id()::text::bigint;
        return new;
      end $$;
      revoke all on function tenancy.note_status_change() from public;
      create trigger note_status_change before update of status
        on tenancy.tenants for each row execute function tenancy.note_status_change();
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      drop trigger note_status_change on tenancy.tenants;
      drop function tenancy.note_status_change();
      alter table tenancy.tenants drop column status_xid;
    `);
  }
}
