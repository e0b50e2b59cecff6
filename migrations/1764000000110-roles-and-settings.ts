import type { MigrationInterface, QueryRunner } from 'typeorm';
import { tenantTable } from '#platform';

const BUILT_IN = `'owner', 'admin', 'billing', 'developer', 'member', 'viewer'`;

/** Roles of an organisation's own, how many people its plan lets in, and what it chose for itself. */
export class RolesAndSettings1764000000110 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create table tenancy.roles (
        tenant_id text collate "C" not null references tenancy.tenants (tenant_id),
        name text collate "C" not null,
        scopes text[] not null,
        created_at timestamptz not null,
        primary key (tenant_id, name)
      );
      ${tenantTable('tenancy.roles', { app: 'select, insert, update, delete' })}

      alter table tenancy.memberships drop constraint memberships_role_check;
      alter table tenancy.memberships add constraint memberships_role_check
        check (role in (${BUILT_IN}) or role ~ '^[a-z][a-z0-9_-]{1,39}$');
      create index memberships_by_role on tenancy.memberships (tenant_id, role);

      -- null: no limit.
      alter table tenancy.tenants
        alter column max_seats drop not null,
        add column max_members int default 3,
        add column sign_up_mode text not null default 'invite_only'
          check (sign_up_mode in ('invite_only', 'allowed_domains')),
        add column allowed_domains text[] not null default '{}',
        add column retention_days int;
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      alter table tenancy.tenants drop retention_days, drop allowed_domains, drop sign_up_mode, drop max_members;
      -- As many as there could be; an older release knows no other word for that.
      update tenancy.tenants set max_seats = 2147483647 where max_seats is null;
      alter table tenancy.tenants alter column max_seats set not null;

      drop index tenancy.memberships_by_role;
      alter table tenancy.memberships drop constraint memberships_role_check;
      update tenancy.memberships set role = 'viewer' where role not in (${BUILT_IN});
      alter table tenancy.memberships add constraint memberships_role_check check (role in (${BUILT_IN}));
      drop table tenancy.roles;
    `);
  }
}
