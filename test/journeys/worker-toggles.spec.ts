import { billingWorld } from '../support/billing.js';
import { eventually } from '../support/eventually.js';
import { mailsTo } from '../support/mail.js';

/** What nobody has served for long is offered more rarely. */
const WITHIN = { withinMs: 60_000 };

/** The first worker does everything but billing. */
const world = billingWorld({
  BILLING_APPLY: 'false',
  BILLING_RECONCILE: 'false',
  BILLING_SHIP_USAGE: 'false',
  BILLING_STREAM: 'false',
  WORKER_SUBSCRIPTIONS: '*,!billing.end-*,!billing.record-*',
  EVENTS_SWEEP_MS: '200',
  EVENTS_SWEEP_AFTER_MS: '500',
});
/** The second does billing alone. */
const BILLING = {
  BILLING_APPLY: 'true',
  BILLING_RECONCILE: 'true',
  BILLING_SHIP_USAGE: 'true',
  BILLING_STREAM: 'true',
  WORKER_SUBSCRIPTIONS: 'billing.*',
};

const count = async (what: string, ...values: unknown[]) => {
  const [row] = await world.product.query<{ n: number }>(`select count(*)::int as n from ${what}`, values);
  return row!.n;
};

describe('which work a worker does (S2-43, S2-56)', () => {
  it('is said by its settings; what none does waits until one does it', async () => {
    const { product, stripe } = world;
    const owner = await world.owner();
    const tenant = owner.body.tenant.id;
    await product.query(
      `insert into billing.usage_ledger (tenant_id, id, meter, use_key, amount, used_at, recorded_at)
         values ($1, 'use_1', 'commands', 'k', 1, now(), now())`,
      [tenant],
    );
    await owner.buy({ plan: 'TEAM' });
    await stripe.settled();
    const told = await count('billing.stripe_events');
    expect(told).toBeGreaterThan(3);
    // What came after it has been done, by the worker that there is.
    const later = await world.owner();
    await eventually(async () => expect(await mailsTo(later.body.user.email)).not.toEqual([]));
    const open = () => count('platform.outbox where tenant_id = $1 and settled_at is null', tenant);
    const done = (subscription: string) =>
      count(
        'platform.inbox where tenant_id = $1 and subscription = $2 and done_at is not null',
        ...[tenant, subscription],
      );
    expect(await done('audit.record-event')).toBeGreaterThan(0);
    expect(await count(`billing.stripe_events where status = 'received' and attempts = 0`)).toBe(told);
    expect(await count('billing.stream_events')).toBe(0);
    expect(await count('platform.inbox where subscription like $1', 'billing.%')).toBe(0);
    expect(await count('billing.sweeps')).toBe(0);
    expect(await count(`billing.usage_ledger where status = 'waiting' and failure is null`)).toBe(1);
    expect(await open()).toBeGreaterThan(0);
    // Whether anybody serves it is judged since this worker had it first.
    const redis = product.redisClient();
    await eventually(async () => {
      const jobs = await redis.keys('*:events:billing.tell-stream.evt_*');
      const job = await redis.hgetall(jobs.find((one) => !one.endsWith(':lock'))!);
      expect(JSON.parse(job['data']!)).toMatchObject({ passed_on: { begun: 1 } });
      expect(Number(job['ats'])).toBeGreaterThan(1);
    }, WITHIN);

    await product.startWorker(BILLING);
    await owner.stands({ state: 'trial', plan: 'TEAM' });
    await owner.licensed({ tier: 'TEAM', max_seats: 5 });
    await eventually(async () => {
      expect(await done('billing.tell-stream')).toBeGreaterThan(0);
      expect(await count('billing.stream_events where tenant_id = $1', tenant)).toBeGreaterThan(0);
      expect(await count('billing.sweeps')).toBe(2);
      expect(await count(`billing.usage_ledger where status = 'waiting' and failure is null`)).toBe(0);
      expect(await open()).toBe(0);
    }, WITHIN);
    // By the first: the second sends none.
    const mails = await eventually(async () => {
      const subjects = (await mailsTo(owner.body.user.email)).map((one) => one.subject);
      expect(subjects).toContainEqual(expect.stringMatching(/is on Team$/));
      return subjects;
    });
    expect(mails.filter((one) => /is on Team$/.test(one))).toHaveLength(1);
  });

  it('names no subscription that is not there', async () => {
    await expect(world.product.startWorker({ WORKER_SUBSCRIPTIONS: 'biling.*' })).rejects.toThrow(
      'no subscription goes by biling.*',
    );
  });
});
