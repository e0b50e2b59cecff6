import type pg from 'pg';
import { testDatabase, type TestDatabase } from '../support/database.js';
import { superuser } from '../support/tables.js';
import { schemaFaults } from './schema-rules.js';

/** What is done to a sound database, and what must then be reported. Each is the smallest break of one rule. */
const PLANTS: [what: string, sql: string, reported: string | RegExp][] = [
  [
    'row security is off',
    'alter table tenancy.tenants disable row level security',
    'tenancy.tenants: row security is not enabled.',
  ],
  [
    'it does not bind the owner',
    'alter table audit.entries no force row level security',
    'audit.entries: row security is not forced.',
  ],
  [
    'a new table that nobody guards',
    'create table licensing.notes (tenant_id text primary key); alter table licensing.notes owner to gatehouse_owner',
    'licensing.notes: row security is not enabled.',
  ],
  [
    'a new partition that nobody guards',
    `create table audit.entries_p1 partition of audit.entries for values from ('1999-01-01') to ('1999-02-01')`,
    'audit.entries_p1: row security is not enabled.',
  ],
  [
    'a policy for everybody',
    'create policy all_of_it on tenancy.tenants using (true)',
    'tenancy.tenants: the policy all_of_it is for everybody.',
  ],
  [
    'a policy that shows the app role more',
    'create policy more on tenancy.tenants for select to gatehouse_app using (true)',
    /^tenancy\.tenants: the policy more is not the rule of its kind/,
  ],
  [
    'a policy whose check lets the app role write elsewhere',
    'alter policy gatehouse_app on identity.auth_sessions with check (true)',
    /^identity\.auth_sessions: the policy gatehouse_app is not the rule of its kind/,
  ],
  [
    'a person’s table that shows every person',
    'alter policy gatehouse_app on identity.users using (true)',
    /^identity\.users: the policy gatehouse_app is not the rule of its kind/,
  ],
  [
    'webhooks that the app role may read',
    'create policy read on billing.stripe_events for select to gatehouse_app using (true)',
    'billing.stripe_events: the policy read opens it to the app role.',
  ],
  [
    'a key without the tenant',
    'alter table tenancy.memberships add constraint one_tenant_only unique (user_id)',
    'tenancy.memberships: the key one_tenant_only does not begin with tenant_id.',
  ],
  [
    'a unique index without the tenant',
    'create unique index by_slug on tenancy.tenants (slug)',
    'tenancy.tenants: the key tenancy.by_slug does not begin with tenant_id.',
  ],
  [
    'a primary key with the tenant in second place',
    `alter table platform.dead_letters drop constraint dead_letters_pkey;
     alter table platform.dead_letters add constraint swapped primary key (event_id, tenant_id, subscription)`,
    'platform.dead_letters: the key swapped does not begin with tenant_id.',
  ],
  [
    'a table without a primary key',
    'alter table platform.dead_letters drop constraint dead_letters_pkey',
    'platform.dead_letters: it has no primary key.',
  ],
  [
    'a foreign key without the tenant',
    `alter table identity.auth_sessions add unique (tenant_id, trace_id), add constraint self foreign key (user_id, tenant_id)
       references identity.auth_sessions (trace_id, tenant_id)`,
    'identity.auth_sessions: the key self does not begin with tenant_id.',
  ],
  [
    'a foreign key into another schema',
    'alter table identity.auth_sessions add constraint home foreign key (tenant_id) references tenancy.tenants',
    'identity.auth_sessions: the foreign key home crosses into another schema, to tenancy.tenants.',
  ],
  [
    'a table of no tenant',
    'create table billing.prices (id text primary key); alter table billing.prices owner to gatehouse_owner',
    'billing.prices: it has no tenant_id and is not among the exceptions.',
  ],
  [
    'a locator that holds more',
    'alter table tenancy.slugs add column name text',
    'tenancy.slugs: a locator holds nothing else, and this one has name.',
  ],
  [
    'a table of the app role',
    'alter table tenancy.slugs owner to gatehouse_app',
    'tenancy.slugs: it belongs to gatehouse_app, not to gatehouse_owner.',
  ],
  [
    'an app role that bypasses',
    'alter role gatehouse_app bypassrls',
    'gatehouse_app: the role has BYPASSRLS.',
  ],
  [
    'an app role that is another',
    'grant gatehouse_owner to gatehouse_app',
    'gatehouse_app: the role is a member of gatehouse_owner.',
  ],
  [
    'a grant to everybody',
    'grant select on licensing.licenses to public',
    'licensing.licenses: SELECT is granted to everybody, who is none of our roles.',
  ],
  [
    'a grant that policies do not bind',
    'grant truncate on audit.entries to gatehouse_app',
    'audit.entries: TRUNCATE is granted to gatehouse_app; row security does not bind it.',
  ],
  [
    'a grant on a partition',
    'grant select on audit.entries_default to gatehouse_app',
    'audit.entries_default: SELECT is granted to gatehouse_app; a partition is reached through its parent.',
  ],
  [
    'a view that reads as its owner',
    'create view licensing.all_of_it as select * from licensing.licenses; alter view licensing.all_of_it owner to gatehouse_owner',
    'licensing.all_of_it: a view must be security_invoker, and a materialized one cannot.',
  ],
  [
    'a function that everybody may call as its owner',
    `create function platform.peek() returns bigint language sql security definer as 'select count(*) from licensing.licenses'`,
    'platform.peek(): everybody may call it.',
  ],
  [
    'a function whose names the caller decides',
    `create function platform.peek() returns bigint language sql security definer as 'select count(*) from licensing.licenses'`,
    'platform.peek(): it runs as its owner without a search_path of its own.',
  ],
  [
    'a table outside the schemas',
    'create table public.notes (id int)',
    'public.notes: nothing of ours may be in schema public but the table of migrations.',
  ],
];

describe('the rules of the database (S1-24)', () => {
  let database: TestDatabase;
  let admin: pg.Client;

  beforeAll(async () => {
    database = await testDatabase();
    admin = await superuser(database);
  });
  afterAll(async () => {
    await admin.end();
    await database.drop();
  });

  it('are kept by the migrations', async () => {
    expect(await schemaFaults(admin)).toEqual([]);
  });

  it.each(PLANTS)('report %s', async (_, sql, reported) => {
    await admin.query('begin');
    try {
      await admin.query(sql);
      const expected = typeof reported === 'string' ? reported : expect.stringMatching(reported);
      expect(await schemaFaults(admin)).toContainEqual(expected);
    } finally {
      await admin.query('rollback');
    }
  });

  it('have defaults as promised: plan FREE, one seat (S1-25)', async () => {
    const { rows } = await admin.query(
      `insert into tenancy.tenants (tenant_id, name, slug, created_at) values ('ten_1', 'Acme', 'acme', now()) returning plan, max_seats`,
    );
    expect(rows).toEqual([{ plan: 'FREE', max_seats: 1 }]);
    await expect(admin.query('update tenancy.tenants set plan = null')).rejects.toThrow('not-null');
  });
});
