import { type Actor, newId } from '#platform';
import { type LedgerEntry, SeatLedger } from '../persistence/seat-ledger.js';
import { newSeatId } from '../seats/session-id.js';
import { deskWorld, type DeskWorld } from '../testing/desk.js';
import { aDevice } from '../testing/seat-bench.js';
import { enderOf } from './end-seats.js';
import { FreeSeat } from './free-seat.js';
import { ListSeats } from './list-seats.js';
import type { Place } from './place.js';

const MANAGER = ['licenses:read', 'licenses:manage', 'seats:read', 'seats:acquire'];
const MEMBER = ['licenses:read', 'seats:acquire'];

describe('the desk of a licence', () => {
  let world: DeskWorld;
  let listSeats: ListSeats;
  let freeSeat: FreeSeat;
  let owner: Actor;
  let place: Place;

  beforeAll(async () => {
    world = await deskWorld();
    listSeats = new ListSeats(world.licenses, world.desk);
    freeSeat = new FreeSeat(world.licenses, world.endSeats);
  });
  afterAll(() => world?.close());
  beforeEach(async () => {
    owner = world.actor(undefined, MANAGER);
    place = await world.issued(owner, { seats: null });
  });

  const member = () => world.actor(owner.tenantId!, MEMBER);

  /** The id of a new seat. */
  async function take(by: Actor | null, at = place, device = aDevice()): Promise<string> {
    const wish = { ...at, device, seatId: newSeatId() };
    const caller = { userId: by?.id ?? null, sessionId: by?.sessionId, traceId: 'trace', address: null };
    const answer = await world.pool.acquire(wish, false, caller);
    if (answer.outcome !== 'held') throw new Error(`no seat: ${answer.outcome}`);
    return answer.seatId;
  }
  const beat = (seatId: string, at = place) =>
    world.pool.comeBack({ ...at, seatId, device: 'any' }, { userId: null, traceId: 'trace', address: null });

  async function listed(by: Actor, at = place, limit = 50): Promise<string[]> {
    const ids: string[] = [];
    for (let cursor: string | undefined, isMore = true; isMore;) {
      const page = await listSeats.execute(by, at.licenseId, { limit, cursor });
      expect(page.data.length).toBeLessThanOrEqual(limit);
      ids.push(...page.data.map((one) => one.seatId));
      isMore = page.nextCursor !== null;
      cursor = page.nextCursor ?? undefined;
    }
    return ids;
  }

  it('lists every seat once, in pages, with whose it is, and never its proof', async () => {
    const [ada, eve] = [member(), member()];
    const seats = [];
    for (const by of [ada, eve, null, ada, null, eve, ada]) seats.push(await take(by));
    expect((await listed(owner, place, 2)).sort()).toEqual([...seats].sort());
    const { data } = await listSeats.execute(owner, place.licenseId, { limit: 50 });
    expect(data.filter((one) => one.userId === ada.id)).toHaveLength(3);
    expect(data.filter((one) => one.userId === null)).toHaveLength(2);
    expect(data.every((one) => !one.own)).toBe(true);
    expect(Object.keys(data[0]!).sort()).toEqual(['device', 'expiresAt', 'own', 'seatId', 'since', 'userId']);
    expect(data[0]!.expiresAt.getTime() - data[0]!.since.getTime()).toBe(360_000);
  });

  it('shows a member their own seats, whatever cursor they bring', async () => {
    const [ada, eve] = [member(), member()].sort((a, b) => (a.id! < b.id! ? -1 : 1)) as [Actor, Actor];
    const own = [await take(eve), await take(eve)];
    await take(ada);
    await take(null);
    expect((await listed(eve, place, 1)).sort()).toEqual([...own].sort());
    const cursor = Buffer.from(JSON.stringify([null, '0'.repeat(32)])).toString('base64url');
    const { data } = await listSeats.execute(eve, place.licenseId, { limit: 50, cursor });
    expect(data.map((one) => [one.userId, one.own])).toEqual([
      [eve.id, true],
      [eve.id, true],
    ]);
  });

  it('is closed to whom nothing allows it, and to other tenants', async () => {
    const viewer = world.actor(owner.tenantId!, ['licenses:read']);
    await expect(listed(viewer)).rejects.toMatchObject({
      code: 'MISSING_SCOPE',
      details: { scope: 'seats:read' },
    });
    const stranger = world.actor(undefined, MANAGER);
    await expect(listed(stranger)).rejects.toMatchObject({ status: 404 });
    const seatId = await take(owner);
    await expect(freeSeat.execute(stranger, { licenseId: place.licenseId, seatId })).rejects.toMatchObject({
      status: 404,
    });
    expect(await listed(owner)).toEqual([seatId]);
    await expect(
      listSeats.execute(owner, place.licenseId, { limit: 1, cursor: 'AAAA' }),
    ).rejects.toMatchObject({
      code: 'VALIDATION_FAILED',
    });
  });

  it('frees a seat for good: its place is free, its heartbeat is gone, and freeing it again is 404', async () => {
    const one = await world.issued(owner, { seats: 1 });
    const seatId = await take(null, one);
    await expect(take(null, one)).rejects.toThrow('no seat: full');
    await freeSeat.execute(owner, { licenseId: one.licenseId, seatId });
    expect((await beat(seatId, one)).outcome).toBe('gone');
    await take(null, one);
    await expect(freeSeat.execute(owner, { licenseId: one.licenseId, seatId })).rejects.toMatchObject({
      status: 404,
    });
  });

  it('lets people free their own seats and nobody else’s, and tells them nothing of others', async () => {
    const [ada, eve] = [member(), member()];
    const [own, others] = [await take(ada), await take(eve)];
    const free = (seatId: string) => freeSeat.execute(ada, { licenseId: place.licenseId, seatId });
    await free(own);
    const refusal = { code: 'MISSING_SCOPE', details: { scope: 'licenses:manage' } };
    await expect(free(others)).rejects.toMatchObject(refusal);
    await expect(free(newSeatId())).rejects.toMatchObject(refusal);
    expect(await listed(owner)).toEqual([others]);
  });

  it('has told Postgres of a freed seat before it answers: an emptied Redis does not bring it back', async () => {
    const seatId = await take(member());
    await freeSeat.execute(owner, { licenseId: place.licenseId, seatId });
    const past = (id: string) => new SeatLedger(world.db).pastOf(owner, place.licenseId, id);
    expect(await past(seatId)).toMatchObject({ history: 'released' });
    expect(await past(newSeatId())).toMatchObject({ history: 'open' });
  });

  it('ends what a login had let lapse, or a later heartbeat would bring it back', async () => {
    const ada = member();
    const [lapsed, released, others] = [newSeatId(), newSeatId(), newSeatId()];
    const told = (seatId: string, change: 'acquired' | 'lapsed' | 'released', by = ada): LedgerEntry => ({
      ledgerId: `${seatId} ${change}`,
      change,
      licenseId: place.licenseId,
      seatId,
      device: 'd',
      userId: by.id,
      loginId: by.sessionId,
      traceId: 'trace',
      address: null,
      at: world.clock.now().toISOString(),
    });
    await world.recorder.record(place.tenantId, 0, [
      ...[told(lapsed, 'acquired'), told(lapsed, 'lapsed')],
      ...[told(released, 'acquired'), told(released, 'released')],
      told(others, 'acquired', ada.as({ sessionId: newId('ses') })),
    ]);
    const login = { userId: ada.id!, sessionId: ada.sessionId! };
    await world.endSeats.ofLogin(place.tenantId, login, enderOf(ada));
    await world.endSeats.ofLogin(place.tenantId, login, enderOf(ada));

    expect((await beat(lapsed)).outcome).toBe('gone');
    expect((await beat(others)).outcome).toBe('unknown');
    const ended = await world.db.read<{ seat: string; cause: unknown }>(
      owner,
      `select seat_id as seat, cause from licensing.seat_ledger where tenant_id = $1 and change = 'ended'`,
      [owner.tenantId],
    );
    const cause = { reason: 'login_ended', actor: { type: 'user', id: ada.id }, note: null };
    expect(ended).toEqual([{ seat: lapsed, cause }]);
  });

  it('ends all of a login on every licence of the tenant, and no other login’s', async () => {
    const second = await world.issued(owner, { seats: null });
    const ada = member();
    const elsewhere = ada.as({ sessionId: newId('ses') });
    const [a, b, kept] = [await take(ada), await take(ada, second), await take(elsewhere)];
    await world.endSeats.ofLogin(
      owner.tenantId!,
      { userId: ada.id!, sessionId: ada.sessionId! },
      enderOf(ada),
    );
    expect((await beat(a)).outcome).toBe('gone');
    expect((await beat(b, second)).outcome).toBe('gone');
    expect(await listed(owner)).toEqual([kept]);
    expect(await listed(owner, second)).toEqual([]);
    // Its access token is good for an hour, and takes no other seat instead.
    await expect(take(ada, second)).rejects.toThrow('no seat: blocked');
    await take(elsewhere, second);
  });

  it('leaves a seat to the login that took it over on the same device, and ends it with that', async () => {
    const ada = member();
    const again = ada.as({ sessionId: newId('ses') });
    const device = aDevice();
    const seatId = await take(ada, place, device);
    // The ledger hears of the first at once, and of the second only after the first has ended.
    await world.drain();
    expect(await take(again, place, device)).toBe(seatId);
    const end = ({ sessionId }: Actor) =>
      world.endSeats.ofLogin(place.tenantId, { userId: ada.id!, sessionId: sessionId! }, enderOf(ada));
    await end(ada);
    await world.drain();
    await end(ada);
    expect(await listed(owner)).toEqual([seatId]);
    await end(again);
    expect((await beat(seatId)).outcome).toBe('gone');
  });

  it('ends all of a person, and all there are, however many', async () => {
    const ada = member();
    const seats = await Promise.all(Array.from({ length: 1_201 }, () => take(ada)));
    const others = await Promise.all(Array.from({ length: 3 }, () => take(null)));
    await world.endSeats.ofUser(place, ada.id!, 'user_removed', enderOf(owner));
    expect((await listed(owner)).sort()).toEqual([...others].sort());
    expect((await beat(seats.at(-1)!)).outcome).toBe('gone');
    expect(await world.endSeats.all(place, 'suspended', enderOf(owner))).toBe(3);
    expect(await listed(owner)).toEqual([]);
  });
});
