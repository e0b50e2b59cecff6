import { eventually } from '../support/eventually.js';
import { journeyProduct } from '../support/journey.js';
import { type AuditBody, type RegisteredBody, type SeatBody, signUp, succeed } from '../support/person.js';
import { superuser } from '../support/tables.js';

const SEATS = 240;
const AT_ONCE = 6;

const product = journeyProduct();
const redis = () => product.redisClient();

// Beside product.worker.
beforeAll(async () => void (await product.startWorker()));

/** The nonce of a grant inside a session id: behind the key id, the tenant and the licence (16 bytes each). */
const seatIdOf = (sessionId: string) =>
  Buffer.from(sessionId.slice('seat_'.length), 'base64url').subarray(33, 49).toString('hex');

/** What was granted and released, as the clients were told. */
interface Told {
  acquired: string[];
  released: string[];
}

/** Takes seats on many devices, gives back every second one. */
async function clients(owner: RegisteredBody, count: number, prefix: string): Promise<Told> {
  const { v1 } = product;
  const told: Told = { acquired: [], released: [] };
  let next = 0;
  const one = async () => {
    for (let n = next++; n < count; n = next++) {
      const body = { hardware_id: `${prefix}-${n}`, license_key: owner.license.key };
      const { session_id } = await succeed<SeatBody>(`${v1}/licenses/acquire`, { body });
      told.acquired.push(seatIdOf(session_id));
      if (n % 2) continue;
      expect(await succeed(`${v1}/licenses/release`, { method: 'DELETE', body: { session_id } })).toEqual({
        released: true,
      });
      told.released.push(seatIdOf(session_id));
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, one));
  return told;
}

async function waiting(): Promise<number> {
  const keys = await redis().keys('*:ledger');
  return (await Promise.all(keys.map((key) => redis().xlen(key)))).reduce((a, b) => a + b, 0);
}

/** Workers whose insert into the ledger waits for a lock: what they have read from Redis is not committed yet. */
async function inTheMiddle(): Promise<number> {
  const rows = await product.query<{ count: number }>(
    `select count(*)::int as count from pg_stat_activity
     where datname = current_database() and wait_event_type = 'Lock' and query like '%insert into licensing.seat_ledger%'`,
  );
  return rows[0]!.count;
}

describe('the seat ledger, with two workers of which one is killed', () => {
  it('holds every grant and every release that a client was told of, once, and so does the audit trail', async () => {
    const owner = await signUp(product.api.url);
    const overrides = [{ terms: { seats: null }, expiresAt: null, reason: 'test' }];
    await product.query('update licensing.licenses set overrides = $2 where id = $1', [
      owner.license.id,
      JSON.stringify(overrides),
    ]);
    const first = clients(owner, SEATS, 'before');
    await eventually(async () => (await ledger(owner, 'acquired')).length > SEATS / 4, { withinMs: 30_000 });

    // Both are held up in the middle of a drain; one dies there, after reading and before its commit.
    const lock = await superuser(product.database);
    await lock.query('begin; lock table licensing.seat_ledger in share row exclusive mode');
    const second = clients(owner, SEATS, 'after');
    await eventually(async () => (await waiting()) > 0 && (await inTheMiddle()) > 0, { withinMs: 20_000 });
    await product.worker.kill();
    await lock.end();
    const told = {
      acquired: [(await first).acquired, (await second).acquired].flat(),
      released: [(await first).released, (await second).released].flat(),
    };
    await product.startWorker();

    await eventually(async () => (await waiting()) === 0, { withinMs: 30_000 });
    expect(await ledger(owner, 'acquired')).toEqual([...told.acquired].sort());
    expect(await ledger(owner, 'released')).toEqual([...told.released].sort());
    await eventually(
      async () => expect((await audited(owner, 'SEAT_ACQUIRED')).length).toBe(told.acquired.length),
      { withinMs: 30_000, everyMs: 250 },
    );
    await eventually(
      async () => expect((await audited(owner, 'SEAT_RELEASED')).length).toBe(told.released.length),
      { withinMs: 30_000, everyMs: 250 },
    );
    expect(await audited(owner, 'SEAT_ACQUIRED')).toEqual([...told.acquired].sort());
    expect(await audited(owner, 'SEAT_RELEASED')).toEqual([...told.released].sort());
  });

  async function ledger(owner: RegisteredBody, change: string): Promise<string[]> {
    const rows = await product.query<{ seat_id: string }>(
      'select seat_id from licensing.seat_ledger where tenant_id = $1 and change = $2',
      [owner.tenant.id, change],
    );
    return rows.map((row) => row.seat_id).sort();
  }

  async function audited(owner: RegisteredBody, action: string): Promise<string[]> {
    const seats: string[] = [];
    for (let cursor: string | null = ''; cursor !== null;) {
      const query: string = cursor ? `&cursor=${cursor}` : '';
      const page: AuditBody = await succeed(`${product.v1}/audit?action=${action}&limit=100${query}`, {
        bearer: owner.access_token,
      });
      seats.push(...page.data.map((entry) => String(entry.metadata.seat_id)));
      cursor = page.next_cursor;
    }
    return seats.sort();
  }
});
