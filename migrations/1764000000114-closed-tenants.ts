import type { MigrationInterface, QueryRunner } from 'typeorm';
import { catalogueTable, internalTable } from '#platform';
import { extendCheck } from './extend-check.js';

const STATUS = { table: 'tenancy.tenants', constraint: 'tenants_status_check', column: 'status' };

/** Tenants can be deleted, and old rows of theirs forgotten: by functions that take what they may touch from a list. */
export class ClosedTenants1764000000114 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      -- What stays of a tenant that was deleted. Every transaction asks it, see SET_SCOPE.
      create table platform.closed_tenants (
        tenant_id text collate "C" primary key,
        closed_at timestamptz not null default now(),
        erased_at timestamptz
      );
      create index closed_tenants_unfinished on platform.closed_tenants (closed_at) where erased_at is null;
      ${catalogueTable('platform.closed_tenants')}

      -- Where more is to be said than "all of it": what stays of a tenant that is gone, which rows only lose their
      -- tenant, and by which column rows grow old.
      create table platform.erasure_rules (
        parent text primary key,
        keep_if text,
        forget boolean not null default false,
        ages_by text
      );
      insert into platform.erasure_rules values
        ('audit.entries', 'action = ''TENANT_DELETED''', false, 'created_at'),
        ('identity.auth_sessions', null, false, 'ended_at'),
        ('identity.user_login_events', null, true, null),
        ('tenancy.invitations', null, false, 'ended_at');
      ${internalTable('platform.erasure_rules')}

      -- The tables that hold the rows of parent: itself, or its partitions.
      create function platform.leaves_of(parent regclass) returns setof regclass
      language sql stable security definer set search_path = pg_catalog as $$
        select parent where (select relkind from pg_class where oid = parent) = 'r'
        union all select relid from pg_partition_tree(parent) where isleaf and relid <> parent
      $$;

      create function platform.erase_tenant_rows(tenant text, parent text, batch int) returns int
      language plpgsql security definer set search_path = pg_catalog as $$
      declare
        rule platform.erasure_rules; leaf regclass; kept text; gone int; total int := 0;
      begin
        if not exists (select from platform.closed_tenants c where c.tenant_id = tenant) then
          raise exception 'The tenant % is not closed.', tenant;
        end if;
        if parent = 'platform.closed_tenants' or not exists (select from pg_attribute a
            where a.attrelid = parent::regclass and a.attname = 'tenant_id' and not a.attisdropped) then
          raise exception '% holds no rows of tenants that could be erased.', parent;
        end if;
        select * into rule from platform.erasure_rules r where r.parent = erase_tenant_rows.parent;
        kept := coalesce(' and not (' || rule.keep_if || ')', '');
        for leaf in select platform.leaves_of(parent::regclass) loop
          execute format(case when rule.forget then 'update %s set tenant_id = null' else 'delete from %s' end
            || ' where ctid = any (array(select ctid from %s where tenant_id = $1' || kept || ' limit $2))', leaf, leaf)
            using tenant, batch - total;
          get diagnostics gone = row_count;
          total := total + gone;
          exit when total >= batch;
        end loop;
        return total;
      end $$;

      -- Whoever asks, nothing younger than thirty days grows old.
      create function platform.forget_old_rows(tenant text, before timestamptz, batch int)
      returns table (parent text, removed int)
      language plpgsql security definer set search_path = pg_catalog as $$
      declare
        rule platform.erasure_rules; leaf regclass; gone int;
      begin
        if before > now() - interval '30 days' then
          raise exception 'What is younger than thirty days is kept.';
        end if;
        for rule in select * from platform.erasure_rules r where r.ages_by is not null order by r.parent loop
          parent := rule.parent;
          removed := 0;
          for leaf in select platform.leaves_of(rule.parent::regclass) loop
            execute format('delete from %s where ctid = any (array(select ctid from %s where tenant_id = $1 and %I < $2 limit $3))',
              leaf, leaf, rule.ages_by) using tenant, before, batch - removed;
            get diagnostics gone = row_count;
            removed := removed + gone;
            exit when removed >= batch;
          end loop;
          return next;
        end loop;
      end $$;
      revoke all on function platform.leaves_of, platform.erase_tenant_rows, platform.forget_old_rows from public;
      grant execute on function platform.erase_tenant_rows, platform.forget_old_rows to gatehouse_system;

      -- How rows of one tenant are found where they are kept by something else.
      create index user_login_events_of_tenant on identity.user_login_events (tenant_id) where tenant_id is not null;
      create index license_keys_of_tenant on licensing.license_keys (tenant_id);
      create index service_account_tenants_of_tenant on identity.service_account_tenants (tenant_id);
      create index user_tenants_of_tenant on tenancy.user_tenants (tenant_id);

      -- Who asked for the end of a tenant, when it comes, and how long its rows are kept.
      alter table tenancy.tenants
        add column deletion_asked_at timestamptz,
        add column deletion_asked_by text collate "C",
        add column deletes_at timestamptz,
        add column retention_applied_at timestamptz;
      create index tenants_to_delete on tenancy.tenants (deletes_at) where deletes_at is not null;

      -- People are in no organisation that is being deleted: the worker takes it off them.
      grant select, delete on tenancy.user_tenants to gatehouse_system;
      create policy gatehouse_system on tenancy.user_tenants to gatehouse_system using (true) with check (true);
    `);
    await extendCheck(runner, STATUS, { more: ['deleted'] });
  }

  async down(runner: QueryRunner): Promise<void> {
    // Nobody may sign in there again; what is closed already is erased by hand.
    await runner.query(`update tenancy.tenants set status = 'suspended' where status = 'deleted'`);
    await extendCheck(runner, STATUS, { less: ['deleted'] });
    await runner.query(`
      drop policy gatehouse_system on tenancy.user_tenants;
      revoke select, delete on tenancy.user_tenants from gatehouse_system;
      alter table tenancy.tenants
        drop column deletion_asked_at,
        drop column deletion_asked_by,
        drop column deletes_at,
        drop column retention_applied_at;
      drop index tenancy.user_tenants_of_tenant;
      drop index identity.service_account_tenants_of_tenant;
      drop index licensing.license_keys_of_tenant;
      drop index identity.user_login_events_of_tenant;
      drop function platform.forget_old_rows;
      drop function platform.erase_tenant_rows;
      drop function platform.leaves_of;
      drop table platform.erasure_rules;
      drop table platform.closed_tenants;
    `);
  }
}
