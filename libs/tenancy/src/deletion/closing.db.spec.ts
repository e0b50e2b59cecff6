import type pg from 'pg';
import { newId } from '#platform';
import { testDatabase, type TestDatabase } from '../../../../test/support/database.js';
import { connected } from '../../../../test/support/tables.js';

let database: TestDatabase;
let owner: pg.Client;
let system: pg.Client;
let app: pg.Client;

beforeAll(async () => {
  database = await testDatabase();
  [owner, system, app] = await Promise.all([
    connected(database.ownerUrl),
    connected(database.systemUrl),
    connected(database.url),
  ]);
});
afterAll(async () => {
  await Promise.all([owner, system, app].map((client) => client?.end()));
  await database?.drop();
});

/** With entries of forty days ago, the last of its trail among them. */
async function made(settings: { status?: string; retentionDays?: number } = {}): Promise<string> {
  const id = newId('ten');
  await owner.query(
    `insert into tenancy.tenants (tenant_id, name, slug, created_at, retention_days) values ($1, 'Acme', $1, now(), $2)`,
    [id, settings.retentionDays ?? null],
  );
  await owner.query(
    `insert into audit.entries (tenant_id, id, actor_type, action, outcome, metadata, trace_id, created_at)
     select $1, 'aud_' || action, 'system', action, 'success', '{}', '', now() - interval '40 days'
     from unnest(array['OTHER', 'TENANT_DELETED']) action`,
    [id],
  );
  await owner.query(
    `insert into tenancy.memberships (tenant_id, id, user_id, role, created_at) values ($1, $2, 'usr_1', 'owner', now())`,
    [id, newId('mem')],
  );
  if (settings.status)
    await owner.query('update tenancy.tenants set status = $2 where tenant_id = $1', [id, settings.status]);
  return id;
}
const close = (id: string) => system.query('select platform.close_tenant($1)', [id]);
const erase = (id: string, table: string) =>
  system.query('select platform.erase_tenant_rows($1, $2, 10)', [id, table]);
const forgotten = async (id: string, dry = false) =>
  (
    await system.query<{ table: string; rows: number }>(
      `select parent as "table", removed as "rows" from platform.forget_old_rows($1, 10, $2) where removed > 0`,
      [id, dry],
    )
  ).rows;
const entriesOf = async (id: string) =>
  (
    await owner.query<{ action: string }>(
      'select action from audit.entries where tenant_id = $1 order by action',
      [id],
    )
  ).rows.map(({ action }) => action);
const peopleOf = async (id: string) =>
  (await owner.query('select 1 from tenancy.user_tenants where tenant_id = $1', [id])).rowCount;

