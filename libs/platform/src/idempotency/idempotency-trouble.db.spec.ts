import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { eventually } from '../../../../test/support/eventually.js';
import { codeOf, counted, IdempotentThings, post } from '../../../../test/support/idempotent-things.js';

describe('Idempotency-Key', () => {
  const things = new IdempotentThings();

  describe('while Redis is away', () => {
    afterEach(() => things.redis.start());

    it('is refused with 503 and Retry-After, and calls without one are served', async () => {
      const url = await things.serve();
      const before = await counted('unavailable');
      await things.redis.kill();
      const answer = await post(url, { key: randomUUID() });
      expect([answer.status, answer.headers.get('retry-after'), await codeOf(answer)]).toEqual([
        503,
        '1',
        'UNAVAILABLE',
      ]);
      expect((await post(url)).status).toBe(201);
      expect(things.works.runs).toBe(1);
      expect(await counted('unavailable')).toBe(before + 1);

      await things.redis.start();
      const served = await eventually(async () => {
        const one = await post(url, { key: randomUUID() });
        return one.status === 201 && one;
      });
      expect(served.headers.has('idempotent-replayed')).toBe(false);
    });

    it('does not cost a call its answer when Redis went away meanwhile', async () => {
      const url = await things.serve();
      things.works.isHeld = true;
      const started = once(things.works, 'started');
      const call = post(url, { key: randomUUID() });
      await started;
      await things.redis.kill();
      things.works.open(1);
      expect((await call).status).toBe(201);
    });

    it('is free again after a refusal that Redis heard of too late', async () => {
      const url = await things.serve();
      const key = randomUUID();
      // Longer than a command waits for its answer.
      await things.store.call('CLIENT', 'PAUSE', '2500', 'ALL');
      expect((await post(url, { key })).status).toBe(503);
      expect(await things.keysInRedis()).toEqual([]);
      expect((await post(url, { key })).status).toBe(201);
    });
  });

  describe('of a slow call', () => {
    it('is renewed while it runs', async () => {
      const url = await things.serve({ IDEMPOTENCY_LEASE_SECONDS: '3' });
      const key = randomUUID();
      things.works.isHeld = true;
      const started = once(things.works, 'started');
      const first = post(url, { key });
      await started;
      const [name] = await things.keysInRedis();

      await things.store.pexpire(name!, 1_500);
      await eventually(async () => (await things.store.pttl(name!)) > 1_500);
      // Even a flush does not let a second one in.
      await things.store.flushall();
      await eventually(async () => (await things.keysInRedis()).length === 1);
      expect((await post(url, { key })).status).toBe(409);
      things.works.open(1);
      expect((await first).status).toBe(201);
      expect((await post(url, { key })).headers.get('idempotent-replayed')).toBe('true');
      expect(things.works.runs).toBe(1);
    });

    it.each([
      ['answer', undefined],
      ['failure', 'internal'],
    ])('whose lease ran out, the %s leaves the key to the second call', async (_, fails) => {
      const url = await things.serve();
      const key = randomUUID();
      const body = { thing_name: 'a', ...(fails ? { fails } : {}) };
      things.works.isHeld = true;

      let started = once(things.works, 'started');
      const slow = post(url, { key, body });
      await started;
      const [name] = await things.keysInRedis();
      await things.store.del(name!);

      started = once(things.works, 'started');
      const second = post(url, { key, body });
      await started;
      things.works.open(1);
      expect((await slow).status).toBe(fails ? 500 : 201);

      // The second still holds it.
      expect((await post(url, { key, body })).status).toBe(409);
      things.works.open(2);
      expect((await second).status).toBe(fails ? 500 : 201);
      if (!fails) expect(await (await post(url, { key, body })).json()).toMatchObject({ run: 2 });
    });

    it('whose lease ran out keeps its answer when nobody took the key', async () => {
      const url = await things.serve();
      const key = randomUUID();
      things.works.isHeld = true;
      const started = once(things.works, 'started');
      const slow = post(url, { key });
      await started;
      await things.store.flushall();
      things.works.open(1);
      await slow;
      expect(await (await post(url, { key })).json()).toMatchObject({ run: 1 });
    });
  });
});
