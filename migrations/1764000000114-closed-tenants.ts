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
      -- Only platform.close_tenant puts one in.
      revoke insert, update on platform.closed_tenants from gatehouse_system;
      grant update (erased_at) on platform.closed_tenants to gatehouse_system;

      -- Where more is to be said than "all of it": what stays of a tenant that is gone, which rows only lose their
      -- tenant, and since when rows are old.
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
        ('tenancy.invitations', null, false, 'coalesce(ended_at, expires_at)');
      ${internalTable('platform.erasure_rules')}

      -- The tables that hold the rows of parent: itself, or its partitions.
      create function platform.leaves_of(parent regclass) returns setof regclass
      language sql stable security definer set search_path = pg_catalog as $$
        select parent where (select relkind from pg_class where oid = parent) = 'r'
        union all select relid from pg_partition_tree(parent) where isleaf and relid <> parent
      $$;

      -- Whoever asks, only what its people have ended is closed: from then on its rows may be erased.
      create function platform.close_tenant(tenant text) returns void
      language plpgsql security definer set search_path = pg_catalog as $$
      begin
        if exists (select from platform.closed_tenants c where c.tenant_id = tenant) then
          return;
        end if;
        if not exists (select from tenancy.tenants t where t.tenant_id = tenant and t.status = 'deleted') then
          raise exception 'The tenant % is not over.', tenant;
        end if;
        insert into platform.closed_tenants (tenant_id) values (tenant) on conflict do nothing;
      end $$;

      create function platform.erase_tenant_rows(tenant text, parent text, batch int) returns int
      language plpgsql security definer set search_path = pg_catalog as $$
      declare
        rule platform.erasure_rules; target regclass := parent::regclass; leaf regclass;
        kept text; gone int; total int := 0;
      begin
        if not exists (select from platform.closed_tenants c where c.tenant_id = tenant) then
          raise exception 'The tenant % is not closed.', tenant;
        end if;
        if target = 'platform.closed_tenants'::regclass or not exists (select from pg_attribute a
            where a.attrelid = target and a.attname = 'tenant_id' and not a.attisdropped) then
          raise exception '% holds no rows of tenants that could be erased.', parent;
        end if;
        select * into rule from platform.erasure_rules r where r.parent::regclass = target;
        kept := coalesce(' and not (' || rule.keep_if || ')', '');
        for leaf in select platform.leaves_of(target) loop
          execute format(case when rule.forget then 'update %s set tenant_id = null' else 'delete from %s' end
            || ' where ctid = any (array(select ctid from %s where tenant_id = $1' || kept || ' limit $2))', leaf, leaf)
            using tenant, batch - total;
          get diagnostics gone = row_count;
          total := total + gone;
          exit when total >= batch;
        end loop;
        return total;
      end $$;

      -- Whoever asks, nothing goes that the tenant keeps, or that is younger than thirty days. Up to batch rows of each
      -- table; with dry they stay, and are counted.
      create function platform.forget_old_rows(tenant text, batch int, dry boolean)
      returns table (parent text, removed int)
      language plpgsql security definer set search_path = pg_catalog as $$
      declare
        rule platform.erasure_rules; leaf regclass; aged text; gone int; before timestamptz;
      begin
        select now() - make_interval(days => greatest(t.retention_days, 30)) into before
          from tenancy.tenants t where t.tenant_id = tenant and t.retention_days is not null;
        if before is null then
          return;
        end if;
        for rule in select * from platform.erasure_rules r where r.ages_by is not null order by r.parent loop
          parent := rule.parent;
          removed := 0;
          for leaf in select platform.leaves_of(rule.parent::regclass) loop
            aged := format('select ctid from %s where tenant_id = $1 and %s < $2 limit $3', leaf, rule.ages_by);
            if dry then
              execute format('select count(*) from (%s) aged', aged) into gone using tenant, before, batch - removed;
            else
              execute format('delete from %s where ctid = any (array(%s))', leaf, aged)
                using tenant, before, batch - removed;
              get diagnostics gone = row_count;
            end if;
            removed := removed + gone;
            exit when removed >= batch;
          end loop;
          return next;
        end loop;
      end $$;
      revoke all on function platform.leaves_of, platform.close_tenant, platform.erase_tenant_rows,
        platform.forget_old_rows from public;
      grant execute on function platform.close_tenant, platform.erase_tenant_rows, platform.forget_old_rows
        to gatehouse_system;

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
        add column ended_at timestamptz,
        add column retention_applied_at timestamptz;
      create index tenants_to_delete on tenancy.tenants (deletes_at) where deletes_at is not null;

      -- People are in no organisation that is over: signing in leads them elsewhere.
      create function tenancy.let_go() returns trigger
        language plpgsql security definer set search_path = pg_catalog as $$
      begin
        delete from tenancy.user_tenants where tenant_id = new.tenant_id;
        return null;
      end $$;
      revoke all on function tenancy.let_go() from public;
      create trigger let_go after update of status on tenancy.tenants
        for each row when (new.status = 'deleted' and old.status <> 'deleted') execute function tenancy.let_go();
    `);
    await extendCheck(runner, STATUS, { more: ['deleted'] });
  }

  async down(runner: QueryRunner): Promise<void> {
    // Nobody may sign in there again; what is closed already is erased by hand.
    await runner.query(`update tenancy.tenants set status = 'suspended' where status = 'deleted'`);
    await extendCheck(runner, STATUS, { less: ['deleted'] });
    await runner.query(`
      drop trigger let_go on tenancy.tenants;
      drop function tenancy.let_go();
      alter table tenancy.tenants
        drop column deletion_asked_at,
        drop column deletion_asked_by,
        drop column deletes_at,
        drop column ended_at,
        drop column retention_applied_at;
      drop index tenancy.user_tenants_of_tenant;
      drop index identity.service_account_tenants_of_tenant;
      drop index licensing.license_keys_of_tenant;
      drop index identity.user_login_events_of_tenant;
      drop function platform.forget_old_rows;
      drop function platform.erase_tenant_rows;
      drop function platform.close_tenant;
      drop function platform.leaves_of;
      drop table platform.erasure_rules;
      drop table platform.closed_tenants;
    `);
  }
}
