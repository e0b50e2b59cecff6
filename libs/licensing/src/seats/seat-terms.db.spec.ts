import { newId } from '#platform';
import { termsOf } from '../testing/policies.js';
import { aDevice, SeatBench } from '../testing/seat-bench.js';
import { catalogueKey, policyKey, shardOf } from './pool-keys.js';
import type { PoolPolicy } from './pool-policy.js';
import type { Held, SeatAnswer } from './seat-answer.js';

describe('what the terms of a licence make of its seats', () => {
  let bench: SeatBench;
  beforeAll(async () => {
    bench = await SeatBench.open();
  });
  afterAll(() => bench.close());

  const outcomes = (answers: { answer: SeatAnswer }[]) => answers.map(({ answer }) => answer.outcome);
  const ask = async (policy: PoolPolicy, times: number) => {
    const answers = [];
    for (let i = 0; i < times; i++) answers.push(await bench.acquire(policy));
    return answers;
  };
  const heldUntil = (answer: SeatAnswer) => (answer as Held).expiresAt.getTime();

  it('lets overage in, rounded down, and says the limit that refuses', async () => {
    const quarter = await bench.opened({ seats: 4, overage: '1.25x' });
    const answers = await ask(quarter, 6);
    expect(outcomes(answers)).toEqual(['held', 'held', 'held', 'held', 'held', 'full']);
    expect(answers[5]!.answer).toMatchObject({ used: 5, max: 5 });
    const unlimited = await bench.opened({ seats: 1, overage: 'unlimited' });
    expect((await ask(unlimited, 3))[2]!.answer).toMatchObject({ outcome: 'held', used: 3, max: null });
  });

  describe('a policy that is not true any more', () => {
    it('is asked for again after the catalogue has changed, by acquire and by heartbeat', async () => {
      const policy = await bench.opened({ seats: 5 }, { catalogueRevision: 6 });
      const { grant } = await bench.acquire(policy);
      const key = catalogueKey(shardOf(policy.licenseId));
      await bench.redis.set(key, 7);
      expect([(await bench.acquire(policy)).answer.outcome, (await bench.beat(grant)).outcome]).toEqual([
        'cold',
        'cold',
      ]);
      await bench.pool.setPolicy({ ...policy, catalogueRevision: 7, revision: 2 });
      expect([(await bench.acquire(policy)).answer.outcome, (await bench.beat(grant)).outcome]).toEqual([
        'held',
        'held',
      ]);
      await bench.redis.del(key);
    });

    it('is asked for again when an override has ended, with the moment of Redis’s clock', async () => {
      const ends = (await bench.now()) + 60;
      const policy = await bench.opened({ seats: 5 }, { goodUntil: new Date(ends) });
      const { grant, answer } = await bench.acquire(policy);
      expect(answer.outcome).toBe('held');
      await bench.reached(ends);
      const cold = await bench.beat(grant);
      expect(cold).toMatchObject({ outcome: 'cold' });
      expect((cold as { at: Date }).at.getTime()).toBeGreaterThanOrEqual(ends);
      expect((await bench.acquire(policy)).answer.outcome).toBe('cold');
    });

    it('leaves nothing of itself behind', async () => {
      const [ada, eve] = [newId('usr'), newId('usr')];
      const policy = await bench.opened({ seats: 5, namedUsers: true }, { users: [ada, eve] });
      expect((await bench.acquire(policy, { user: eve })).answer.outcome).toBe('held');
      await bench.pool.setPolicy({ ...policy, users: [ada], revision: 2 });
      expect((await bench.acquire(policy, { user: eve })).answer).toEqual({
        outcome: 'blocked',
        code: 'NOT_NAMED',
      });
    });

    it('holds thousands of devices', async () => {
      const devices = Array.from({ length: 5_000 }, aDevice);
      const policy = await bench.opened({ seats: null, kind: 'node_locked' }, { devices });
      expect(await bench.redis.hlen(policyKey(policy.licenseId))).toBeGreaterThan(5_000);
      for (const device of [devices[0]!, devices[4_999]!])
        expect((await bench.acquire(policy, { device })).answer.outcome).toBe('held');
    });
  });

  describe('past its end', () => {
    async function expiring(expiryStrategy: 'restrict' | 'maintain' | 'allow') {
      const ends = (await bench.now()) + 80;
      const policy = await bench.opened({ seats: 5, expiryStrategy }, { expiresAt: new Date(ends) });
      const device = aDevice();
      const { grant } = await bench.acquire(policy, { device });
      await bench.reached(ends);
      return {
        held: await bench.beat(grant),
        again: (await bench.acquire(policy, { device })).answer,
        anew: (await bench.acquire(policy)).answer,
      };
    }
    const EXPIRED = { outcome: 'blocked', code: 'EXPIRED' };

    it('restrict: nothing goes on', async () => {
      expect(await expiring('restrict')).toEqual({ held: EXPIRED, again: EXPIRED, anew: EXPIRED });
    });
    it('maintain: what is held goes on, new devices are refused', async () => {
      const { held, again, anew } = await expiring('maintain');
      expect([held.outcome, again.outcome, anew]).toEqual(['held', 'held', EXPIRED]);
    });
    it('maintain: a device that is bound is known', async () => {
      const device = aDevice();
      const policy = await bench.opened(
        { seats: 5, expiryStrategy: 'maintain', kind: 'node_locked' },
        { expiresAt: new Date((await bench.now()) - 1), devices: [device] },
      );
      expect((await bench.acquire(policy, { device })).answer.outcome).toBe('held');
      expect((await bench.acquire(policy)).answer).toEqual(EXPIRED);
    });
    it('allow: everything goes on', async () => {
      const { held, again, anew } = await expiring('allow');
      expect([held.outcome, again.outcome, anew.outcome]).toEqual(['held', 'held', 'held']);
    });
  });

  it('of named users refuses everybody else, and the key alone', async () => {
    const ada = newId('usr');
    const policy = await bench.opened({ seats: 5, namedUsers: true }, { users: [ada] });
    const refused = { outcome: 'blocked', code: 'NOT_NAMED' };
    expect((await bench.acquire(policy, { user: ada })).answer.outcome).toBe('held');
    expect((await bench.acquire(policy, { user: newId('usr') })).answer).toEqual(refused);
    expect((await bench.acquire(policy)).answer).toEqual(refused);
  });

  it('of a node-locked licence knows its devices and asks about the others', async () => {
    const device = aDevice();
    const policy = await bench.opened({ seats: 2, kind: 'node_locked' }, { devices: [device] });
    expect((await bench.acquire(policy, { device })).answer.outcome).toBe('held');
    expect((await bench.acquire(policy)).answer.outcome).toBe('unbound');
    expect((await bench.acquire(policy, { isBound: true })).answer.outcome).toBe('held');
  });

  describe('leasing to people', () => {
    const [ada, eve] = [newId('usr'), newId('usr')];

    it('counts a person with all their devices once, and a device without a person as one', async () => {
      const policy = await bench.opened({ seats: 2, leasing: 'user' });
      const first = await bench.acquire(policy, { user: ada });
      const second = await bench.acquire(policy, { user: ada });
      expect([first, second].map(({ answer }) => answer)).toMatchObject([
        { outcome: 'held', used: 1 },
        { outcome: 'held', used: 1 },
      ]);
      expect(first.grant.seatId).not.toBe(second.grant.seatId);
      expect((await bench.acquire(policy)).answer).toMatchObject({ outcome: 'held', used: 2 });
      expect((await bench.acquire(policy, { user: eve })).answer).toMatchObject({ outcome: 'full', used: 2 });
      expect((await bench.acquire(policy, { user: ada })).answer).toMatchObject({ outcome: 'held', used: 2 });
      expect(await bench.beat(first.grant)).toMatchObject({ outcome: 'held', used: 2, max: 2 });
    });

    it('keeps the place of a person until the last of their devices has gone', async () => {
      const policy = await bench.opened({ seats: 1, leasing: 'user' });
      const [one, two] = [
        await bench.acquire(policy, { user: ada }),
        await bench.acquire(policy, { user: ada }),
      ];
      await bench.release(one.grant);
      expect((await bench.acquire(policy, { user: eve })).answer.outcome).toBe('full');
      await bench.release(two.grant);
      expect((await bench.acquire(policy, { user: eve })).answer.outcome).toBe('held');
    });

    it('frees the place of a person whose devices have all lapsed, and not while one beats', async () => {
      const policy = await bench.opened({ seats: 1, leasing: 'user' }, {}, 120);
      const gone = await bench.acquire(policy, { user: ada });
      await bench.redis.hset(policyKey(policy.licenseId), 'ttl', 60_000);
      const beating = await bench.acquire(policy, { user: ada });
      await bench.reached(heldUntil(gone.answer));
      expect((await bench.acquire(policy, { user: eve })).answer.outcome).toBe('full');
      await bench.release(beating.grant);
      expect((await bench.acquire(policy, { user: eve })).answer.outcome).toBe('held');
    });

    it('gives a device of one person to another only with a place for them', async () => {
      const policy = await bench.opened({ seats: 1, leasing: 'user' });
      const device = aDevice();
      const [lent] = [
        await bench.acquire(policy, { user: ada, device }),
        await bench.acquire(policy, { user: ada }),
      ];
      expect((await bench.acquire(policy, { user: eve, device })).answer.outcome).toBe('full');
      expect(await bench.beat(lent.grant)).toMatchObject({ outcome: 'held', used: 1 });
      const alone = await bench.opened({ seats: 1, leasing: 'user' });
      await bench.acquire(alone, { user: ada, device });
      expect((await bench.acquire(alone, { user: eve, device })).answer).toMatchObject({
        outcome: 'held',
        used: 1,
        moved: true,
      });
    });

    it('may begin and end while seats are held: they are counted anew', async () => {
      const policy = await bench.opened({ seats: 3 });
      const { grant } = await bench.acquire(policy, { user: ada });
      for (const user of [ada, eve]) await bench.acquire(policy, { user });
      expect((await bench.acquire(policy, { user: eve })).answer).toMatchObject({ outcome: 'full', used: 3 });
      await bench.pool.setPolicy({ ...policy, terms: termsOf({ seats: 3, leasing: 'user' }), revision: 2 });
      expect((await bench.acquire(policy, { user: eve })).answer).toMatchObject({ outcome: 'held', used: 2 });
      await bench.pool.setPolicy({ ...policy, terms: termsOf({ seats: 3 }), revision: 3 });
      expect(await bench.beat(grant)).toMatchObject({ outcome: 'held', used: 4 });
    });
  });

  it('gives a seat that another sign-in of its person acquires to that sign-in', async () => {
    const [user, before, after] = [newId('usr'), newId('ses'), newId('ses')];
    const policy = await bench.opened();
    const device = aDevice();
    const { grant } = await bench.acquire(policy, { user, login: before, device });
    const again = await bench.acquire(policy, { user, login: after, device });
    expect(again.answer).toMatchObject({ outcome: 'held', seatId: grant.seatId, moved: true });
    const owners = await bench.redis.zrange(policyKey(policy.licenseId).replace(/policy$/, 'owners'), 0, -1);
    expect(owners.sort()).toEqual([`s:${after}:${grant.seatId}`, `u:${user}:${grant.seatId}`]);
    const byKey = await bench.acquire(policy, { device });
    expect(byKey.answer).toMatchObject({ seatId: grant.seatId, moved: false });
  });

  describe('a released seat that lingers', () => {
    it('stays with its device, counts as used, and lapses when nobody came', async () => {
      const policy = await bench.opened({ seats: 1, lingerSeconds: 1 });
      const device = aDevice();
      const { grant } = await bench.acquire(policy, { device });
      expect(await bench.release(grant)).toBe('released');
      const refused = (await bench.acquire(policy)).answer;
      expect(refused).toMatchObject({ outcome: 'full', used: 1 });
      expect((await bench.beat(grant, 'open')).outcome).toBe('gone');

      const back = await bench.acquire(policy, { device });
      expect(back.answer).toMatchObject({ outcome: 'held', used: 1 });
      expect(back.grant.seatId).not.toBe(grant.seatId);

      await bench.release(back.grant);
      await bench.reached((await bench.now()) + 1_001);
      expect((await bench.acquire(policy)).answer).toMatchObject({ outcome: 'held', used: 1 });
      expect((await bench.told(policy)).filter((one) => !one.startsWith('refused')).slice(0, 5)).toEqual([
        `acquired ${grant.seatId}`,
        `released ${grant.seatId}`,
        `acquired ${back.grant.seatId}`,
        `released ${back.grant.seatId}`,
        `lapsed ${back.grant.seatId}`,
      ]);
    });

    it('is nobody’s place above a limit that was lowered meanwhile', async () => {
      const policy = await bench.opened({ seats: 3, lingerSeconds: 60 });
      const [device, user] = [aDevice(), newId('usr')];
      const [gone] = [
        await bench.acquire(policy, { device }),
        await bench.acquire(policy),
        await bench.acquire(policy),
      ];
      await bench.release(gone.grant);
      const terms = { seats: 2, lingerSeconds: 60 };
      await bench.pool.setPolicy({ ...policy, terms: termsOf(terms), revision: 2 });
      expect((await bench.acquire(policy, { device })).answer).toMatchObject({ outcome: 'full', used: 3 });

      const people = await bench.opened({ ...terms, leasing: 'user' });
      const left = await bench.acquire(people, { user });
      const stays = await bench.acquire(people, { user: newId('usr') });
      await bench.release(left.grant);
      await bench.pool.setPolicy({
        ...people,
        terms: termsOf({ ...terms, seats: 1, leasing: 'user' }),
        revision: 2,
      });
      expect((await bench.acquire(people, { user })).answer).toMatchObject({ outcome: 'full', used: 2 });
      expect((await bench.beat(stays.grant)).outcome).toBe('held');
    });

    it('is no reason to keep a person out who has another', async () => {
      const user = newId('usr');
      const policy = await bench.opened({ seats: 1, lingerSeconds: 60, leasing: 'user' });
      const { grant } = await bench.acquire(policy, { user });
      await bench.release(grant);
      expect((await bench.acquire(policy, { user: newId('usr') })).answer.outcome).toBe('full');
      expect((await bench.acquire(policy, { user })).answer).toMatchObject({ outcome: 'held', used: 1 });
    });
  });

  describe('a queue', () => {
    it('is served in order, and nobody passes', async () => {
      const policy = await bench.opened({ seats: 1, queue: true });
      const { grant } = await bench.acquire(policy);
      const [first, second, late] = [aDevice(), aDevice(), aDevice()];
      const askFor = async (device: string) => (await bench.acquire(policy, { device })).answer;
      expect(await askFor(first)).toMatchObject({ outcome: 'full', position: 1 });
      expect(await askFor(second)).toMatchObject({ outcome: 'full', position: 2 });
      expect(await askFor(second)).toMatchObject({ outcome: 'full', position: 2 });
      await bench.release(grant);
      expect(await askFor(late)).toMatchObject({ outcome: 'full', used: 0, position: 3 });
      expect(await askFor(second)).toMatchObject({ outcome: 'full', position: 2 });
      expect((await askFor(first)).outcome).toBe('held');
      expect(await askFor(second)).toMatchObject({ outcome: 'full', used: 1, position: 1 });
    });

    it('forgets who has stopped asking', async () => {
      const policy = await bench.opened({ seats: 1, queue: true });
      await bench.redis.hset(policyKey(policy.licenseId), 'patience', 80);
      const { grant } = await bench.acquire(policy);
      const [gone, here] = [aDevice(), aDevice()];
      await bench.acquire(policy, { device: gone });
      await bench.release(grant);
      expect((await bench.acquire(policy, { device: here })).answer).toMatchObject({ position: 2 });
      await bench.reached((await bench.now()) + 81);
      expect((await bench.acquire(policy, { device: here })).answer.outcome).toBe('held');
    });

    it('comes before a seat that lapsed', async () => {
      const policy = await bench.opened({ seats: 1, queue: true }, {}, 60);
      const late = await bench.acquire(policy);
      const waiting = aDevice();
      expect((await bench.acquire(policy, { device: waiting })).answer.outcome).toBe('full');
      await bench.reached(heldUntil(late.answer));
      expect((await bench.beat(late.grant)).outcome).toBe('full');
      expect((await bench.acquire(policy, { device: waiting })).answer.outcome).toBe('held');
    });

    it('has an end: whoever comes after it has no place in it', async () => {
      const policy = await bench.opened({ seats: 1, queue: true });
      await bench.acquire(policy);
      const answers = await Promise.all(Array.from({ length: 1_001 }, () => bench.acquire(policy)));
      const positions = answers.map(({ answer }) => (answer as { position: number | null }).position);
      expect(positions.filter((one) => one === null)).toHaveLength(1);
      expect(Math.max(...positions.map(Number))).toBe(1_000);
    });
  });

  describe('a mode that changes while a seat is held', () => {
    const mode = (policy: PoolPolicy, heartbeatMode: 'strict' | 'relaxed' | 'instance', revision: number) =>
      bench.pool.setPolicy({ ...policy, terms: termsOf({ seats: 5, heartbeatMode }), revision });

    it('never takes back what was told, and tells another pace', async () => {
      const policy = await bench.opened({ seats: 5, heartbeatMode: 'strict' });
      const { grant, answer } = await bench.acquire(policy);
      expect(answer).toMatchObject({ outcome: 'held', heartbeatIntervalSeconds: 150, coming: null });
      expect(heldUntil(answer) - (await bench.now())).toBeLessThanOrEqual(360_000);

      await mode(policy, 'relaxed', 2);
      const asked = (await bench.beat(grant)) as Held;
      expect(asked.heartbeatIntervalSeconds).toBe(300);
      expect(asked.expiresAt.getTime() - (await bench.now())).toBeLessThanOrEqual(360_000);
      expect(asked.coming!.getTime() - (await bench.now())).toBeGreaterThan(86_000_000);
      // Postgres knows by now.
      const long = (await bench.pool.heartbeat(grant, asked.coming!)) as Held;
      expect(long).toMatchObject({ outcome: 'held', expiresAt: asked.coming, coming: null });
      // Within the hour nothing moves, so Postgres is not asked again.
      expect(await bench.beat(grant)).toMatchObject({ expiresAt: asked.coming, coming: null });

      await mode(policy, 'strict', 3);
      expect(await bench.beat(grant)).toMatchObject({
        expiresAt: asked.coming,
        heartbeatIntervalSeconds: 150,
        coming: null,
      });
      await mode(policy, 'instance', 4);
      expect(((await bench.beat(grant)) as Held).coming!.getTime()).toBeGreaterThan(asked.coming!.getTime());
    });

    it('holds a new long seat no longer than a short one until Postgres knows of it', async () => {
      const policy = await bench.opened({ seats: 1, heartbeatMode: 'instance' });
      const { grant, answer } = await bench.acquire(policy);
      expect(heldUntil(answer) - (await bench.now())).toBeLessThanOrEqual(360_000);
      await bench.pool.undo(grant, (answer as Held).expiresAt, 'released');
      expect((await bench.acquire(policy)).answer).toMatchObject({ outcome: 'held', used: 1 });
      expect((await bench.beat(grant, 'open')).outcome).toBe('gone');
    });

    it('is not taken back once it has been told of', async () => {
      const policy = await bench.opened({ seats: 1, heartbeatMode: 'relaxed' });
      const { grant, answer } = await bench.acquire(policy);
      await bench.pool.heartbeat(grant, (answer as Held).coming!);
      await bench.pool.undo(grant, (answer as Held).expiresAt, 'released');
      expect((await bench.beat(grant)).outcome).toBe('held');
    });
  });
});
