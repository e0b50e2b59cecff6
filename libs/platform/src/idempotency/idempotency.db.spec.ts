import { randomBytes, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { eventually } from '../../../../test/support/eventually.js';
import {
  type Call,
  codeOf,
  counted,
  IdempotentThings,
  post,
} from '../../../../test/support/idempotent-things.js';

describe('Idempotency-Key', () => {
  const things = new IdempotentThings();

  describe('repeated', () => {
    it('gets the first answer: status, chosen headers and the very text, without running again', async () => {
      const url = await things.serve();
      const key = randomUUID();
      const before = { hit: await counted('hit'), miss: await counted('miss') };

      const first = await post(url, { key });
      const again = await post(url, { key });
      expect([first.status, again.status]).toEqual([201, 201]);
      const text = await first.text();
      expect(JSON.parse(text)).toEqual({ id: 'thing_1', thing_name: 'a', run: 1 });
      expect(await again.text()).toBe(text);
      expect(again.headers.get('location')).toBe('/api/v1/things/1');
      expect(again.headers.get('content-type')).toBe(first.headers.get('content-type'));
      expect(again.headers.get('idempotent-replayed')).toBe('true');
      expect(again.headers.has('x-other')).toBe(false);
      expect(first.headers.has('idempotent-replayed')).toBe(false);
      expect(things.works.runs).toBe(1);
      expect({ hit: await counted('hit'), miss: await counted('miss') }).toEqual({
        hit: before.hit + 1,
        miss: before.miss + 1,
      });
    });

    it('is the same in upper case, with other white space and another order of keys', async () => {
      const url = await things.serve();
      const key = randomUUID();
      await post(url, { key, body: '{"thing_name":"a","fails":"conflict"}' });
      const again = await post(url, {
        key: key.toUpperCase(),
        body: '{ "fails": "conflict", "thing_name": "a" }',
      });
      expect(again.headers.get('idempotent-replayed')).toBe('true');
      expect(things.works.runs).toBe(1);
    });

    it('gets a refusal again, with its trace id', async () => {
      const url = await things.serve();
      const key = randomUUID();
      const body = { thing_name: 'a', fails: 'conflict' };
      const first = await post(url, { key, body });
      const again = await post(url, { key, body });
      const text = await first.text();
      expect(first.status).toBe(409);
      expect(JSON.parse(text).error).toMatchObject({
        code: 'THING_REFUSED',
        trace_id: first.headers.get('x-trace-id'),
      });
      expect([again.status, await again.text()]).toEqual([409, text]);
      expect(again.headers.get('idempotent-replayed')).toBe('true');
      expect(things.works.runs).toBe(1);
    });

    it('gets what the schema refused again', async () => {
      const url = await things.serve();
      const key = randomUUID();
      const [first, again] = [
        await post(url, { key, body: { unknown: 1 } }),
        await post(url, { key, body: { unknown: 1 } }),
      ];
      expect([first.status, again.status]).toEqual([422, 422]);
      expect(await again.text()).toBe(await first.text());
    });

    it('gets an answer without a body again', async () => {
      const url = await things.serve();
      const key = randomUUID();
      const answers = [
        await post(url, { key, path: '/nothings' }),
        await post(url, { key, path: '/nothings' }),
      ];
      expect(answers.map(({ status }) => status)).toEqual([204, 204]);
      expect(answers[1]!.headers.get('idempotent-replayed')).toBe('true');
      expect(things.works.runs).toBe(1);
    });

    it('gets the answer that nobody was there to hear', async () => {
      const url = await things.serve();
      const key = randomUUID();
      things.works.isHeld = true;
      const gone = new AbortController();
      const started = once(things.works, 'started');
      const first = post(url, { key, signal: gone.signal });
      await started;
      gone.abort();
      await expect(first).rejects.toThrow();
      things.works.open(1);

      const again = await eventually(async () => {
        const answer = await post(url, { key });
        return answer.status === 201 && answer;
      });
      expect(again.headers.get('idempotent-replayed')).toBe('true');
      expect(things.works.runs).toBe(1);
    });
  });

  it('runs once for fifty equal calls at once, at two processes', async () => {
    const urls = [await things.serve(), await things.serve()];
    const key = randomUUID();
    const answers = await Promise.all(Array.from({ length: 50 }, (_, i) => post(urls[i % 2]!, { key })));
    const statuses = answers.map(({ status }) => status);
    expect(things.works.runs).toBe(1);
    expect(statuses.filter((status) => status !== 409).length).toBeGreaterThan(0);
    for (const answer of answers) {
      if (answer.status === 409) expect(await codeOf(answer)).toBe('IDEMPOTENCY_IN_FLIGHT');
      else expect(await answer.json()).toMatchObject({ run: 1 });
    }
    expect(
      answers.filter((one) => one.status === 201 && !one.headers.has('idempotent-replayed')),
    ).toHaveLength(1);
  });

  it('is told 409 and when to come back while the first call runs, and 422 with another body', async () => {
    const url = await things.serve();
    const key = randomUUID();
    things.works.isHeld = true;
    const started = once(things.works, 'started');
    const first = post(url, { key });
    await started;
    const before = { inFlight: await counted('in_flight'), reused: await counted('reused') };

    const second = await post(url, { key });
    expect([second.status, second.headers.get('retry-after')]).toEqual([409, '1']);
    expect(await codeOf(second)).toBe('IDEMPOTENCY_IN_FLIGHT');
    const other = await post(url, { key, body: { thing_name: 'b' } });
    expect([other.status, await codeOf(other)]).toEqual([422, 'IDEMPOTENCY_KEY_REUSED']);

    things.works.open(1);
    expect((await first).status).toBe(201);
    expect((await post(url, { key })).status).toBe(201);
    expect(things.works.runs).toBe(1);
    expect({ inFlight: await counted('in_flight'), reused: await counted('reused') }).toEqual({
      inFlight: before.inFlight + 1,
      reused: before.reused + 1,
    });
  });

  it('is refused for another body and another place', async () => {
    const url = await things.serve();
    const key = randomUUID();
    await post(url, { key, path: '/things/x' });
    for (const call of [{ path: '/things/x', body: { thing_name: 'b' } }, { path: '/things/y' }]) {
      const answer = await post(url, { key, ...call });
      expect([answer.status, await codeOf(answer)]).toEqual([422, 'IDEMPOTENCY_KEY_REUSED']);
    }
    expect(things.works.runs).toBe(1);
  });

  it('belongs to a tenant, a caller and a route', async () => {
    const url = await things.serve();
    const key = randomUUID();
    const calls: Call[] = [
      { caller: 'ten_1/usr_1' },
      { caller: 'ten_1/usr_2' },
      { caller: 'ten_2/usr_1' },
      { caller: 'ten_1/usr_1', path: '/things/x' },
      { caller: 'ten_1/usr_1', path: '/secrets' },
      { caller: 'anonymous', headers: { 'x-forwarded-for': '203.0.113.1' } },
      { caller: 'anonymous', headers: { 'x-forwarded-for': '203.0.113.2' } },
    ];
    for (const call of calls) {
      const answer = await post(url, { key, ...call });
      expect([answer.status, answer.headers.has('idempotent-replayed')]).toEqual([201, false]);
    }
    expect(things.works.runs).toBe(calls.length);
  });

  it.each([
    ['nothing', ''],
    ['a word', 'abc'],
    ['a short one', '12345678-1234-1234-1234-1234567890'],
    ['one in quotes', `"${randomUUID()}"`],
    ['two of them', `${randomUUID()}, ${randomUUID()}`],
    ['a long text', 'x'.repeat(5_000)],
  ])('must be a UUID: %s is refused', async (_, key) => {
    const answer = await post(await things.serve(), { key });
    expect([answer.status, await codeOf(answer)]).toEqual([400, 'IDEMPOTENCY_KEY_INVALID']);
    expect(things.works.runs).toBe(0);
  });

  it('is optional, and means nothing where it is not taken', async () => {
    const url = await things.serve();
    const key = randomUUID();
    expect([(await post(url)).status, (await post(url)).status]).toEqual([201, 201]);
    await post(url, { key, path: '/logins' });
    await post(url, { key: 'not a UUID', path: '/logins' });
    expect(things.works.runs).toBe(4);
    expect(await things.keysInRedis()).toEqual([]);
  });

  it.each(['too_many', 'internal'])('may be used again after %s', async (fails) => {
    const url = await things.serve();
    const key = randomUUID();
    const body = { thing_name: 'a', fails };
    const [first, again] = [await post(url, { key, body }), await post(url, { key, body })];
    expect(first.status).toBe(fails === 'internal' ? 500 : 429);
    expect([again.status, again.headers.has('idempotent-replayed')]).toEqual([first.status, false]);
    expect(things.works.runs).toBe(2);
    expect(await things.keysInRedis()).toEqual([]);
  });

  it('is not spent by what is refused before the route', async () => {
    const url = await things.serve();
    const key = randomUUID();
    expect((await post(url, { key, caller: 'nobody' })).status).toBe(401);
    expect((await post(url, { key, body: '{' })).status).toBe(400);
    expect((await post(url, { key })).status).toBe(201);
  });

  it('takes bodies of any depth without failing', async () => {
    const url = await things.serve();
    const body = `{"thing_name":${'['.repeat(50_000)}${']'.repeat(50_000)}}`;
    expect((await post(url, { key: randomUUID(), body })).status).toBe(422);
  });

  it('is kept for as long as is set, and then forgotten', async () => {
    const url = await things.serve({ IDEMPOTENCY_TTL_SECONDS: '2', IDEMPOTENCY_LEASE_SECONDS: '1' });
    const key = randomUUID();
    await post(url, { key });
    expect(await things.keysInRedis()).toHaveLength(1);
    await eventually(async () => (await things.keysInRedis()).length === 0);
    expect(await (await post(url, { key })).json()).toMatchObject({ run: 2 });
  });

  it('is kept for 24 hours unless set', async () => {
    const url = await things.serve();
    await post(url, { key: randomUUID() });
    const [name] = await things.keysInRedis();
    const seconds = (await things.store.pttl(name!)) / 1_000;
    expect(seconds).toBeGreaterThan(86_400 - 60);
    expect(seconds).toBeLessThanOrEqual(86_400);
  });

  it('holds no secret in the clear, and replays it', async () => {
    const url = await things.serve();
    const key = randomUUID();
    const first = await post(url, { key, path: '/secrets' });
    const text = await first.text();
    expect(text).toContain('the-secret-value');

    const [name] = await things.keysInRedis();
    expect(JSON.stringify(await things.store.hgetall(name!))).not.toContain('the-secret-value');
    expect(await (await post(url, { key, path: '/secrets' })).text()).toBe(text);
    expect(things.works.runs).toBe(1);
  });

  it('does not run again when its secret answer can no longer be opened, nor when it was moved to another key', async () => {
    const url = await things.serve();
    const [key, other] = [randomUUID(), randomUUID()];
    await post(url, { key, path: '/secrets' });
    const [name] = await things.keysInRedis();
    await things.store.copy(name!, name!.replace(key, other));
    const moved = await post(url, { key: other, path: '/secrets' });
    expect([moved.status, await codeOf(moved)]).toEqual([409, 'IDEMPOTENCY_ANSWER_NOT_KEPT']);

    const rotated = await things.serve({ SECRETS_KEY: randomBytes(32).toString('base64') });
    const again = await post(rotated, { key, path: '/secrets' });
    expect([again.status, await codeOf(again)]).toEqual([409, 'IDEMPOTENCY_ANSWER_NOT_KEPT']);
    expect(things.works.runs).toBe(1);
  });

  it('does not run again when its answer was too large to keep', async () => {
    const url = await things.serve({ IDEMPOTENCY_MAX_BYTES: '1024' });
    const named = (characters: number): Call => ({
      key: randomUUID(),
      body: { thing_name: 'é'.repeat(characters) },
    });
    const [small, large] = [named(400), named(600)];
    for (const call of [small, large]) expect((await post(url, call)).status).toBe(201);

    expect((await post(url, small)).headers.get('idempotent-replayed')).toBe('true');
    const again = await post(url, large);
    expect([again.status, await codeOf(again)]).toEqual([409, 'IDEMPOTENCY_ANSWER_NOT_KEPT']);
    expect(things.works.runs).toBe(2);
  });

  it('of a process that was killed is free when its lease has run out', async () => {
    const url = await things.serve();
    const key = randomUUID();
    things.works.isHeld = true;
    const started = once(things.works, 'started');
    const call = post(url, { key });
    await started;
    const [name] = await things.keysInRedis();
    expect(await things.store.pttl(name!)).toBeLessThanOrEqual(30_000);
    const claim = await things.store.hgetall(name!);
    things.works.open(1);
    await call;
    things.works.isHeld = false;
    // As its process would have left it: nobody renews it.
    await things.store.multi().del(name!).hset(name!, claim).pexpire(name!, 30_000).exec();

    expect((await post(url, { key })).status).toBe(409);
    await things.store.pexpire(name!, 1);
    await eventually(async () => (await things.keysInRedis()).length === 0);
    expect(await (await post(url, { key })).json()).toMatchObject({ run: 2 });
  });
});
