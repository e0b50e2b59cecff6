import { eventually } from '../support/eventually.js';
import { journeyProduct } from '../support/journey.js';
import {
  type AuditBody,
  call,
  type RegisteredBody,
  type SeatBody,
  signUp,
  succeed,
} from '../support/person.js';
import { connected } from '../support/tables.js';

const SCHEMAS = ['platform', 'tenancy', 'licensing', 'identity', 'billing', 'audit'];

/** Our schemas that a statement names, `tenancy.` as well as `"tenancy".`. */
const schemasIn = (statement: string): string[] =>
  SCHEMAS.filter((schema) =>
    new RegExp(`(?<![\\w.])("${schema}"|${schema})\\s*\\.\\s*["a-z]`, 'i').test(statement),
  );

const product = journeyProduct();

// In this database only; it goes with it.
beforeAll(async () => void (await product.query('create extension pg_stat_statements')));

/** Every statement that the product's roles have run in this database. */
async function statements(): Promise<string[]> {
  const rows = await product.query<{ query: string }>(
    `select s.query from pg_stat_statements s join pg_roles r on r.oid = s.userid
     where s.dbid = (select oid from pg_database where datname = current_database()) and r.rolname like 'gatehouse%'`,
  );
  return rows.map((row) => row.query);
}

/** Everything of the main job that reaches Postgres. */
async function mainJob(): Promise<void> {
  const { v1 } = product;
  const owner = await signUp(product.api.url);
  const bearer = owner.access_token;
  await succeed(`${v1}/auth/login`, { method: 'POST', bearer: owner.idToken });
  const { refresh_token } = await succeed<RegisteredBody>(`${v1}/auth/refresh`, {
    body: { refresh_token: owner.refresh_token },
  });
  await succeed(`${v1}/auth/me`, { bearer });
  await succeed(`${v1}/licenses`, { bearer });
  await succeed(`${v1}/licenses/${owner.license.id}`, { bearer });
  const seat = await succeed<SeatBody>(`${v1}/licenses/acquire`, { bearer, body: { hardware_id: 'laptop' } });
  await succeed(`${v1}/licenses/validate`, { body: { license_key: owner.license.key } });
  await succeed(`${v1}/licenses/release`, { method: 'DELETE', body: { session_id: seat.session_id } });
  await eventually(
    async () =>
      (await call(`${v1}/licenses/heartbeat`, { method: 'PUT', body: { session_id: seat.session_id } }))
        .status === 410,
  );
  await product.admin('tenant', 'suspend', owner.tenant.id, '--reason', 'unpaid');
  await product.admin('tenant', 'reactivate', owner.tenant.id, '--reason', 'paid');
  await eventually(async () => {
    const { data } = await succeed<AuditBody>(`${v1}/audit`, { bearer });
    return (
      data.some((entry) => entry.action === 'TENANT_REACTIVATED') &&
      data.some((entry) => entry.action === 'SEAT_RELEASED')
    );
  });
  await succeed(`${v1}/auth/logout`, { body: { refresh_token } });
}

describe('the contexts (house: one schema each)', () => {
  it('never name two schemas in one statement', async () => {
    await mainJob();
    const seen = await statements();
    // Else the look itself is blind: each schema has been used.
    expect([...new Set(seen.flatMap(schemasIn))].sort()).toEqual([...SCHEMAS].sort());
    expect(seen.filter((statement) => schemasIn(statement).length > 1)).toEqual([]);
  });

  it('would be seen when they did, however it is written', async () => {
    const planted = [
      'select 1 from tenancy.tenants t join licensing.licenses l using (tenant_id)',
      'select 2 from "tenancy"."tenants" where exists (select from "licensing"."licenses")',
      'select 3 from tenancy . tenants, LICENSING.licenses',
    ];
    const owner = await connected(product.database.ownerUrl);
    for (const statement of planted) await owner.query(statement);
    await owner.end();
    expect((await statements()).filter((one) => schemasIn(one).length > 1)).toHaveLength(planted.length);
  });
});
