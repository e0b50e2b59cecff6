import { Actor } from '#platform';
import { type BillingRoom, billingRoom } from '../../../../test/support/billing-room.js';
import { ApplyEvents } from '../applying/apply-events.js';
import { BillingAccounts } from '../persistence/billing-accounts.js';
import { StripeWrites } from '../persistence/stripe-writes.js';
import { ChangeEnding } from '../use-cases/change-ending.js';
import { EnsureCustomer } from '../use-cases/ensure-customer.js';
import { SettleWrites } from './settle-writes.js';

const MINUTE = 60_000;

let room: BillingRoom;
let actor: Actor;

beforeAll(async () => {
  room = await billingRoom(ApplyEvents);
});
afterAll(() => room?.close());
beforeEach(async () => {
  room.pay.local.faults.clear();
  actor = Actor.system(await room.tenant(), 'trace');
});

const settle = (app = room.app) => app.get(SettleWrites, { strict: false }).execute();
const rows = () =>
  room.db.read<{ verb: string; outcome: string | null; result_id: string | null }>(
    actor,
    'select verb, outcome, result_id from billing.stripe_writes where tenant_id = $1 order by begun_at',
    [actor.tenantId],
  );
const made = async () => {
  const { data } = await room.pay.stripe.customers.list({ limit: 100 });
  return data.filter((one) => one.metadata.tenant_id === actor.tenantId).map((one) => one.id);
};
const linked = async () => (await room.app.get(BillingAccounts, { strict: false }).get(actor)).customerId;
/** Asks for a customer, and hears nothing. The library tries a closed connection once more, under our key. */
const lose = async (kind: 'close' | 'close_after_apply') => {
  room.pay.local.faults.add({ match: { method: 'POST', path: '/v1/customers' }, kind, times: 2 });
  const asked = room.app.get(EnsureCustomer, { strict: false }).execute(actor);
  await expect(asked).rejects.toMatchObject({ code: 'BILLING_UNAVAILABLE' });
};

describe('a write that nobody heard the end of (S2-31)', () => {
  it('is left alone for a minute, then finished by a worker, without anybody asking again', async () => {
    await lose('close_after_apply');
    await settle();
    expect(await rows()).toMatchObject([{ outcome: null }]);
    room.clock.advance(MINUTE + 1);
    await settle();
    const [id] = await made();
    expect(await rows()).toEqual([{ verb: 'create_customer', outcome: 'done', result_id: id }]);
    expect(await made()).toHaveLength(1);
    expect(await linked()).toBe(id);
  });

  it('is done by now when Stripe never had it, also when its process ended before it asked', async () => {
    await lose('close');
    expect(await made()).toEqual([]);
    room.clock.advance(MINUTE + 1);
    await settle();
    expect(await made()).toEqual([await linked()]);

    actor = Actor.system(await room.tenant(), 'trace');
    const params = { name: 'Works', email: null, testClock: null };
    const write = { verb: 'create_customer', params, identity: 'customer' };
    await room.app.get(StripeWrites, { strict: false }).begin(actor, write);
    room.clock.advance(MINUTE + 1);
    await settle();
    expect(await made()).toEqual([await linked()]);
  });

  it('is only looked for when it was wanted an hour ago, and when nobody waits for it', async () => {
    await lose('close');
    room.clock.advance(61 * MINUTE);
    await settle();
    expect([await made(), await linked()]).toEqual([[], null]);
    const portal = { customer: 'cus_1', returnUrl: 'http://127.0.0.1/', at: 'then' };
    await room.app.get(StripeWrites, { strict: false }).begin(actor, { verb: 'open_portal', params: portal });
    room.clock.advance(MINUTE + 1);
    await settle();
    expect((await rows()).map((one) => [one.verb, one.outcome])).toEqual([
      ['create_customer', 'lost'],
      ['open_portal', 'lost'],
    ]);
  });

  it('is one worker’s of several, and waits as long again while Stripe is away', async () => {
    await lose('close');
    room.clock.advance(MINUTE + 1);
    room.pay.local.faults.add({ match: { method: 'POST', path: '/v1/customers' }, kind: 'close', times: 2 });
    const other = await room.another();
    await Promise.all([settle(), settle(other)]);
    expect(await rows()).toMatchObject([{ outcome: null }]);
    await settle();
    expect(await made()).toEqual([]);
    room.clock.advance(MINUTE + 1);
    const heard = room.pay.hear();
    await Promise.all([settle(), settle(other)]);
    expect(heard().filter(({ method }) => method === 'POST')).toHaveLength(1);
    expect(await made()).toEqual([await linked()]);
  });
});

describe('what was wanted of a subscription, and nobody heard the end of', () => {
  let id: string;
  const there = () => room.pay.stripe.subscriptions.retrieve(id);
  const ask = async (wanted: 'cancel' | 'resume') =>
    room.app
      .get(ChangeEnding, { strict: false })
      .execute(actor, await room.app.get(BillingAccounts, { strict: false }).get(actor), wanted);
  /** Stripe never hears of it. */
  const askInVain = async (wanted: 'cancel' | 'resume') => {
    const match = { method: 'POST', path: '/v1/subscriptions/**' } as const;
    room.pay.local.faults.add({ match, kind: 'close', times: 2 });
    await expect(ask(wanted)).rejects.toMatchObject({ code: 'BILLING_UNAVAILABLE' });
    room.pay.local.faults.clear();
  };
  const outcomes = async () => (await rows()).map((one) => [one.verb, one.outcome]);

  beforeEach(async () => {
    ({ actor, id } = await room.subscriber());
  });

  it('is no resuming once its caller has gone: that once charged, an hour after it looked refused', async () => {
    await room.pay.stripe.subscriptions.pause(id);
    await askInVain('resume');
    room.clock.advance(MINUTE + 1);
    await settle();
    expect(await outcomes()).toEqual([['resume_subscription', 'lost']]);
    expect(await there()).toMatchObject({ status: 'paused' });
    expect((await room.pay.stripe.invoices.list({ subscription: id })).data).toHaveLength(1);
  });

  it('is a cancelling all the same, and no taking back of one: that costs the next period', async () => {
    await askInVain('cancel');
    room.clock.advance(MINUTE + 1);
    await settle();
    expect(await there()).toMatchObject({ cancel_at_period_end: true });
    await askInVain('resume');
    room.clock.advance(MINUTE + 1);
    await settle();
    expect(await there()).toMatchObject({ cancel_at_period_end: true });
    expect(await outcomes()).toEqual([
      ['change_ending', 'done'],
      ['change_ending', 'lost'],
    ]);
  });
});
