import type { MigrationInterface, QueryRunner } from 'typeorm';
import { tenantTable } from '#platform';

/** Who was invited, and where each person is a member, kept in step with the memberships. */
export class Invitations1764000000111 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create table tenancy.invitations (
        tenant_id text collate "C" not null references tenancy.tenants (tenant_id),
        id text collate "C" not null,
        email text not null,
        role text not null,
        invited_by text collate "C" not null,
        -- Of its token: that of an earlier one is void.
        generation int not null,
        status text not null check (status in ('pending', 'accepted', 'declined', 'revoked', 'expired')),
        accepted_by text collate "C",
        created_at timestamptz not null,
        expires_at timestamptz not null,
        ended_at timestamptz,
        primary key (tenant_id, id)
      );
      create unique index invitations_pending on tenancy.invitations (tenant_id, email) where status = 'pending';
      create index invitations_of_inviter on tenancy.invitations (tenant_id, invited_by) where status = 'pending';
      ${tenantTable('tenancy.invitations', { app: 'select, insert, update' })}

      create index slugs_of_tenant on tenancy.slugs (tenant_id);

      -- A person's own rows, which an admin who removes them may not write.
      create function tenancy.follow_membership() returns trigger
        language plpgsql security definer set search_path = pg_catalog as $$
      begin
        if tg_op = 'DELETE' then
          delete from tenancy.user_tenants where user_id = old.user_id and tenant_id = old.tenant_id;
        else
          insert into tenancy.user_tenants (user_id, tenant_id) values (new.user_id, new.tenant_id)
          on conflict do nothing;
        end if;
        return null;
      end $$;
      revoke all on function tenancy.follow_membership() from public;
      create trigger follow_membership after insert or delete
        on tenancy.memberships for each row execute function tenancy.follow_membership();

      -- Processes of the release before write such a row themselves, right behind the membership, while this one is being
      -- put in their place: what is there already is let be. This and the grant to insert can go with the next release.
      create function tenancy.keep_user_tenant() returns trigger
        language plpgsql security definer set search_path = pg_catalog as $$
      begin
        if exists (select from tenancy.user_tenants u where u.user_id = new.user_id and u.tenant_id = new.tenant_id) then
          return null;
        end if;
        return new;
      end $$;
      revoke all on function tenancy.keep_user_tenant() from public;
      create trigger keep_user_tenant before insert
        on tenancy.user_tenants for each row execute function tenancy.keep_user_tenant();
      revoke delete on tenancy.user_tenants from gatehouse_app;

      -- Across tenants, but only those of the person that the connection is set to.
      create function tenancy.tenants_of_caller(after_id text, up_to int)
        returns table (id text, name text, slug text, plan text, status text, role text)
        language sql stable security definer set search_path = pg_catalog as $$
        select t.tenant_id, t.name, t.slug, t.plan, t.status, m.role
        from tenancy.user_tenants u
        join tenancy.memberships m on m.tenant_id = u.tenant_id and m.user_id = u.user_id
        join tenancy.tenants t on t.tenant_id = u.tenant_id
        where u.user_id = nullif(current_setting('app.user_id', true), '') and u.tenant_id > after_id
        order by t.tenant_id limit up_to
      $$;
      revoke all on function tenancy.tenants_of_caller(text, int) from public;
      grant execute on function tenancy.tenants_of_caller(text, int) to gatehouse_app;
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      drop function tenancy.tenants_of_caller(text, int);
      grant delete on tenancy.user_tenants to gatehouse_app;
      drop trigger keep_user_tenant on tenancy.user_tenants;
      drop function tenancy.keep_user_tenant();
      drop trigger follow_membership on tenancy.memberships;
      drop function tenancy.follow_membership();
      drop index tenancy.slugs_of_tenant;
      drop table tenancy.invitations;
    `);
  }
}
