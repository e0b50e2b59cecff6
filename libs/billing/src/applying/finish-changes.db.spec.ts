import pg from 'pg';
import { Actor, ClosedTenants } from '#platform';
import { type BillingRoom, billingRoom } from '../../../../test/support/billing-room.js';
import { OpenWishes } from '../persistence/open-wishes.js';
import { WishBook } from '../persistence/wishes.js';
import { ApplyEvents } from './apply-events.js';
import { FinishChanges } from './finish-changes.js';

const BATCH = 20;
const LEASE_MS = 60_000;

let room: BillingRoom;
beforeAll(async () => {
  room = await billingRoom(ApplyEvents);
}, 60_000);
afterAll(() => room?.close());
beforeEach(() => room.system.query(`update billing.wishes set retry_at = now() + interval '1 day'`));

/** A tenant that has wanted something, and nobody has finished it. */
async function waiting(): Promise<Actor> {
  const actor = Actor.system(await room.tenant(), 'trace');
  const wishes = room.app.get(WishBook, { strict: false });
  await room.db.transaction(actor, async () => {
    await wishes.lock();
    await wishes.put({ plan: 'PRO' }, room.clock.now());
  });
  await room.system.query(
    `update billing.wishes set retry_at = now() - interval '1 second' where tenant_id = $1`,
    [actor.tenantId],
  );
  return actor;
}

describe('wishes that nobody has finished', () => {
  it('are taken on by one worker each, for a while', async () => {
    const ids: string[] = [];
    for (let n = 0; n < 12; n++) ids.push((await waiting()).tenantId!);
    const open = room.app.get(OpenWishes, { strict: false });
    const taken = await Promise.all(Array.from({ length: 4 }, () => open.take(5, LEASE_MS)));
    taken.push(await open.take(5, LEASE_MS));
    expect(taken.flat().toSorted()).toEqual(ids.toSorted());
    expect(await open.take(5, LEASE_MS)).toEqual([]);
  });

  it('of organisations that are gone stand in nobody’s way', async () => {
    const owner = new pg.Client({ connectionString: room.database.ownerUrl });
    await owner.connect();
    for (let n = 0; n < BATCH; n++) {
      const { tenantId } = await waiting();
      await owner.query(`update tenancy.tenants set status = 'deleted' where tenant_id = $1`, [tenantId]);
      await room.app.get(ClosedTenants, { strict: false }).close(tenantId!);
    }
    await owner.end();
    const living = await waiting();
    const finish = room.app.get(FinishChanges, { strict: false });
    // There may be more behind a full batch.
    expect(await finish.turn()).toBe(true);
    expect(await finish.turn()).toBe(false);
    const wishes = await room.app.get(WishBook, { strict: false }).get(living);
    expect(wishes!.outcomes).toMatchObject([{ status: 'refused', refusal: { code: 'NOT_SUBSCRIBED' } }]);
  });
});
