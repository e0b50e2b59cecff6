import { readFileSync } from 'node:fs';
import { Actor, occurred } from '#platform';
import type { Child } from '../../apps/local/processes/child.js';
import { record, someTenant, testBus, type TestBus } from '../support/bus.js';
import { ThingIgnored, ThingMade, ThingMadeNewer } from '../support/bus-handlers.js';
import { eventually } from '../support/eventually.js';

const MAX_ATTEMPTS = 3;

describe('the event bus', () => {
  let bus: TestBus;
  let worker: Child;
  let number = 0;

  const startWorker = () => bus.startWorker({ EVENTS_MAX_ATTEMPTS: `${MAX_ATTEMPTS}` });
  const made = (then: 'nothing' | 'fail' | 'fail_for_good' | 'crash', takesMs = 0) => ({
    number: ++number,
    then,
    takesMs,
  });
  const runsOf = async (thing: number, subscription = 'probe.count-things') => {
    const rows = await bus.query('select from probe.runs where number = $1 and subscription = $2', [
      thing,
      subscription,
    ]);
    return rows.length;
  };
  const lettersOf = async (actor: Actor) =>
    (await bus.deadLetters.list({ tenantId: actor.tenantId! }, 10)).data;
  const settled = (actor: Actor) =>
    eventually(async () => {
      const open = await bus.query(
        'select from platform.outbox where tenant_id = $1 and settled_at is null',
        [actor.tenantId],
      );
      return open.length === 0;
    });

  beforeAll(async () => {
    bus = await testBus();
    worker = await startWorker();
  });
  afterAll(() => bus.close());

  it('brings an event to every subscription, and what handlers record to theirs', async () => {
    const actor = someTenant();
    const thing = made('nothing');
    await record(bus, actor, ThingMade, thing);
    await settled(actor);

    const runs = await bus.query('select subscription from probe.runs where number = $1 order by 1', [
      thing.number,
    ]);
    expect(runs.map((row) => row.subscription)).toEqual([
      'probe.announce-things',
      'probe.count-things',
      'probe.hear-of-things',
    ]);
    const [seen] = await bus.query(
      "select actor_type, trace_id from platform.outbox where name = 'probe.thing.seen' and tenant_id = $1",
      [actor.tenantId],
    );
    expect(seen).toEqual({ actor_type: 'system', trace_id: actor.origin.traceId });
  });

  it('publishes nothing of a transaction that was rolled back', async () => {
    const actor = someTenant();
    const lost = made('nothing');
    const kept = made('nothing');
    const failing = bus.db.transaction(actor, async () => {
      bus.db.record([occurred(ThingMade, lost, new Date())]);
      throw new Error('changed my mind');
    });
    await expect(failing).rejects.toThrow('changed my mind');
    await record(bus, actor, ThingMade, kept);
    await settled(actor);
    expect(await runsOf(kept.number)).toBe(1);
    expect(await runsOf(lost.number)).toBe(0);
  });

  it('does not lose the event of a transaction that began first and committed last', async () => {
    const [early, late] = [someTenant(), someTenant()];
    const [slow, quick] = [made('nothing'), made('nothing')];
    let commit = () => {};
    const held = new Promise<void>((resolve) => (commit = resolve));
    const written = Promise.withResolvers<void>();
    const slowly = bus.db.transaction(early, async () => {
      // What writeOutbox does at the end of a transaction, done in its middle.
      await bus.db.query(
        `insert into platform.outbox (tenant_id, id, name, version, payload, actor_type, trace_id, occurred_at)
         values ($1, 'evt_00000000000000000000000000', $2, 1, $3, 'system', 'early', now())`,
        [early.tenantId, ThingMade.name, slow],
      );
      written.resolve();
      await held;
    });
    await written.promise;
    await record(bus, late, ThingMade, quick);
    await settled(late);
    expect(await runsOf(slow.number)).toBe(0);

    commit();
    await slowly;
    await settled(early);
    expect(await runsOf(slow.number)).toBe(1);
  });

  it('settles at once what nobody wants', async () => {
    const actor = someTenant();
    await record(bus, actor, ThingIgnored, {});
    await settled(actor);
    expect(await bus.query('select from platform.inbox where tenant_id = $1', [actor.tenantId])).toEqual([]);
  });

  it('gives a poisonous event up after all its attempts, and handles it when an operator retries it', async () => {
    const actor = someTenant();
    const thing = made('fail');
    await record(bus, actor, ThingMade, thing);
    const [letter] = await eventually(async () => {
      const letters = await lettersOf(actor);
      return letters.length > 0 && letters;
    });
    expect(letter).toMatchObject({
      subscription: 'probe.count-things',
      eventName: 'probe.thing.made',
      attempts: MAX_ATTEMPTS,
      lastError: 'Error: The thing will not be counted.',
    });
    expect(await runsOf(thing.number)).toBe(0);

    await bus.query('insert into probe.healed values ($1)', [thing.number]);
    expect(await bus.deadLetters.retry({ eventId: letter!.eventId })).toBe(1);
    await eventually(async () => (await runsOf(thing.number)) === 1);
    await settled(actor);
    expect(await lettersOf(actor)).toEqual([]);
    // The subscription that had succeeded is not run again by the second publishing.
    expect(await runsOf(thing.number, 'probe.announce-things')).toBe(1);
  });

  it.each([
    [
      'a handler says that no attempt can succeed',
      ThingMade,
      () => made('fail_for_good'),
      'PermanentFailure: The thing cannot be counted.',
    ],
    [
      'a version is unknown',
      ThingMadeNewer,
      () => ({ shape: 'round' }),
      'PermanentFailure: The subscription probe.count-things does not know version 2 of probe.thing.made.',
    ],
    [
      'a payload does not fit its schema',
      { ...ThingMade, schema: ThingMadeNewer.schema },
      () => ({ shape: 'round' }),
      'PermanentFailure: The payload of probe.thing.made v1 does not fit its schema: number: Invalid input: expected number, received undefined',
    ],
  ])('gives an event up at once when %s', async (_, type, payload, lastError) => {
    const actor = someTenant();
    await record(bus, actor, type, payload() as never);
    await settled(actor);
    const letters = await lettersOf(actor);
    expect(letters.find((letter) => letter.subscription === 'probe.count-things')).toMatchObject({
      attempts: 1,
      lastError,
    });
  });

  it('counts the attempts that end the process, and gives up an event that ends every one', async () => {
    const actor = someTenant();
    await record(bus, actor, ThingMade, made('crash'));
    for (let crash = 1; crash <= MAX_ATTEMPTS; crash++) {
      await expect(worker.ended).resolves.toBe('was ended by SIGKILL');
      worker = await startWorker();
    }
    await settled(actor);
    expect(await lettersOf(actor)).toMatchObject([
      {
        subscription: 'probe.count-things',
        attempts: MAX_ATTEMPTS,
        lastError: `Crash: Attempt ${MAX_ATTEMPTS} ended with its process.`,
      },
    ]);
  });

  it('waits for a Postgres that is away, and holds that against no event', async () => {
    const actor = someTenant();
    const things = Array.from({ length: 16 }, () => made('nothing', 100));
    await Promise.all(things.map((thing) => record(bus, actor, ThingMade, thing)));
    await eventually(async () => (await bus.query(BEGUN, [actor.tenantId])).length > 0);
    await bus.withoutPostgres(() =>
      eventually(() => {
        const log = readFileSync(worker.logFile, 'utf8');
        expect(log).toContain('The relay failed and tries again.');
        expect(log).toContain('A job could not be worked on and comes again.');
      }),
    );

    await settled(actor);
    for (const { number } of things) expect(await runsOf(number)).toBe(1);
    expect(await lettersOf(actor)).toEqual([]);
    const tried = await bus.query<{ attempts: number }>(
      'select max(attempts) as attempts from platform.inbox where tenant_id = $1',
      [actor.tenantId],
    );
    expect(tried[0]!.attempts).toBeLessThanOrEqual(2);
  });

  it('waits for a Redis that is away, and goes on with an empty one', async () => {
    await bus.redis.kill();
    const actor = someTenant();
    const thing = made('nothing');
    await record(bus, actor, ThingMade, thing);
    await bus.redis.start();
    await settled(actor);
    expect(await runsOf(thing.number)).toBe(1);
  });

  it('ends the handlers it has begun when it is told to stop, and begins no more', async () => {
    const actor = someTenant();
    await Promise.all(Array.from({ length: 20 }, () => record(bus, actor, ThingMade, made('nothing', 250))));
    await eventually(async () => (await bus.query(BEGUN, [actor.tenantId])).length > 0);
    await worker.stop();

    expect(await worker.ended).toBe('exited with code 0');
    const [{ open, done }] = (await bus.query(
      `select count(*) filter (where done_at is null)::int as open, count(*) filter (where done_at is not null)::int as done
       from platform.inbox where tenant_id = $1`,
      [actor.tenantId],
    )) as [{ open: number; done: number }];
    expect(open).toBe(0);
    expect(done).toBeLessThan(40);

    worker = await startWorker();
    await settled(actor);
    const repeated = await bus.query('select from platform.inbox where tenant_id = $1 and attempts > 1', [
      actor.tenantId,
    ]);
    expect(repeated).toEqual([]);
  });
});

const BEGUN = 'select from platform.inbox where tenant_id = $1 and done_at is null';
