import type { INestApplicationContext } from '@nestjs/common';
import type pg from 'pg';
import { Actor, Db, ManualClock, newId, SystemDatabase } from '#platform';
import { testDatabase, type TestDatabase } from '../../../../test/support/database.js';
import { databaseApp } from '../../../../test/support/database-app.js';
import { connected } from '../../../../test/support/tables.js';
import { Tenant } from '../domain/tenant.js';
import { ChangeTenantStatus } from '../use-cases/change-tenant-status.js';
import { StatusChanges } from './status-changes.js';
import { Tenants } from './tenants.js';

let database: TestDatabase;
let app: INestApplicationContext;
let owner: pg.Client;
let change: ChangeTenantStatus;
let changes: StatusChanges;
const clock = new ManualClock();
const operator = new Actor({
  type: 'operator',
  id: 'ada',
  tenantId: null,
  scopes: ['operator:tenants'],
  reason: 'unpaid',
  origin: { traceId: 'f'.repeat(32), address: null },
});

beforeAll(async () => {
  database = await testDatabase();
  app = await databaseApp(database, [Tenant]);
  owner = await connected(database.ownerUrl);
  change = new ChangeTenantStatus(app.get(Db), new Tenants(app.get(Db)), clock);
  changes = new StatusChanges(app.get(SystemDatabase));
});
afterAll(async () => {
  await owner?.end();
  await app?.close();
  await database?.drop();
});

async function made(): Promise<string> {
  const id = newId('ten');
  await owner.query(
    `insert into tenancy.tenants (tenant_id, name, slug, created_at) values ($1, 'Acme', $1, now())`,
    [id],
  );
  return id;
}
const turn = (tenantId: string, status: 'active' | 'suspended') =>
  change.execute(operator, { tenantId, status });
const seenSince = async (from: string) => {
  const { changes: seen, nextFrom } = await changes.since(from);
  return { seen: new Map(seen.map((one) => [one.id, one.status === 'suspended'])), nextFrom };
};

describe('the tenants that are suspended', () => {
  it('are seen as they are suspended and as they come back; one that is only made is not', async () => {
    const { nextFrom } = await seenSince('0');
    const id = await made();
    expect((await seenSince(nextFrom)).seen.has(id)).toBe(false);
    await turn(id, 'suspended');
    expect((await seenSince(nextFrom)).seen.get(id)).toBe(true);
    // A process that begins later knows, too.
    expect((await seenSince('0')).seen.get(id)).toBe(true);
    await turn(id, 'active');
    expect((await seenSince(nextFrom)).seen.get(id)).toBe(false);
  });

  it('are not missed when a transaction began early and ends late', async () => {
    const [slow, quick] = [await made(), await made()];
    await owner.query('begin');
    await owner.query(`update tenancy.tenants set status = 'suspended' where tenant_id = $1`, [slow]);
    await turn(quick, 'suspended');
    const first = await seenSince('0');
    expect([first.seen.has(quick), first.seen.has(slow)]).toEqual([true, false]);
    await owner.query('commit');
    expect((await seenSince(first.nextFrom)).seen.get(slow)).toBe(true);
  });
});
