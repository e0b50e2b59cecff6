import { setTimeout as pause } from 'node:timers/promises';
import { newId } from '#platform';
import { termsOf } from '../testing/policies.js';
import { aDevice, SeatBench } from '../testing/seat-bench.js';
import { openShards } from '../testing/shards.js';
import type { TermsPatch } from '../domain/terms.js';
import { ledgerKey, policyKey, poolKeys, recoveryKey, SHARD_NUMBERS, shardOf } from './pool-keys.js';
import type { PoolPolicy } from './pool-policy.js';
import type { SeatAnswer } from './seat-answer.js';
import { newSeatId, type SeatGrant } from './session-id.js';

const CALLER = { userId: null, traceId: 'trace', address: null };

describe('a pool of seats', () => {
  let bench: SeatBench;

  beforeAll(async () => {
    bench = await SeatBench.open();
  });
  afterAll(() => bench.close());

  /** A pool whose seats lapse after `ttlMs`. */
  const opened = (
    seats: number | null,
    ttlMs = 60_000,
    change: Partial<PoolPolicy> = {},
    terms: TermsPatch = {},
  ) => bench.opened({ seats, ...terms }, change, ttlMs);
  const wish = ({ tenantId, licenseId }: PoolPolicy): SeatGrant => ({
    tenantId,
    licenseId,
    device: aDevice(),
    seatId: newSeatId(),
  });
  const acquire = (policy: PoolPolicy, device?: string) => bench.acquire(policy, { device });
  const beat = (grant: SeatGrant, says?: 'open' | 'lapsed') => bench.beat(grant, says);
  const release = (grant: SeatGrant, told = false) => bench.release(grant, told);
  const told = (policy: PoolPolicy) => bench.told(policy);
  const seatOf = (answer: SeatAnswer) => (answer.outcome === 'held' ? answer.seatId : undefined);
  const lapsed = (answer: SeatAnswer) =>
    bench.reached(answer.outcome === 'held' ? answer.expiresAt.getTime() : 0);
  /** The pools that are to be swept. */
  const due = async () =>
    (await Promise.all(SHARD_NUMBERS.map((shard) => bench.pool.due(shard, 500)))).flat();

  it('holds as many as the licence has, and not one more', async () => {
    const policy = await opened(2);
    const [a, b, c] = [await acquire(policy), await acquire(policy), await acquire(policy)];
    expect([a, b, c].map(({ answer }) => answer)).toMatchObject([
      { outcome: 'held', used: 1, max: 2 },
      { outcome: 'held', used: 2, max: 2 },
      { outcome: 'full', used: 2, max: 2, earliestExpiry: (a.answer as { expiresAt: Date }).expiresAt },
    ]);
    expect(await told(policy)).toEqual([
      `acquired ${a.grant.seatId}`,
      `acquired ${b.grant.seatId}`,
      'refused ',
    ]);
  });

  it('gives the seat of a client that vanished to the next, at its TTL and with nobody’s help', async () => {
    const policy = await opened(1, 80);
    const vanished = await acquire(policy);
    expect((await acquire(policy)).answer.outcome).toBe('full');
    await lapsed(vanished.answer);
    const next = await acquire(policy);
    expect(next.answer).toMatchObject({ outcome: 'held', used: 1 });
    expect(await told(policy)).toEqual([
      `acquired ${vanished.grant.seatId}`,
      'refused ',
      `lapsed ${vanished.grant.seatId}`,
      `acquired ${next.grant.seatId}`,
    ]);
  });

  it('counts no seat that has lapsed, however many are still to be cleared away', async () => {
    const policy = await opened(200, 60);
    const many = await Promise.all(Array.from({ length: 200 }, () => acquire(policy)));
    expect(many.every(({ answer }) => answer.outcome === 'held')).toBe(true);
    await lapsed(many.at(-1)!.answer);
    // More have lapsed than one call takes away; none of them counts.
    expect((await acquire(policy)).answer).toMatchObject({ outcome: 'held', used: 1 });
  });

  describe('a late heartbeat', () => {
    it('never takes a seat that another has been given', async () => {
      const policy = await opened(1, 60);
      const late = await acquire(policy);
      await lapsed(late.answer);
      await bench.redis.hset(policyKey(policy.licenseId), 'ttl', 60_000);
      const other = await acquire(policy);
      // The other client's acquire has reclaimed it: Redis does not know it any more.
      expect((await beat(late.grant)).outcome).toBe('unknown');
      expect(await beat(late.grant, 'open')).toMatchObject({
        outcome: 'full',
        used: 1,
        max: 1,
      });
      expect((await beat(other.grant)).outcome).toBe('held');
    });

    it('brings back the same seat while it is free, without a new grant in the ledger', async () => {
      const policy = await opened(1, 60);
      const late = await acquire(policy);
      await lapsed(late.answer);
      expect(await beat(late.grant)).toMatchObject({
        outcome: 'held',
        seatId: late.grant.seatId,
        used: 1,
      });
      expect(await told(policy)).toEqual([`acquired ${late.grant.seatId}`]);
    });

    it('tells the ledger of a seat that was told as lapsed and is held again', async () => {
      const policy = await opened(2, 60);
      const late = await acquire(policy);
      await lapsed(late.answer);
      expect(await bench.pool.sweep(policy)).toBe(0);
      expect((await beat(late.grant)).outcome).toBe('unknown');
      expect((await beat(late.grant, 'open')).outcome).toBe('held');
      const { seatId } = late.grant;
      expect(await told(policy)).toEqual([`acquired ${seatId}`, `lapsed ${seatId}`, `acquired ${seatId}`]);
    });

    it('of a device that holds another seat by now is over', async () => {
      const policy = await opened(5, 60);
      const late = await acquire(policy, 'f'.repeat(32));
      await lapsed(late.answer);
      await bench.redis.hset(policyKey(policy.licenseId), 'ttl', 60_000);
      const anew = await acquire(policy, 'f'.repeat(32));
      expect(anew.grant.seatId).not.toBe(late.grant.seatId);
      expect((await beat(late.grant, 'open')).outcome).toBe('gone');
    });
  });

  it('gives a device the seat it has, however often it asks, also when it is full', async () => {
    const policy = await opened(1);
    const mine = aDevice();
    const answers = await Promise.all(Array.from({ length: 20 }, () => acquire(policy, mine)));
    expect(new Set(answers.map(({ answer }) => seatOf(answer))).size).toBe(1);
    expect((await told(policy)).length).toBe(1);
  });

  it('gives the last seat to one of a hundred that race for it over many connections', async () => {
    const policy = await opened(3);
    const pools = Array.from({ length: 5 }, () => bench.another());
    const answers = await Promise.all(
      Array.from({ length: 100 }, (_, i) => bench.acquire(policy, {}, pools[i % 5])),
    );
    expect(answers.filter(({ answer }) => answer.outcome === 'held')).toHaveLength(3);
    expect(answers.filter(({ answer }) => answer.outcome === 'full')).toHaveLength(97);
  });

  describe('a release', () => {
    it('is for good: the seat never comes back, the place is free at once', async () => {
      const policy = await opened(1);
      const { grant } = await acquire(policy);
      expect(await release(grant, false)).toBe('released');
      expect(await release(grant, false)).toBe('gone');
      for (const says of [undefined, 'open'] as const) expect((await beat(grant, says)).outcome).toBe('gone');
      expect((await acquire(policy)).answer.outcome).toBe('held');
      expect(await told(policy)).toEqual([
        `acquired ${grant.seatId}`,
        `released ${grant.seatId}`,
        expect.stringMatching(/^acquired/),
      ]);
    });

    it('of a seat that lapsed is told too, and as final', async () => {
      const policy = await opened(1, 60);
      const { grant, answer } = await acquire(policy);
      await lapsed(answer);
      expect(await release(grant, false)).toBe('lapsed');
      expect((await beat(grant, 'open')).outcome).toBe('gone');
    });

    it('of a seat that Redis has forgotten waits for the ledger’s word', async () => {
      const policy = await opened(1);
      const forgotten = wish(policy);
      expect(await release(forgotten, false)).toBe('unknown');
      expect(await told(policy)).toEqual([]);
      expect(await release(forgotten, true)).toBe('lapsed');
      expect((await beat(forgotten, 'open')).outcome).toBe('gone');
    });

    it('leaves the device’s other seat alone', async () => {
      const policy = await opened(2, 60);
      const mine = aDevice();
      const old = await acquire(policy, mine);
      await lapsed(old.answer);
      await bench.redis.hset(policyKey(policy.licenseId), 'ttl', 60_000);
      const current = await acquire(policy, mine);
      await release(old.grant, true);
      expect(seatOf((await acquire(policy, mine)).answer)).toBe(current.grant.seatId);
    });
  });

  it('has no end when it is unlimited', async () => {
    const policy = await opened(null);
    const answers = await Promise.all(Array.from({ length: 300 }, () => acquire(policy)));
    expect(answers.every(({ answer }) => answer.outcome === 'held')).toBe(true);
    expect((await acquire(policy)).answer).toMatchObject({ outcome: 'held', used: 301, max: null });
  });

  it('of no seats gives none', async () => {
    expect((await acquire(await opened(0))).answer).toMatchObject({ outcome: 'full', used: 0, max: 0 });
  });

  it('that has shrunk gives nothing until enough have gone, and takes nothing away', async () => {
    const policy = await opened(3);
    const held = [await acquire(policy), await acquire(policy), await acquire(policy)];
    await bench.pool.setPolicy({ ...policy, terms: termsOf({ seats: 1 }), revision: 2 });
    expect((await beat(held[0]!.grant)).outcome).toBe('held');
    await release(held[1]!.grant, false);
    expect((await acquire(policy)).answer).toMatchObject({ outcome: 'full', used: 2, max: 1 });
  });

  it('that is emptied with Redis takes its holders back by their heartbeats, up to its limit', async () => {
    const policy = await opened(2);
    const [a, b] = [await acquire(policy), await acquire(policy)];
    await bench.redis.flushall();
    // Nobody is told anything until a worker has noticed.
    const lost = { status: 503, code: 'SEATS_UNAVAILABLE', retryAfterSeconds: 1 };
    await expect(beat(a.grant)).rejects.toMatchObject(lost);
    await expect(acquire(policy)).rejects.toMatchObject(lost);
    await expect(release(a.grant)).rejects.toMatchObject(lost);
    await openShards(bench.redis, 2);
    expect((await beat(a.grant)).outcome).toBe('cold');
    await bench.pool.setPolicy(policy);
    expect((await beat(a.grant)).outcome).toBe('unknown');
    expect((await beat(a.grant, 'open')).outcome).toBe('held');
    // A newcomer was faster than the second of them.
    expect((await acquire(policy)).answer.outcome).toBe('held');
    expect((await beat(b.grant, 'open')).outcome).toBe('full');
  });

  describe('in a shard that was emptied and is open again', () => {
    /** Redis forgets everything; in so many ms of Redis's clock seats may return, and may be granted. */
    async function reopened(policy: PoolPolicy, returns: number, grants: number): Promise<void> {
      await bench.redis.del(poolKeys(policy.licenseId).slice(0, 3));
      const now = await bench.now();
      await bench.redis.set(recoveryKey(shardOf(policy.licenseId)), `${now + returns} ${now + grants}`);
    }
    const after = async (policy: PoolPolicy) => bench.redis.del(recoveryKey(shardOf(policy.licenseId)));

    it('returns no seat before every process had time to tell the ledger what it released', async () => {
      const policy = await opened(2);
      const { grant } = await acquire(policy);
      await reopened(policy, 60_000, 90_000);
      const closed = await beat(grant, 'open');
      expect(closed).toMatchObject({ outcome: 'closed' });
      expect((closed as { forMs: number }).forMs).toBeLessThanOrEqual(60_000);
      await after(policy);
    });

    it('returns what the ledger does not know to have ended, and grants nothing', async () => {
      const policy = await opened(2);
      const [a, b] = [await acquire(policy), await acquire(policy)];
      await reopened(policy, 0, 90_000);
      expect((await beat(a.grant, 'open')).outcome).toBe('held');
      // It lapsed before: its place may be somebody's who has not returned yet.
      expect((await beat(b.grant, 'lapsed')).outcome).toBe('closed');
      expect((await acquire(policy)).answer).toMatchObject({ outcome: 'closed' });
      expect(seatOf((await acquire(policy, a.grant.device)).answer)).toBe(a.grant.seatId);
      expect(await release(a.grant)).toBe('released');
      await after(policy);
      expect((await beat(b.grant, 'lapsed')).outcome).toBe('held');
      expect((await acquire(policy)).answer).toMatchObject({ outcome: 'held', used: 2 });
    });

    it('grants at once where there is no limit', async () => {
      const policy = await opened(null);
      await reopened(policy, 60_000, 90_000);
      expect((await acquire(policy)).answer.outcome).toBe('held');
      await after(policy);
    });
  });

  describe('its policy', () => {
    it.each(['SUSPENDED', 'REVOKED'] as const)(
      '%s blocks new seats and heartbeats, not releases',
      async (blocked) => {
        const policy = await opened(2);
        const { grant } = await acquire(policy);
        await bench.pool.setPolicy({ ...policy, blocked, revision: 2 });
        expect((await acquire(policy)).answer).toEqual({ outcome: 'blocked', code: blocked });
        expect(await beat(grant)).toEqual({ outcome: 'blocked', code: blocked });
        expect(await release(grant, false)).toBe('released');
      },
    );

    it('past its end blocks, by Redis’s clock', async () => {
      const policy = await opened(1, 60_000, { expiresAt: new Date((await bench.now()) - 1) });
      expect((await acquire(policy)).answer).toEqual({ outcome: 'blocked', code: 'EXPIRED' });
      const lasting = await opened(1, 60_000, { expiresAt: new Date((await bench.now()) + 60_000) });
      expect((await acquire(lasting)).answer.outcome).toBe('held');
    });

    it('is never replaced by an older one', async () => {
      const policy = await opened(1, 60_000, { revision: 5 });
      await bench.pool.setPolicy({ ...policy, blocked: 'SUSPENDED', revision: 6 });
      await bench.pool.setPolicy({ ...policy, revision: 5 });
      expect(await bench.pool.policy(policy.licenseId)).toMatchObject({ blocked: 'SUSPENDED', revision: 6 });
    });

    it('is asked for when it is not there, before anything changes', async () => {
      const policy = await opened(1);
      await bench.redis.del(policyKey(policy.licenseId));
      expect((await acquire(policy)).answer).toMatchObject({ outcome: 'cold' });
      expect(await told(policy)).toEqual([]);
    });

    it('answers no other tenant', async () => {
      const policy = await opened(1);
      expect((await acquire({ ...policy, tenantId: newId('ten') })).answer).toEqual({
        outcome: 'blocked',
        code: 'NOT_FOUND',
      });
    });

    it('may ask for more than the key', async () => {
      const policy = await opened(1, 60_000, {}, { keyActivation: false });
      expect(await bench.pool.acquire(wish(policy), true, CALLER)).toEqual({
        outcome: 'blocked',
        code: 'KEY_ACTIVATION',
      });
      expect((await bench.pool.acquire(wish(policy), false, CALLER)).outcome).toBe('held');

      const unproved = await opened(1, 60_000, { isHolderUnproved: true });
      expect(await bench.pool.acquire(wish(unproved), true, CALLER)).toEqual({
        outcome: 'blocked',
        code: 'UNPROVED',
      });
      expect((await bench.pool.acquire(wish(unproved), false, CALLER)).outcome).toBe('held');
    });
  });

  describe('that nobody touches', () => {
    it('is swept: its lapses are told once, also when its policy has gone from Redis', async () => {
      const policy = await opened(100, 60);
      const held = await Promise.all(Array.from({ length: 100 }, () => acquire(policy)));
      await Promise.all(held.map(({ answer }) => lapsed(answer)));
      await bench.redis.del(policyKey(policy.licenseId));
      for (let left = 1; left > 0;) {
        expect(await due()).toContainEqual({ tenantId: policy.tenantId, licenseId: policy.licenseId });
        left = await bench.pool.sweep(policy);
      }
      expect((await told(policy)).filter((one) => one.startsWith('lapsed')).sort()).toEqual(
        held.map(({ grant }) => `lapsed ${grant.seatId}`).sort(),
      );
      expect((await due()).map((one) => one.licenseId)).not.toContain(policy.licenseId);
    });

    it('is not due while its seats are held', async () => {
      const policy = await opened(1);
      await acquire(policy);
      expect((await due()).map((one) => one.licenseId)).not.toContain(policy.licenseId);
    });
  });

  it('says that it cannot be asked when Redis is away, and works again when it is back', async () => {
    const policy = await opened(1);
    await bench.server.kill();
    await expect(acquire(policy)).rejects.toMatchObject({
      status: 503,
      code: 'SEATS_UNAVAILABLE',
      retryAfterSeconds: 5,
    });
    await bench.server.start();
    await openShards(bench.redis, 3);
    for (;;) {
      const back = await bench.pool.setPolicy(policy).then(
        () => true,
        () => false,
      );
      if (back) break;
      await pause(20);
    }
    expect((await acquire(policy)).answer.outcome).toBe('held');
  });

  it('says so too when Redis holds the line and says nothing, and is asked again when it speaks', async () => {
    const policy = await opened(1);
    await bench.redis.call('CLIENT', 'PAUSE', 5_000, 'ALL');
    // Whoever asks hears it long before Redis speaks again: nothing queues up behind it.
    const asked = Array.from({ length: 200 }, () => acquire(policy).catch((error: unknown) => error));
    for (const answer of await Promise.all(asked)) expect(answer).toMatchObject({ status: 503 });
    for (let held = false; !held;)
      held = await acquire(policy, 'e'.repeat(32)).then(
        ({ answer }) => answer.outcome === 'held',
        () => false,
      );
  });

  it('names its keys so that a cluster keeps them on one node', () => {
    for (let i = 0; i < 50; i++) {
      const keys = poolKeys(newId('lic'));
      expect(new Set(keys.map((key) => /\{.+\}/.exec(key)?.[0])).size).toBe(1);
      expect(SHARD_NUMBERS.map(ledgerKey)).toContain(keys[4]);
    }
  });
});
