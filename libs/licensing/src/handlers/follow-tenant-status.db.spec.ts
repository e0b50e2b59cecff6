import type { INestApplicationContext } from '@nestjs/common';
import { Actor, Db, type DeliveredEvent, ManualClock, newId } from '#platform';
import { TenantReactivated, TenantSuspended } from '#tenancy/events';
import { testDatabase, type TestDatabase } from '../../../../test/support/database.js';
import { databaseApp } from '../../../../test/support/database-app.js';
import { License } from '../domain/license.js';
import { writeLicense } from '../testing/licenses.js';
import { Licenses } from '../persistence/licenses.js';
import { FollowTenantStatus } from './follow-tenant-status.js';

type Told = DeliveredEvent<typeof TenantSuspended | typeof TenantReactivated>;

describe('licences and the status of their tenant', () => {
  const clock = new ManualClock();
  let database: TestDatabase;
  let app: INestApplicationContext;
  let db: Db;
  let licenses: Licenses;
  let handler: FollowTenantStatus;
  let actor: Actor;
  let ids: string[];

  beforeAll(async () => {
    database = await testDatabase();
    app = await databaseApp(database, [License]);
    db = app.get(Db);
    licenses = new Licenses(db, clock);
    handler = new FollowTenantStatus(licenses, clock);
  });
  afterAll(async () => {
    await app.close();
    await database.drop();
  });

  beforeEach(async () => {
    actor = Actor.system(newId('ten'), 'trace');
    ids = [await issued(actor), await issued(actor)];
  });

  function issued(owner: Actor): Promise<string> {
    return db.transaction(owner, () => writeLicense(licenses, owner.tenantId!, {}, clock.now()));
  }

  const told = (type: typeof TenantSuspended | typeof TenantReactivated, revision: number) =>
    db.transaction(actor, () =>
      handler.handle({ name: type.name, payload: { tenantId: actor.tenantId, revision } } as Told),
    );

  const suspended = async (of = actor) =>
    (await licenses.page(of, null, 10)).map((row) => row.tenantSuspended);
  const changes = async () => {
    const rows = await db.read<{ payload: { licenseId: string } }>(
      actor,
      `select payload from platform.outbox where tenant_id = $1 and name = 'licensing.license.changed'`,
      [actor.tenantId],
    );
    return rows.map((row) => row.payload.licenseId).sort();
  };

  it('follow it into suspension and out again, each with its own revision', async () => {
    await told(TenantSuspended, 2);
    expect(await suspended()).toEqual([true, true]);
    expect(await changes()).toEqual(ids);
    await told(TenantReactivated, 3);
    expect(await suspended()).toEqual([false, false]);
    expect((await licenses.page(actor, null, 10)).map((row) => row.revision)).toEqual([3, 3]);
  });

  it('end as the tenant did when the two are told in the wrong order (a retried suspension locked tenants out)', async () => {
    await told(TenantReactivated, 3);
    await told(TenantSuspended, 2);
    expect(await suspended()).toEqual([false, false]);
    await told(TenantSuspended, 4);
    await told(TenantReactivated, 3);
    expect(await suspended()).toEqual([true, true]);
  });

  it('are changed once when told twice', async () => {
    await told(TenantSuspended, 2);
    await told(TenantSuspended, 2);
    expect(await changes()).toEqual(ids);
  });

  it('of another tenant stay as they are', async () => {
    const other = Actor.system(newId('ten'), 'trace');
    await issued(other);
    await told(TenantSuspended, 2);
    expect(await suspended(other)).toEqual([false]);
  });
});
