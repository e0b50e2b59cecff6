import { type Actor, SystemClock } from '#platform';
import type { LedgerEntry } from '../persistence/seat-ledger.js';
import { SeatStatistics } from '../persistence/seat-statistics.js';
import { newSeatId } from '../seats/session-id.js';
import { deskWorld, type DeskWorld } from '../testing/desk.js';
import type { Place } from './place.js';
import { ReadSeatStatistics } from './read-seat-statistics.js';

const DAY = 86_400_000;
const SHARD = 0;

describe('the statistics of seats', () => {
  let world: DeskWorld;
  let read: ReadSeatStatistics;
  let owner: Actor;
  let place: Place;
  let told = 0;
  /** Midnight of tomorrow: partitions are made ahead, not back. */
  const first = Math.floor(new SystemClock().now().getTime() / DAY + 1) * DAY;
  const day = (n: number) => new Date(first + n * DAY).toISOString().slice(0, 10);

  beforeAll(async () => {
    world = await deskWorld();
    read = new ReadSeatStatistics(world.licenses, new SeatStatistics(world.db), world.clock);
  });
  afterAll(() => world?.close());
  beforeEach(async () => {
    owner = world.actor(undefined, ['seats:read']);
    place = await world.issued(owner, { seats: 5 });
  });

  /** Something that happened on a day, so many hours after midnight. */
  const entry = (
    change: LedgerEntry['change'],
    seatId: string | null,
    on: number,
    hour: number,
    more: Partial<LedgerEntry> = {},
  ): LedgerEntry => ({
    ledgerId: `0-1-${++told}-0`,
    change,
    licenseId: place.licenseId,
    seatId,
    device: (seatId ?? 'f'.repeat(32)).slice(0, 32),
    userId: null,
    traceId: 'trace',
    address: null,
    at: new Date(first + on * DAY + hour * 3_600_000).toISOString(),
    ...more,
  });
  const record = (...entries: LedgerEntry[]) => world.recorder.record(owner.tenantId!, SHARD, entries);
  const statistics = (from: number, to: number, by = owner) =>
    read.execute(by, place.licenseId, { from: day(from), to: day(to) });

  it('counts each day, and how many seats were held at most, those of the day before among them', async () => {
    const [a, b, c] = [newSeatId(), newSeatId(), newSeatId()];
    const ada = world.actor(owner.tenantId!).id;
    await record(
      entry('acquired', a, 0, 1, { userId: ada }),
      entry('acquired', b, 0, 2, { userId: ada }),
      entry('released', b, 0, 3),
      entry('refused', null, 0, 4, { count: 7 }),
      entry('acquired', c, 2, 1),
      entry('ended', a, 2, 2),
      entry('lapsed', c, 3, 1),
      entry('acquired', c, 3, 2),
    );
    expect(await statistics(0, 4)).toEqual([
      {
        ...{ day: day(0), peak: 2, acquired: 2, released: 1, lapsed: 0, ended: 0 },
        ...{ refused: 7, devices: 2, users: 1 },
      },
      {
        ...{ day: day(1), peak: 1, acquired: 0, released: 0, lapsed: 0, ended: 0 },
        ...{ refused: 0, devices: 0, users: 0 },
      },
      {
        ...{ day: day(2), peak: 2, acquired: 1, released: 0, lapsed: 0, ended: 1 },
        ...{ refused: 0, devices: 1, users: 0 },
      },
      {
        ...{ day: day(3), peak: 1, acquired: 1, released: 0, lapsed: 1, ended: 0 },
        ...{ refused: 0, devices: 1, users: 0 },
      },
      {
        ...{ day: day(4), peak: 1, acquired: 0, released: 0, lapsed: 0, ended: 0 },
        ...{ refused: 0, devices: 0, users: 0 },
      },
    ]);
    // The same days by themselves know what went before.
    expect((await statistics(1, 2)).map((one) => one.peak)).toEqual([1, 2]);
    expect((await statistics(4, 4)).map((one) => one.peak)).toEqual([1]);
  });

  it('takes a seat whose TTL was over before it was released for one that ended once', async () => {
    const [a, b] = [newSeatId(), newSeatId()];
    await record(
      entry('acquired', a, 0, 1),
      entry('lapsed', a, 0, 2),
      entry('acquired', b, 0, 3),
      entry('released', a, 1, 1),
    );
    expect((await statistics(0, 1)).map((one) => one.peak)).toEqual([1, 1]);
    expect((await statistics(1, 1)).map((one) => one.peak)).toEqual([1]);
  });

  it('goes by days in UTC and tells nothing to whom it is not for', async () => {
    await record(entry('acquired', newSeatId(), 0, 23.99), entry('acquired', newSeatId(), 1, 0));
    expect((await statistics(0, 1)).map((one) => one.acquired)).toEqual([1, 1]);
    const member = world.actor(owner.tenantId!, ['licenses:read']);
    await expect(statistics(0, 1, member)).rejects.toMatchObject({ code: 'MISSING_SCOPE' });
    await expect(statistics(0, 1, world.actor(undefined, ['seats:read']))).rejects.toMatchObject({
      status: 404,
    });
  });

  it('is asked for 92 days at most, the end behind the beginning', async () => {
    expect(await statistics(0, 91)).toHaveLength(92);
    for (const [from, to] of [
      [0, 92],
      [1, 0],
    ] as const)
      await expect(statistics(from, to)).rejects.toMatchObject({ code: 'VALIDATION_FAILED' });
    expect(await read.execute(owner, place.licenseId, {})).toHaveLength(30);
  });
});
