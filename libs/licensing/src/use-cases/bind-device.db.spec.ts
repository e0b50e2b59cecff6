import type { Actor, DomainError } from '#platform';
import { DeviceBound, DeviceUnbound } from '../events/index.js';
import { ledgerKey, shardOf } from '../seats/pool-keys.js';
import { deskWorld, type DeskWorld } from '../testing/desk.js';
import { aDevice } from '../testing/seat-bench.js';
import { BindDevice } from './bind-device.js';
import type { Place } from './place.js';
import { UnbindDevice } from './unbind-device.js';

const NODE_LOCKED = { kind: 'node_locked', seats: 5 } as const;

describe('a node-locked licence', () => {
  let world: DeskWorld;
  let bindDevice: BindDevice;
  let unbindDevice: UnbindDevice;
  let owner: Actor;

  beforeAll(async () => {
    world = await deskWorld();
    const { db, licenses, devices, desk, loadPolicy, endSeats, clock } = world;
    bindDevice = new BindDevice(db, licenses, devices, desk, loadPolicy, clock);
    unbindDevice = new UnbindDevice(db, licenses, devices, loadPolicy, endSeats, clock);
  });
  afterAll(() => world?.close());
  beforeEach(() => {
    owner = world.actor(undefined, ['licenses:manage']);
  });

  /** As the seat script went by it. */
  const known = async ({ licenseId }: Place) => (await world.pool.policy(licenseId))!;
  const bind = async (place: Place, of = aDevice()) =>
    bindDevice.execute(owner, place, of, await known(place));
  const refusals = (outcomes: PromiseSettledResult<unknown>[]) =>
    outcomes.flatMap((one) => (one.status === 'rejected' ? [one.reason as DomainError] : []));
  const count = async (name: string) => (await world.announced(owner)).filter((one) => one === name).length;

  it('gives its last place to one of fifty devices that ask at once', async () => {
    const place = await world.issued(owner, NODE_LOCKED);
    // At once, so that as many connections are open when it matters.
    await Promise.all(Array.from({ length: 4 }, () => bind(place)));
    const before = await known(place);
    const outcomes = await Promise.allSettled(
      Array.from({ length: 50 }, () => bindDevice.execute(owner, place, aDevice(), before)),
    );
    const refused = refusals(outcomes);
    expect(refused).toHaveLength(49);
    for (const one of refused)
      expect(one).toMatchObject({ status: 409, code: 'DEVICES_EXHAUSTED', details: { used: 5, max: 5 } });
    const data = await world.devices.page(owner, place.licenseId, null, 100);
    expect(data.map((one) => one.userId)).toEqual(Array.from({ length: 5 }, () => owner.id));

    const after = await known(place);
    expect([...after.devices].sort()).toEqual(data.map((one) => one.device));
    expect(after.revision).toBeGreaterThan(before.revision);
    expect(await count(DeviceBound.name)).toBe(5);
  });

  it('binds one device once, however often it asks at once', async () => {
    const place = await world.issued(owner, NODE_LOCKED);
    const before = await known(place);
    const same = aDevice();
    const answers = await Promise.all(
      Array.from({ length: 20 }, () => bindDevice.execute(owner, place, same, before)),
    );
    for (const answer of answers) expect(answer.devices).toEqual([same]);
    expect(await count(DeviceBound.name)).toBe(1);
  });

  it('counts overage as places', async () => {
    const place = await world.issued(owner, { kind: 'node_locked', seats: 1, overage: '2x' });
    await bind(place);
    await bind(place);
    await expect(bind(place)).rejects.toMatchObject({ details: { used: 2, max: 2 } });
  });

  it('has its answer beside the pool before it is given', async () => {
    const place = await world.issued(owner, NODE_LOCKED);
    const answer = await bind(place);
    expect(await known(place)).toEqual(answer);
  });

  it('binds nothing while it is suspended', async () => {
    const place = await world.issued(owner, NODE_LOCKED);
    const before = await known(place);
    await world.db.transaction(owner, async () => {
      const license = await world.licenses.lock(place.licenseId);
      license.suspend('unpaid', world.clock.now());
      await world.licenses.save(license);
    });
    expect(await bindDevice.execute(owner, place, aDevice(), before)).toMatchObject({
      blocked: 'SUSPENDED',
      devices: [],
    });
  });

  it('has a free place once a device is unbound, before that is answered', async () => {
    const place = await world.issued(owner, { kind: 'node_locked', seats: 1 });
    const gone = aDevice();
    await bind(place, gone);
    await expect(bind(place)).rejects.toMatchObject({ code: 'DEVICES_EXHAUSTED' });
    await unbindDevice.execute(owner, { licenseId: place.licenseId, device: gone });
    expect((await known(place)).devices).toEqual([]);
    expect((await bind(place)).devices).toHaveLength(1);
    expect(await count(DeviceUnbound.name)).toBe(1);
    await expect(
      unbindDevice.execute(owner, { licenseId: place.licenseId, device: gone }),
    ).rejects.toMatchObject({ status: 404 });
  });

  it('tells the ledger of refusals, the first of a minute at once', async () => {
    const place = await world.issued(owner, { kind: 'node_locked', seats: 0 });
    for (let i = 0; i < 3; i++)
      await expect(bind(place)).rejects.toMatchObject({ code: 'DEVICES_EXHAUSTED' });
    const entries = await world.redis.xrange(ledgerKey(shardOf(place.licenseId)), '-', '+');
    const told = entries.filter(
      ([, fields]) => fields.includes(place.licenseId) && fields.includes('refused'),
    );
    // Three calls may stand on both sides of a minute's end.
    expect(told.length === 1 || told.length === 2).toBe(true);
    expect(told[0]![1]).toContain(owner.id);
  });

  it('is another tenant’s 404, and nobody’s without licenses:manage', async () => {
    const place = await world.issued(owner, NODE_LOCKED);
    const bound = aDevice();
    await bind(place, bound);
    const input = { licenseId: place.licenseId, device: bound };
    const stranger = world.actor(undefined, ['licenses:manage']);
    await expect(unbindDevice.execute(stranger, input)).rejects.toMatchObject({ status: 404 });
    const member = world.actor(place.tenantId, ['licenses:read', 'seats:acquire']);
    await expect(unbindDevice.execute(member, input)).rejects.toMatchObject({ code: 'MISSING_SCOPE' });
    expect((await known(place)).devices).toEqual([bound]);
  });
});
