import type { INestApplicationContext } from '@nestjs/common';
import type pg from 'pg';
import { Actor, Db, ManualClock, newId, SystemDatabase } from '#platform';
import { testDatabase, type TestDatabase } from '../../../../test/support/database.js';
import { databaseApp } from '../../../../test/support/database-app.js';
import { connected } from '../../../../test/support/tables.js';
import { Authority } from '../authority.js';
import { AskDeletion } from '../deletion/ask-deletion.js';
import { Membership } from '../domain/membership.js';
import { grantsOfRole } from '../domain/permissions.js';
import { Tenant } from '../domain/tenant.js';
import { Memberships } from '../persistence/memberships.js';
import { TenantExports } from '../persistence/tenant-exports.js';
import { Tenants } from '../persistence/tenants.js';
import { DownloadExport } from './download-export.js';
import { CHUNK_BYTES } from './export-file.js';
import { RequestExport } from './request-export.js';

let database: TestDatabase;
let app: INestApplicationContext;
let owner: pg.Client;
let download: DownloadExport;
let request: RequestExport;
let deletion: AskDeletion;

beforeAll(async () => {
  database = await testDatabase();
  app = await databaseApp(database, [Tenant, Membership]);
  owner = await connected(database.ownerUrl);
  const [db, clock] = [app.get(Db), new ManualClock(new Date('2026-11-22T12:00:00Z'))];
  const [tenants, memberships] = [new Tenants(db), new Memberships(db)];
  const authority = new Authority(tenants, memberships);
  const exports = new TenantExports(db, app.get(SystemDatabase));
  download = new DownloadExport(db, exports, authority, clock);
  request = new RequestExport(db, authority, exports, clock);
  deletion = new AskDeletion(db, authority, tenants, { graceDays: 30 }, clock);
});
afterAll(async () => {
  await owner?.end();
  await app?.close();
  await database?.drop();
});

/** An owner, whose token goes on saying so. */
async function made(): Promise<Actor & { tenantId: string; id: string }> {
  const [tenantId, id] = [newId('ten'), newId('usr')];
  await owner.query(
    `insert into tenancy.tenants (tenant_id, name, slug, created_at) values ($1, 'Acme', $1, now())`,
    [tenantId],
  );
  await owner.query(
    `insert into tenancy.memberships (tenant_id, id, user_id, role, created_at) values ($1, $2, $3, 'owner', now())`,
    [tenantId, newId('mem'), id],
  );
  return new Actor({
    ...{ type: 'user', id, tenantId, scopes: grantsOfRole('owner') },
    origin: { traceId: 'f'.repeat(32), address: null },
  }) as Actor & { tenantId: string; id: string };
}
const demote = ({ id }: Actor) =>
  owner.query(`update tenancy.memberships set role = 'viewer' where user_id = $1`, [id]);

describe('who was an owner when their token was made', () => {
  it('asks for no export and no end, and takes none back', async () => {
    const actor = await made();
    await deletion.execute(actor, { slug: actor.tenantId });
    await demote(actor);
    const missing = { code: 'MISSING_SCOPE' };
    await expect(request.execute(actor)).rejects.toMatchObject(missing);
    await expect(deletion.takeBack(actor)).rejects.toMatchObject(missing);
    await expect(deletion.execute(actor, { slug: actor.tenantId })).rejects.toMatchObject(missing);
    expect((await owner.query('select 1 from tenancy.exports')).rowCount).toBe(0);
  });

  it('gets no further piece of a file, and begins no other', async () => {
    const actor = await made();
    const exportId = newId('exp');
    await owner.query(
      `insert into tenancy.exports (tenant_id, id, status, asked_by, asked_at, size, sha256)
       values ($1, $2, 'ready', $3, now(), $4, 'aa')`,
      [actor.tenantId, exportId, actor.id, 3 * CHUNK_BYTES],
    );
    for (const n of [0, 1, 2])
      await owner.query('insert into tenancy.export_chunks values ($1, $2, $3, $4)', [
        ...[actor.tenantId, exportId, n],
        Buffer.alloc(CHUNK_BYTES, n),
      ]);
    const wanted = { exportId, range: undefined, ifRange: undefined };
    const { bytes } = await download.execute(actor, wanted);
    expect(await bytes.next()).toMatchObject({ done: false });
    await demote(actor);
    const missing = { code: 'MISSING_SCOPE' };
    await expect(bytes.next()).rejects.toMatchObject(missing);
    await expect(download.execute(actor, wanted)).rejects.toMatchObject(missing);
  });
});
