import type { MigrationInterface, QueryRunner } from 'typeorm';
import { tenantTable } from '#platform';

/** Whom an organisation has put out: they do not come back by their domain. */
export class RemovedMembers1764000000123 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create table tenancy.removed_members (
        tenant_id text collate "C" not null references tenancy.tenants (tenant_id),
        user_id text collate "C" not null,
        removed_at timestamptz not null,
        primary key (tenant_id, user_id)
      );
      create index removed_members_of_person on tenancy.removed_members (user_id);
      ${tenantTable('tenancy.removed_members', { app: 'select, insert, update, delete' })}

      -- Across tenants, which the person is in no more, but only the rows of the person that the connection is set to.
      create function tenancy.forget_removals_of_caller() returns void
        language sql volatile security definer set search_path = pg_catalog as $$
        delete from tenancy.removed_members where user_id = nullif(current_setting('app.user_id', true), '')
      $$;
      revoke all on function tenancy.forget_removals_of_caller() from public;
      grant execute on function tenancy.forget_removals_of_caller() to gatehouse_app;
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      drop function tenancy.forget_removals_of_caller();
      drop table tenancy.removed_members;
    `);
  }
}
