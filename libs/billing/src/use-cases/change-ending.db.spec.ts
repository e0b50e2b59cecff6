import type Stripe from 'stripe';
import type { Actor } from '#platform';
import { type BillingRoom, billingRoom } from '../../../../test/support/billing-room.js';
import { ApplyEvents } from '../applying/apply-events.js';
import { BillingAccounts } from '../persistence/billing-accounts.js';
import { ChangeEnding } from './change-ending.js';

const DAY = 86_400;
const LOST = { code: 'BILLING_UNAVAILABLE' };

let room: BillingRoom;
let actor: Actor;
let id: string;
let customer: string;

beforeAll(async () => {
  room = await billingRoom(ApplyEvents);
});
afterAll(() => room?.close());
beforeEach(async () => {
  room.pay.local.faults.clear();
  ({ actor, customer, id } = await room.subscriber());
});

const stripe = () => room.pay.stripe;
const there = () => stripe().subscriptions.retrieve(id);
const ask = async (wanted: 'cancel' | 'resume') => {
  const account = await room.app.get(BillingAccounts, { strict: false }).get(actor);
  await room.app.get(ChangeEnding, { strict: false }).execute(actor, account, wanted);
};
/** The next change reaches Stripe or not, and nobody hears. The library tries a closed connection once more. */
const lose = (kind: 'close' | 'close_after_apply') =>
  room.pay.local.faults.add({ match: { method: 'POST', path: '/v1/subscriptions/*' }, kind, times: 2 });
const rows = async () =>
  (
    await room.db.read<{ outcome: string | null }>(
      actor,
      `select outcome from billing.stripe_writes where tenant_id = $1 and verb = 'change_ending' order by begun_at, id`,
      [actor.tenantId],
    )
  ).map((one) => one.outcome);
const periodEnd = ({ items }: Stripe.Subscription) => items.data[0]!.current_period_end;

describe('cancelling, and taking it back (S1-50)', () => {
  it('takes back what was set here, and a day that somebody set at Stripe', async () => {
    await ask('cancel');
    expect(await there()).toMatchObject({ cancel_at_period_end: true });
    await ask('resume');
    expect(await there()).toMatchObject({ cancel_at_period_end: false, cancel_at: null });
    await stripe().subscriptions.update(id, { cancel_at: periodEnd(await there()) + 60 * DAY });
    await ask('resume');
    expect(await there()).toMatchObject({ cancel_at_period_end: false, cancel_at: null });
    await ask('resume');
    expect(await rows()).toEqual(['done', 'done', 'done']);
  });

  it('ends what would end later, and leaves what ends sooner', async () => {
    const end = periodEnd(await there());
    await stripe().subscriptions.update(id, { cancel_at: end + 60 * DAY });
    await ask('cancel');
    expect(await there()).toMatchObject({ cancel_at_period_end: true, cancel_at: end });
    await stripe().subscriptions.update(id, { cancel_at: end - DAY });
    await ask('cancel');
    expect(await there()).toMatchObject({ cancel_at_period_end: false, cancel_at: end - DAY });
  });

  it('takes a subscription from its schedule first, which would not let it', async () => {
    const schedule = await stripe().subscriptionSchedules.create({ from_subscription: id });
    await ask('resume');
    expect(await there()).toMatchObject({ schedule: schedule.id });
    await ask('cancel');
    expect(await there()).toMatchObject({ schedule: null, cancel_at_period_end: true });
    expect(await stripe().subscriptionSchedules.retrieve(schedule.id)).toMatchObject({ status: 'released' });
  });
});

