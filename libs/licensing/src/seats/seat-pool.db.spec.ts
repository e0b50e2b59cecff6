import { randomBytes, randomInt } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { newId, type RedisConfig, RedisClients } from '#platform';
import { testRedis, type TestRedis } from '../../../../test/support/redis.js';
import { aPolicy, termsOf } from '../testing/policies.js';
import { openShards } from '../testing/shards.js';
import type { TermsPatch } from '../domain/terms.js';
import { ledgerKey, policyKey, poolKeys, recoveryKey, shardOf, SHARDS } from './pool-keys.js';
import type { PoolPolicy } from './pool-policy.js';
import { type SeatAnswer, SeatPool } from './seat-pool.js';
import { newSeatId, type SeatGrant } from './session-id.js';

const CALLER = { userId: null, traceId: 'trace', address: null };
const device = () => randomBytes(16).toString('hex');

describe('a pool of seats', () => {
  let server: TestRedis;
  let redis: Redis;
  let clients: RedisClients;
  let pool: SeatPool;

  beforeAll(async () => {
    server = await testRedis();
    redis = new Redis(server.url);
    await openShards(redis);
    clients = new RedisClients({ url: server.url } as RedisConfig);
    pool = new SeatPool(clients);
  });
  afterAll(async () => {
    redis.disconnect();
    clients.onApplicationShutdown();
    await server.drop();
  });

  /** A pool whose seats lapse after `ttlMs`. */
  async function opened(
    maxSeats: number | null,
    ttlMs = 60_000,
    change: Partial<PoolPolicy> = {},
    terms: TermsPatch = {},
  ): Promise<PoolPolicy> {
    const policy = aPolicy(change, { seats: maxSeats, ...terms });
    await pool.setPolicy(policy);
    await redis.hset(policyKey(policy.licenseId), 'ttl', ttlMs);
    return policy;
  }

  const wish = ({ tenantId, licenseId }: PoolPolicy, of = device()): SeatGrant => ({
    tenantId,
    licenseId,
    device: of,
    seatId: newSeatId(),
  });
  const acquire = (policy: PoolPolicy, of?: string, by = pool) => {
    const grant = wish(policy, of);
    return by
      .acquire(grant, false, CALLER)
      .then((answer) => ({ grant: { ...grant, seatId: seatOf(answer) ?? grant.seatId }, answer }));
  };
  /** `says`: what the ledger says of a seat that is not held; left out: it has not been asked. */
  const beat = async (grant: SeatGrant, says?: 'open' | 'lapsed', by = pool) => {
    const answer = await by.heartbeat(grant);
    if (answer.outcome !== 'late') return answer;
    const late = await by.comeBack(grant, CALLER);
    if (late.outcome !== 'unknown' || !says) return late;
    return by.comeBack(grant, CALLER, { history: says, generation: late.generation });
  };
  const release = async (grant: SeatGrant, told = false, by = pool) =>
    (await by.release(grant, told, CALLER)).outcome;
  const seatOf = (answer: SeatAnswer) => (answer.outcome === 'held' ? answer.seatId : undefined);

  /** By Redis's clock, which alone decides. */
  async function redisNow(): Promise<number> {
    const [seconds, micros] = await redis.time();
    return Number(seconds) * 1_000 + Math.floor(Number(micros) / 1_000);
  }
  async function lapsed(answer: SeatAnswer): Promise<void> {
    const until = answer.outcome === 'held' ? answer.expiresAt.getTime() : 0;
    for (let left = 1; left > 0;) {
      left = until - (await redisNow());
      if (left > 0) await pause(left);
    }
  }

  /** What the ledger was told of a pool, oldest first. */
  async function told({ licenseId }: PoolPolicy): Promise<string[]> {
    const entries = await redis.xrange(poolKeys(licenseId)[4]!, '-', '+');
    return entries
      .map(
        ([, fields]) =>
          Object.fromEntries(fields.flatMap((field, i) => (i % 2 ? [] : [[field, fields[i + 1]]]))) as Record<
            string,
            string
          >,
      )
      .filter((entry) => entry.license === licenseId)
      .map((entry) => `${entry.change} ${entry.seat}`);
  }

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
      await redis.hset(policyKey(policy.licenseId), 'ttl', 60_000);
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
      expect(await pool.sweep(policy)).toBe(0);
      expect((await beat(late.grant)).outcome).toBe('unknown');
      expect((await beat(late.grant, 'open')).outcome).toBe('held');
      const { seatId } = late.grant;
      expect(await told(policy)).toEqual([`acquired ${seatId}`, `lapsed ${seatId}`, `acquired ${seatId}`]);
    });

    it('of a device that holds another seat by now is over', async () => {
      const policy = await opened(5, 60);
      const late = await acquire(policy, 'f'.repeat(32));
      await lapsed(late.answer);
      await redis.hset(policyKey(policy.licenseId), 'ttl', 60_000);
      const anew = await acquire(policy, 'f'.repeat(32));
      expect(anew.grant.seatId).not.toBe(late.grant.seatId);
      expect((await beat(late.grant, 'open')).outcome).toBe('gone');
    });
  });

  it('gives a device the seat it has, however often it asks, also when it is full', async () => {
    const policy = await opened(1);
    const mine = device();
    const answers = await Promise.all(Array.from({ length: 20 }, () => acquire(policy, mine)));
    expect(new Set(answers.map(({ answer }) => seatOf(answer))).size).toBe(1);
    expect((await told(policy)).length).toBe(1);
  });

  it('gives the last seat to one of a hundred that race for it over many connections', async () => {
    const policy = await opened(3);
    const others = Array.from({ length: 5 }, () => new RedisClients({ url: server.url } as RedisConfig));
    const pools = others.map((one) => new SeatPool(one));
    const answers = await Promise.all(
      Array.from({ length: 100 }, (_, i) => acquire(policy, undefined, pools[i % 5])),
    );
    for (const one of others) one.onApplicationShutdown();
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
      const mine = device();
      const old = await acquire(policy, mine);
      await lapsed(old.answer);
      await redis.hset(policyKey(policy.licenseId), 'ttl', 60_000);
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
    await pool.setPolicy({ ...policy, terms: termsOf({ seats: 1 }), revision: 2 });
    expect((await beat(held[0]!.grant)).outcome).toBe('held');
    await release(held[1]!.grant, false);
    expect((await acquire(policy)).answer).toMatchObject({ outcome: 'full', used: 2, max: 1 });
  });

  it('that is emptied with Redis takes its holders back by their heartbeats, up to its limit', async () => {
    const policy = await opened(2);
    const [a, b] = [await acquire(policy), await acquire(policy)];
    await redis.flushall();
    // Nobody is told anything until a worker has noticed.
    const lost = { status: 503, code: 'SEATS_UNAVAILABLE', retryAfterSeconds: 1 };
    await expect(beat(a.grant)).rejects.toMatchObject(lost);
    await expect(acquire(policy)).rejects.toMatchObject(lost);
    await expect(release(a.grant)).rejects.toMatchObject(lost);
    await openShards(redis, 2);
    expect((await beat(a.grant)).outcome).toBe('cold');
    await pool.setPolicy(policy);
    expect((await beat(a.grant)).outcome).toBe('unknown');
    expect((await beat(a.grant, 'open')).outcome).toBe('held');
    // A newcomer was faster than the second of them.
    expect((await acquire(policy)).answer.outcome).toBe('held');
    expect((await beat(b.grant, 'open')).outcome).toBe('full');
  });

  describe('in a shard that was emptied and is open again', () => {
    /** Redis forgets everything; in so many ms of Redis's clock seats may return, and may be granted. */
    async function reopened(policy: PoolPolicy, returns: number, grants: number): Promise<void> {
      await redis.del(poolKeys(policy.licenseId).slice(0, 3));
      const now = await redisNow();
      await redis.set(recoveryKey(shardOf(policy.licenseId)), `${now + returns} ${now + grants}`);
    }
    const after = async (policy: PoolPolicy) => redis.del(recoveryKey(shardOf(policy.licenseId)));

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
        await pool.setPolicy({ ...policy, blocked, revision: 2 });
        expect((await acquire(policy)).answer).toEqual({ outcome: 'blocked', code: blocked });
        expect(await beat(grant)).toEqual({ outcome: 'blocked', code: blocked });
        expect(await release(grant, false)).toBe('released');
      },
    );

    it('past its end blocks, by Redis’s clock', async () => {
      const policy = await opened(1, 60_000, { expiresAt: new Date((await redisNow()) - 1) });
      expect((await acquire(policy)).answer).toEqual({ outcome: 'blocked', code: 'EXPIRED' });
      const lasting = await opened(1, 60_000, { expiresAt: new Date((await redisNow()) + 60_000) });
      expect((await acquire(lasting)).answer.outcome).toBe('held');
    });

    it('is never replaced by an older one', async () => {
      const policy = await opened(1, 60_000, { revision: 5 });
      await pool.setPolicy({ ...policy, blocked: 'SUSPENDED', revision: 6 });
      await pool.setPolicy({ ...policy, revision: 5 });
      expect(await pool.policy(policy.licenseId)).toMatchObject({ blocked: 'SUSPENDED', revision: 6 });
    });

    it('is asked for when it is not there, before anything changes', async () => {
      const policy = await opened(1);
      await redis.del(policyKey(policy.licenseId));
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
      expect(await pool.acquire(wish(policy), true, CALLER)).toEqual({
        outcome: 'blocked',
        code: 'KEY_ACTIVATION',
      });
      expect((await pool.acquire(wish(policy), false, CALLER)).outcome).toBe('held');
    });
  });

  describe('that nobody touches', () => {
    it('is swept: its lapses are told once, also when its policy has gone from Redis', async () => {
      const policy = await opened(100, 60);
      const held = await Promise.all(Array.from({ length: 100 }, () => acquire(policy)));
      await Promise.all(held.map(({ answer }) => lapsed(answer)));
      await redis.del(policyKey(policy.licenseId));
      for (let left = 1; left > 0;) {
        const due = (
          await Promise.all(Array.from({ length: SHARDS }, (_, shard) => pool.due(shard, 500)))
        ).flat();
        expect(due).toContainEqual({ tenantId: policy.tenantId, licenseId: policy.licenseId });
        left = await pool.sweep(policy);
      }
      expect((await told(policy)).filter((one) => one.startsWith('lapsed')).sort()).toEqual(
        held.map(({ grant }) => `lapsed ${grant.seatId}`).sort(),
      );
      const due = (
        await Promise.all(Array.from({ length: SHARDS }, (_, shard) => pool.due(shard, 500)))
      ).flat();
      expect(due.map((one) => one.licenseId)).not.toContain(policy.licenseId);
    });

    it('is not due while its seats are held', async () => {
      const policy = await opened(1);
      await acquire(policy);
      const due = (
        await Promise.all(Array.from({ length: SHARDS }, (_, shard) => pool.due(shard, 500)))
      ).flat();
      expect(due.map((one) => one.licenseId)).not.toContain(policy.licenseId);
    });
  });

  it('says that it cannot be asked when Redis is away, and works again when it is back', async () => {
    const policy = await opened(1);
    await server.kill();
    await expect(acquire(policy)).rejects.toMatchObject({
      status: 503,
      code: 'SEATS_UNAVAILABLE',
      retryAfterSeconds: 5,
    });
    await server.start();
    await openShards(redis, 3);
    for (;;) {
      const back = await pool.setPolicy(policy).then(
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
    await redis.call('CLIENT', 'PAUSE', 5_000, 'ALL');
    // Whoever asks hears it long before Redis speaks again: nothing queues up behind it.
    const asked = Array.from({ length: 200 }, () => acquire(policy).catch((error: unknown) => error));
    for (const answer of await Promise.all(asked)) expect(answer).toMatchObject({ status: 503 });
    for (let held = false; !held;)
      held = await acquire(policy, 'e'.repeat(32)).then(
        ({ answer }) => answer.outcome === 'held',
        () => false,
      );
  });

  describe('under random calls over several connections', () => {
    const OPERATIONS = 4_000;
    const CONNECTIONS = 8;
    const POOLS = 6;
    const TTL_MS = 40;

    /** Known to its client as held from one instant of Redis's clock to another. */
    interface Stay {
      from: number;
      to: number;
    }

    it('is never over its limit, and never holds two devices on one seat', async () => {
      const seed = Number(process.env.GATEHOUSE_SEED ?? randomInt(1, 1 << 30));
      const policies = await Promise.all(
        Array.from({ length: POOLS }, (_, i) => opened(i === 0 ? 0 : 1 + (i % 4), TTL_MS)),
      );
      const stays = policies.map(() => new Map<string, Stay[]>());
      const owners = new Map<string, string>();
      const faults: string[] = [];
      const connections = Array.from(
        { length: CONNECTIONS },
        () => new RedisClients({ url: server.url } as RedisConfig),
      );

      async function client(index: number): Promise<void> {
        const random = generator(seed + index);
        const mine = new SeatPool(connections[index]!);
        const grants: SeatGrant[] = [];
        const keep = (at: number, grant: SeatGrant, answer: Extract<SeatAnswer, { outcome: 'held' }>) => {
          // The answer tells when Redis decided: the TTL before the end.
          const to = answer.expiresAt.getTime();
          const list = stays[at]!.get(grant.seatId) ?? [];
          stays[at]!.set(grant.seatId, [...list, { from: to - TTL_MS, to }]);
          if (answer.max !== null && answer.used > answer.max)
            faults.push(`pool ${at}: ${answer.used} of ${answer.max} used`);
        };
        for (let n = 0; n < OPERATIONS / CONNECTIONS; n++) {
          const at = random(POOLS);
          const policy = policies[at]!;
          const known = grants.filter((grant) => grant.licenseId === policy.licenseId);
          const grant = known[random(known.length || 1)];
          const kind = random(10);
          if (kind < 5 || !grant) {
            const asked = wish(policy, `${index}${random(3)}`.padStart(32, '0'));
            const answer = await mine.acquire(asked, false, CALLER);
            if (answer.outcome !== 'held') continue;
            const held = { ...asked, seatId: answer.seatId };
            if ((owners.get(held.seatId) ?? held.device) !== held.device)
              faults.push(`seat ${held.seatId} has two devices`);
            owners.set(held.seatId, held.device);
            grants.push(held);
            keep(at, held, answer);
          } else if (kind < 8) {
            const answer = await beat(grant, random(2) === 0 ? 'open' : undefined, mine);
            if (answer.outcome === 'held') keep(at, grant, answer);
          } else {
            const before = await redisNow();
            const outcome = await release(grant, false, mine);
            // Until then at least it was held, if it was.
            if (outcome !== 'unknown')
              for (const stay of stays[at]!.get(grant.seatId) ?? [])
                stay.to = Math.min(stay.to, Math.max(before, stay.from));
          }
        }
      }

      await Promise.all(Array.from({ length: CONNECTIONS }, (_, index) => client(index)));
      for (const one of connections) one.onApplicationShutdown();

      policies.forEach((policy, at) => {
        const most = peak([...stays[at]!.values()].map(merged));
        if (most > (policy.terms.seats ?? Infinity))
          faults.push(`pool ${at}: ${most} held of ${policy.terms.seats}`);
        // Else nothing was at stake.
        if (policy.terms.seats && most < policy.terms.seats)
          faults.push(`pool ${at}: never more than ${most} of ${policy.terms.seats}`);
      });
      if (faults.length > 0)
        throw new Error(`Seed ${seed} (GATEHOUSE_SEED repeats its choices):\n${faults.join('\n')}`);
    });

    /** mulberry32: a small generator with a seed. */
    function generator(seed: number): (below: number) => number {
      let state = seed >>> 0;
      return (below) => {
        state = (state + 0x6d2b79f5) >>> 0;
        let t = Math.imul(state ^ (state >>> 15), 1 | state);
        t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
        return ((t ^ (t >>> 14)) >>> 0) % below;
      };
    }

    /** Stays of one seat that meet, as one. */
    function merged(list: readonly Stay[]): Stay[] {
      const out: Stay[] = [];
      for (const stay of [...list].sort((a, b) => a.from - b.from)) {
        const last = out.at(-1);
        if (last && stay.from <= last.to) last.to = Math.max(last.to, stay.to);
        else out.push({ ...stay });
      }
      return out;
    }

    /** How many seats were held at one instant, at most. A seat that ends in a millisecond is free in it. */
    function peak(seats: readonly Stay[][]): number {
      const turns = seats
        .flat()
        .flatMap(({ from, to }) => (from < to ? [[from, 1] as const, [to, -1] as const] : []));
      let now = 0;
      let most = 0;
      for (const [, by] of turns.sort((a, b) => a[0] - b[0] || a[1] - b[1]))
        most = Math.max(most, (now += by));
      return most;
    }
  });

  it('names its keys so that a cluster keeps them on one node', () => {
    for (let i = 0; i < 50; i++) {
      const keys = poolKeys(newId('lic'));
      expect(new Set(keys.map((key) => /\{.+\}/.exec(key)?.[0])).size).toBe(1);
      expect(Array.from({ length: SHARDS }, (_, shard) => ledgerKey(shard))).toContain(keys[4]);
    }
  });
});
