import { Actor, type DomainError, newId } from '#platform';
import type { TermsPatch } from '../domain/terms.js';
import { DeviceClaims } from '../persistence/device-claims.js';
import { newSeatId } from '../seats/session-id.js';
import { deskWorld, type DeskWorld } from '../testing/desk.js';
import { aDevice } from '../testing/seat-bench.js';
import { BindDevice } from './bind-device.js';
import { ClaimDevice } from './claim-device.js';
import { enderOf } from './end-seats.js';
import type { Place } from './place.js';

const PRODUCT = newId('prod');

describe('a licence that does not share its devices', () => {
  let world: DeskWorld;
  let claims: ClaimDevice;
  let owner: Actor;

  beforeAll(async () => {
    world = await deskWorld();
    claims = new ClaimDevice(world.db, new DeviceClaims(world.db), world.desk, world.clock);
  });
  afterAll(() => world?.close());
  beforeEach(() => {
    owner = world.actor(undefined, ['licenses:read']);
  });

  const issued = (terms: TermsPatch, product: string | null = PRODUCT) =>
    world.issued(owner, { seats: null, ...terms }, product);

  /** The id of the seat, as TakeSeat takes it. */
  async function take(place: Place, of: string, by = owner): Promise<string> {
    const policy = (await world.pool.policy(place.licenseId))!;
    const caller = { userId: by.id, sessionId: by.sessionId, traceId: 'trace', address: null };
    const wish = { ...place, device: of, seatId: newSeatId() };
    const answer = await world.pool.acquire(wish, false, caller, true);
    if (answer.outcome !== 'held') throw new Error(`no seat: ${answer.outcome}`);
    try {
      await claims.execute(by, policy, of);
    } catch (refusal) {
      if (answer.entryId) await world.pool.undo(wish, answer.expiresAt, 'released');
      throw refusal;
    }
    return answer.seatId;
  }
  const seatsOf = async ({ licenseId }: Place) =>
    (await world.desk.page(licenseId, { user: null, after: null, limit: 100 })).seats.map(
      (one) => one.seatId,
    );

  const inUse = (on: Place) => ({ status: 409, code: 'DEVICE_IN_USE', details: { licenseId: on.licenseId } });

  it('refuses a device that has a seat of another licence of its product, and names it', async () => {
    const [a, b] = [await issued({ uniqueness: 'product' }), await issued({ uniqueness: 'product' })];
    const one = aDevice();
    const seat = await take(a, one);
    await expect(take(b, one)).rejects.toMatchObject(inUse(a));
    expect(await take(a, one)).toBe(seat);
    await take(b, aDevice());
    expect(await seatsOf(a)).toEqual([seat]);

    const program = new Actor({ ...owner, type: 'anonymous', id: null, scopes: [] });
    await expect(take(b, one, program)).rejects.toMatchObject({ code: 'DEVICE_IN_USE', details: undefined });
  });

  it('shares with licences of other products, unless one of the two wants it alone in the tenant', async () => {
    const other = newId('prod');
    const one = aDevice();
    await take(await issued({ uniqueness: 'product' }), one);
    const second = await issued({ uniqueness: 'product' }, other);
    await take(second, one);
    await expect(take(await issued({ uniqueness: 'tenant' }, newId('prod')), one)).rejects.toMatchObject({
      code: 'DEVICE_IN_USE',
    });

    const alone = aDevice();
    const tenantWide = await issued({ uniqueness: 'tenant' });
    await take(tenantWide, alone);
    await expect(take(second, alone)).rejects.toMatchObject(inUse(tenantWide));
  });

  it('takes no notice of licences that ask for nothing, nor of other tenants', async () => {
    const one = aDevice();
    await take(await issued({ uniqueness: 'tenant' }), one);
    await take(await issued({}), one);
    owner = world.actor(undefined, ['licenses:read']);
    await take(await issued({ uniqueness: 'tenant' }), one);
  });

  it('gives way once the device holds no seat of it', async () => {
    const [a, b] = [await issued({ uniqueness: 'tenant' }), await issued({ uniqueness: 'tenant' })];
    const one = aDevice();
    await take(a, one);
    await world.endSeats.ofDevice(a, one, 'freed', enderOf(owner));
    await take(b, one);
    await expect(take(a, one)).rejects.toMatchObject(inUse(b));
  });

  it('keeps a device that is bound to it, with no seat', async () => {
    const { db, licenses, devices, desk, loadPolicy, clock } = world;
    const bindDevice = new BindDevice(db, licenses, devices, desk, loadPolicy, clock);
    const [a, b] = [
      await issued({ uniqueness: 'tenant', kind: 'node_locked' }),
      await issued({ uniqueness: 'tenant' }),
    ];
    const one = aDevice();
    await bindDevice.execute(owner, a, one, (await world.pool.policy(a.licenseId))!);
    await take(a, one);
    await world.endSeats.ofDevice(a, one, 'freed', enderOf(owner));
    await expect(take(b, one)).rejects.toMatchObject(inUse(a));

    await world.db.transaction(owner, async () => {
      const license = await licenses.lock(a.licenseId);
      license.revoke('fraud', clock.now());
      await licenses.save(license);
    });
    await take(b, one);
  });

  it('has exactly one of the licences that one device asks at once', async () => {
    const places = await Promise.all(Array.from({ length: 6 }, () => issued({ uniqueness: 'product' })));
    for (let round = 0; round < 10; round++) {
      const one = aDevice();
      const outcomes = await Promise.allSettled(places.map((place) => take(place, one)));
      const refused = outcomes.flatMap((each) =>
        each.status === 'rejected' ? [each.reason as DomainError] : [],
      );
      expect(refused.map((each) => each.code)).toEqual(Array.from({ length: 5 }, () => 'DEVICE_IN_USE'));
      const held = await Promise.all(places.map((place) => world.desk.isHeldBy(place.licenseId, one)));
      expect(held.filter(Boolean)).toHaveLength(1);
      expect(outcomes[held.indexOf(true)]).toMatchObject({ status: 'fulfilled' });
    }
  });
});