describe('what is erased', () => {
  it('is so by functions that the system role alone may call', async () => {
    const { rows } = await owner.query<{ f: string; who: string[] }>(
      `select p.proname as f, array_agg(r.rolname::text order by r.rolname) as who
       from pg_proc p join pg_namespace n on n.oid = p.pronamespace
       join pg_roles r on r.rolname like 'gatehouse\\_%' and r.rolname <> 'gatehouse_owner'
         and not pg_has_role(r.oid, 'gatehouse_owner', 'usage')
         and has_function_privilege(r.oid, p.oid, 'execute')
       where n.nspname = 'platform'
         and p.proname in ('close_tenant', 'erase_tenant_rows', 'forget_old_rows', 'leaves_of')
       group by 1 order by 1`,
    );
    expect(rows).toEqual(
      ['close_tenant', 'erase_tenant_rows', 'forget_old_rows'].map((f) => ({ f, who: ['gatehouse_system'] })),
    );
    for (const call of [`close_tenant('x')`, `erase_tenant_rows('x', 'audit.entries', 1)`])
      await expect(app.query(`select platform.${call}`)).rejects.toThrow('permission denied');
  });

  it('is a tenant’s that is over, and nobody says so past the function', async () => {
    const [live, over] = [await made(), await made({ status: 'deleted' })];
    for (const client of [app, system])
      await expect(
        client.query('insert into platform.closed_tenants (tenant_id) values ($1)', [live]),
      ).rejects.toThrow('permission denied');
    await expect(close(live)).rejects.toThrow('is not over');
    await expect(close('ten_nobody')).rejects.toThrow('is not over');
    await expect(erase(live, 'audit.entries')).rejects.toThrow('is not closed');
    await expect(erase(over, 'audit.entries')).rejects.toThrow('is not closed');
    await close(over);
    await expect(
      system.query('update platform.closed_tenants set closed_at = now(), tenant_id = $1', [live]),
    ).rejects.toThrow('permission denied');
    await erase(over, 'tenancy.memberships');
    await erase(over, 'tenancy.tenants');
    // Repeated when its row has gone.
    await close(over);
    expect(await entriesOf(live)).toHaveLength(2);
  });

  it('is never the tombstone nor the last entry, however the table is written', async () => {
    const over = await made({ status: 'deleted' });
    await close(over);
    for (const name of ['platform.closed_tenants', 'platform."closed_tenants"', '"platform".closed_tenants'])
      await expect(erase(over, name)).rejects.toThrow('holds no rows of tenants');
    for (const name of ['audit."entries"', '"audit"."entries"', 'audit.entries']) await erase(over, name);
    expect(await entriesOf(over)).toEqual(['TENANT_DELETED']);
  });
});

describe('what grows old', () => {
  it('is what the tenant does not keep, whoever asks', async () => {
    const [all, sixty, thirty] = [
      await made(),
      await made({ retentionDays: 60 }),
      await made({ retentionDays: 30 }),
    ];
    for (const id of [all, sixty]) expect(await forgotten(id)).toEqual([]);
    const two = [{ table: 'audit.entries', rows: 2 }];
    expect(await forgotten(thirty, true)).toEqual(two);
    expect(await entriesOf(thirty)).toHaveLength(2);
    expect(await forgotten(thirty)).toEqual(two);
    expect(await forgotten(thirty)).toEqual([]);
    expect([await entriesOf(all), await entriesOf(sixty)].map((one) => one.length)).toEqual([2, 2]);
    await owner.query('update tenancy.tenants set retention_days = 1 where tenant_id = $1', [sixty]);
    await owner.query(
      `update audit.entries set created_at = now() - interval '20 days' where tenant_id = $1`,
      [sixty],
    );
    expect(await forgotten(sixty)).toEqual([]);
  });

  it('is also an invitation that ran out', async () => {
    const id = await made({ retentionDays: 30 });
    await owner.query('delete from audit.entries where tenant_id = $1', [id]);
    await owner.query(
      `insert into tenancy.invitations (tenant_id, id, email, role, invited_by, generation, status, created_at, expires_at)
       select $1, 'inv_' || days, days || '@acme.example', 'viewer', 'usr_1', 1, 'pending', now() - interval '90 days',
         now() - days * interval '1 day' from unnest(array[-1, 10, 40]) days`,
      [id],
    );
    expect(await forgotten(id)).toEqual([{ table: 'tenancy.invitations', rows: 1 }]);
    const { rows } = await owner.query(
      'select id from tenancy.invitations where tenant_id = $1 order by id',
      [id],
    );
    expect(rows.map((row) => row.id)).toEqual(['inv_-1', 'inv_10']);
  });
});

describe('people', () => {
  it('are let go with the end of the tenant, and stay where that is taken back', async () => {
    const id = await made();
    const end = () => owner.query(`update tenancy.tenants set status = 'deleted' where tenant_id = $1`, [id]);
    await owner.query('begin');
    await end();
    expect(await peopleOf(id)).toBe(0);
    await owner.query('rollback');
    expect(await peopleOf(id)).toBe(1);
    await end();
    expect(await peopleOf(id)).toBe(0);
  });
});