describe('a cancellation whose answer was lost (S2-31)', () => {
  it('is never taken for a later one: cancelled, resumed and cancelled again, it ends', async () => {
    lose('close_after_apply');
    await expect(ask('cancel')).rejects.toMatchObject(LOST);
    expect(await rows()).toEqual([null]);
    await ask('resume');
    expect(await there()).toMatchObject({ cancel_at_period_end: false });
    await ask('cancel');
    expect(await there()).toMatchObject({ cancel_at_period_end: true });
    expect(await rows()).toEqual(['done', 'done', 'done']);
  });

  it('is known to have ended as soon as somebody asks again, also when it was taken back at the portal', async () => {
    lose('close_after_apply');
    await expect(ask('cancel')).rejects.toMatchObject(LOST);
    await ask('cancel');
    expect(await rows()).toEqual(['done']);
    await ask('resume');

    lose('close_after_apply');
    await expect(ask('cancel')).rejects.toMatchObject(LOST);
    await stripe().subscriptions.update(id, { cancel_at_period_end: false });
    await ask('cancel');
    expect(await there()).toMatchObject({ cancel_at_period_end: true });
    expect(new Set(await rows())).toEqual(new Set(['done']));
  });

  it('does not take it back once more for whoever cancels again', async () => {
    await ask('cancel');
    lose('close');
    await expect(ask('resume')).rejects.toMatchObject(LOST);
    room.pay.local.faults.clear();
    await expect(ask('cancel')).rejects.toMatchObject({ code: 'BILLING_BUSY' });
    room.clock.advance(21_000);
    const heard = room.pay.hear();
    await ask('cancel');
    expect(heard().filter(({ method }) => method === 'POST')).toEqual([]);
    expect(await there()).toMatchObject({ cancel_at_period_end: true });
    expect(await rows()).toEqual(['done', 'lost']);
  });

  it('and that Stripe has forgotten is looked up by what it has done', async () => {
    lose('close_after_apply');
    await expect(ask('cancel')).rejects.toMatchObject(LOST);
    await stripe().subscriptions.update(id, { cancel_at_period_end: false });
    room.clock.advance(25 * 3_600_000);
    await ask('cancel');
    expect(await there()).toMatchObject({ cancel_at_period_end: true });
    expect(await rows()).toEqual(['lost', 'done']);
  });

  it('does not come after what was wanted later', async () => {
    lose('close');
    await expect(ask('cancel')).rejects.toMatchObject(LOST);
    await ask('resume');
    expect(await there()).toMatchObject({ cancel_at_period_end: false });
    expect((await rows()).filter((one) => one === null)).toEqual([]);
  });
});

describe('taking back a pause', () => {
  const invoices = async () => (await stripe().invoices.list({ subscription: id })).data;
  const bad = () =>
    room.pay.local.books.declines.push({ customer, decline_code: 'generic_decline', times: 1 });
  const open = async () => (await stripe().invoices.list({ subscription: id, status: 'open' })).data;

  it('begins a new period, and costs it', async () => {
    await stripe().subscriptions.pause(id);
    await ask('resume');
    expect(await there()).toMatchObject({ status: 'active' });
    expect(await invoices()).toHaveLength(2);
  });

  it('and never having heard of it is no reason to do it when somebody cancels: it once charged the card', async () => {
    await stripe().subscriptions.pause(id);
    room.pay.local.faults.add({
      ...{ match: { method: 'POST', path: '/v1/subscriptions/*/resume' }, kind: 'close', times: 2 },
    });
    await expect(ask('resume')).rejects.toMatchObject(LOST);
    room.pay.local.faults.clear();
    const heard = room.pay.hear();
    await expect(ask('cancel')).rejects.toMatchObject({ code: 'BILLING_BUSY' });
    // By now Stripe is at nothing any more.
    room.clock.advance(21_000);
    await ask('cancel');
    expect(heard().filter(({ path }) => path.endsWith('/resume'))).toEqual([]);
    expect(await there()).toMatchObject({ status: 'paused', cancel_at_period_end: true });
    expect(await invoices()).toHaveLength(1);
  });

  it('that Stripe did, unheard, is known by the time that somebody cancels', async () => {
    await stripe().subscriptions.pause(id);
    room.pay.local.faults.add({
      ...{
        match: { method: 'POST', path: '/v1/subscriptions/*/resume' },
        kind: 'close_after_apply',
        times: 2,
      },
    });
    await expect(ask('resume')).rejects.toMatchObject(LOST);
    room.clock.advance(21_000);
    await ask('cancel');
    expect(await there()).toMatchObject({ status: 'active', cancel_at_period_end: true });
    expect(await invoices()).toHaveLength(2);
  });

  it('waits for whoever pays: one invoice, whose page is told, however often it is asked', async () => {
    await stripe().subscriptions.pause(id);
    bad();
    const refused = { code: 'PAYMENT_ACTION_REQUIRED', details: { url: expect.stringMatching(/^http/) } };
    await expect(ask('resume')).rejects.toMatchObject(refused);
    await expect(ask('resume')).rejects.toMatchObject(refused);
    expect(await there()).toMatchObject({ status: 'paused' });
    const invoices = await open();
    expect(invoices).toHaveLength(1);
    await stripe().invoices.pay(invoices[0]!.id);
    expect(await there()).toMatchObject({ status: 'active' });
  });

  it('is whose it was who paused the collection; what ends goes on all the same', async () => {
    await stripe().subscriptions.update(id, { pause_collection: { behavior: 'void' } });
    await expect(ask('resume')).rejects.toMatchObject({
      ...{ code: 'BILLING_CONFLICT', details: { reason: 'collection_paused' } },
    });
    await ask('cancel');
    await ask('resume');
    expect(await there()).toMatchObject({ cancel_at: null, pause_collection: { behavior: 'void' } });
  });
});
