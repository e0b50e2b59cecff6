import { journeyProduct } from '../support/journey.js';
import { signUp, succeed, type SeatBody } from '../support/person.js';

const product = journeyProduct();

beforeAll(async () => {
  // Nothing but the API shall speak to Postgres while we count.
  await product.worker.stop();
  await product.query('create extension if not exists pg_stat_statements');
});

/** Statements that the app role has run in the product's database. */
async function statements(): Promise<number> {
  const rows = await product.query<{ calls: number }>(
    `select coalesce(sum(s.calls), 0)::int as calls
     from pg_stat_statements s join pg_roles r on r.oid = s.userid join pg_database d on d.oid = s.dbid
     where r.rolname = 'gatehouse_app' and d.datname = current_database()`,
  );
  return rows[0]?.calls ?? 0;
}

describe('a warm pool (main job, 3)', () => {
  it('acquires, beats, releases and validates without a statement to Postgres', async () => {
    const v1 = `${product.v1}/licenses`;
    const { access_token: bearer, license } = await signUp(product.api.url);
    const round = async (hardware_id: string) => {
      const byToken = await succeed<SeatBody>(`${v1}/acquire`, { bearer, body: { hardware_id } });
      await succeed(`${v1}/heartbeat`, { method: 'PUT', body: { session_id: byToken.session_id } });
      await succeed(`${v1}/release`, { method: 'DELETE', body: { session_id: byToken.session_id } });
      const byKey = await succeed<SeatBody>(`${v1}/acquire`, {
        body: { hardware_id, license_key: license.key },
      });
      await succeed(`${v1}/release`, { method: 'DELETE', body: { session_id: byKey.session_id } });
      await succeed(`${v1}/validate`, { body: { license_key: license.key } });
    };

    const cold = await statements();
    await round('first');
    const warm = await statements();
    expect(warm).toBeGreaterThan(cold);
    for (let i = 0; i < 10; i++) await round('first');
    expect(await statements()).toBe(warm);
  });
});
