import type Stripe from 'stripe';
import { BILLING_CONCERNS, BillingModule } from '#billing';
import { Actor } from '#platform';
import { type BillingRoom, billingRoom } from '../../../../test/support/billing-room.js';
import { pay } from '../../../../test/support/stripe.js';
import { ApplyEvents } from '../applying/apply-events.js';
import { FinishChanges } from '../applying/finish-changes.js';
import { Prices } from '../catalogue/prices.js';
import { type Proration, PRORATIONS } from '../domain/plan-price.js';
import type { Wish } from '../domain/wish.js';
import { WishBook } from '../persistence/wishes.js';
import { ChangeSubscription } from './change-subscription.js';
import { MakeChanges } from './make-changes.js';
import { ManageContract } from './manage-contract.js';
import { PreviewChange } from './preview-change.js';

let room: BillingRoom;
let actor: Actor;
let id: string;
let customer: string;

beforeAll(async () => {
  room = await billingRoom(ApplyEvents, {}, { concerns: BILLING_CONCERNS, imports: [BillingModule] });
  for (const [plan, amount] of [
    ['pro', 49_000],
    ['team', 99_000],
  ] as const) {
    await stripe().prices.create({
      ...{ product: `gatehouse_${plan}`, currency: 'usd', unit_amount: amount },
      ...{ recurring: { interval: 'year' }, lookup_key: `gatehouse_${plan}_year` },
    });
  }
});
afterAll(() => room?.close());
beforeEach(async () => {
  room.pay.local.faults.clear();
  ({ actor, customer, id } = await room.subscriber());
});

const stripe = () => room.pay.stripe;
const owner = () => room.owner(actor.tenantId!);
const there = () => stripe().subscriptions.retrieve(id);
/** What came of it. */
const want = async (wish: Wish) => {
  const wishes = room.app.get(WishBook, { strict: false });
  await room.db.transaction(actor, async () => {
    await wishes.lock();
    await wishes.put(wish, room.clock.now());
  });
  await room.app.get(MakeChanges, { strict: false }).turn(actor);
  return (await wishes.get(actor))!.outcomes.at(-1);
};
const held = ({ items }: Stripe.Subscription) =>
  items.data.map(({ price, quantity }) => [price.lookup_key ?? price.nickname, quantity]).sort();

/** As another file of plans would have it, until it is said otherwise. */
const prorate = (proration: Proration) =>
  Object.assign(room.app.get(Prices, { strict: false }).list, { proration });

describe('what a change within a period costs (S1-49)', () => {
  afterEach(() => prorate('create_prorations'));

  it.each(PRORATIONS)('is what plans.yaml says: %s', async (proration) => {
    prorate(proration);
    const since = room.pay.local.api.asked.length;
    expect(await want({ plan: 'PRO' })).toMatchObject({ status: 'done' });
    const asked = room.pay.local.api.asked
      .slice(since)
      .filter((one) => one.method === 'POST' && one.path === `/v1/subscriptions/${id}`);
    expect(asked.map((one) => (one.params as { proration_behavior?: string }).proration_behavior)).toEqual([
      proration,
    ]);

    // The first month of Team is paid; what is left of it is given back at once, with the next invoice, or not at all.
    const invoices = (await stripe().invoices.list({ customer })).data;
    const next = await stripe().invoices.createPreview({ customer, subscription: id });
    const prorated = [...invoices, next].map((one) => one.lines.data.some((line) => line.amount < 0));
    expect(prorated).toEqual(
      { create_prorations: [false, true], always_invoice: [true, false, false], none: [false, false] }[
        proration
      ],
    );
  });

  it.each(PRORATIONS)('is shown before by the same rule: %s', async (proration) => {
    prorate(proration);
    const preview = room.app.get(PreviewChange, { strict: false });
    const { lines } = await preview.execute(await owner(), { plan: 'PRO' });
    expect(lines.some((line) => line.amount < 0)).toBe(proration !== 'none');
  });
});

describe('a change of a subscription', () => {
  it('leaves what somebody has put beside ours at the dashboard as it is', async () => {
    const product = await stripe().products.create({ name: 'Support' });
    const support = await stripe().prices.create({
      ...{ product: product.id, currency: 'usd', unit_amount: 500, nickname: 'support' },
      recurring: { interval: 'month' },
    });
    await stripe().subscriptions.update(id, { items: [{ price: support.id, quantity: 3 }] });
    expect(await want({ plan: 'PRO' })).toMatchObject({ status: 'done' });
    expect(held(await there())).toEqual([
      ['gatehouse_pro_month', 1],
      ['support', 3],
    ]);
  });

  it('whose answer was lost is never taken for a later one: there, back and there again', async () => {
    room.pay.local.faults.add({
      match: { method: 'POST', path: '/v1/subscriptions/*' },
      kind: 'close_after_apply',
      times: 2,
    });
    await expect(want({ plan: 'PRO' })).rejects.toMatchObject({ code: 'BILLING_UNAVAILABLE' });
    expect(await want({ plan: 'TEAM' })).toMatchObject({ status: 'done' });
    expect(held(await there())).toEqual([['gatehouse_team_month', 1]]);
    expect(await want({ plan: 'PRO' })).toMatchObject({ status: 'done' });
    expect(held(await there())).toEqual([['gatehouse_pro_month', 1]]);
  });

  it('keeps what is left out as Stripe has it, although what we know is a change behind', async () => {
    expect(await want({ plan: 'PRO' })).toMatchObject({ status: 'done' });
    expect(await want({ interval: 'year' })).toMatchObject({ status: 'done' });
    expect(held(await there())).toEqual([['gatehouse_pro_year', 1]]);
  });

  it('whose payment a bank wants confirmed waits at a page that is told, and is made once it is (S2-31)', async () => {
    const card = await stripe().paymentMethods.attach('pm_card_authenticationRequired', { customer });
    await stripe().customers.update(customer, { invoice_settings: { default_payment_method: card.id } });
    const outcome = await want({ interval: 'year' });
    expect(outcome).toMatchObject({
      status: 'refused',
      refusal: { code: 'PAYMENT_ACTION_REQUIRED', details: { url: expect.stringMatching(/^http/) } },
    });
    expect(held(await there())).toEqual([['gatehouse_team_month', 1]]);
    await pay(outcome!.refusal!.details!.url as string, 'authenticationRequired');
    expect(held(await there())).toEqual([['gatehouse_team_year', 1]]);
  });

  it('that waits to be paid is made no more once something else is wanted, were it what there is already', async () => {
    const card = await stripe().paymentMethods.attach('pm_card_authenticationRequired', { customer });
    await stripe().customers.update(customer, { invoice_settings: { default_payment_method: card.id } });
    expect(await want({ interval: 'year' })).toMatchObject({ status: 'refused' });
    const [waiting] = (await stripe().invoices.list({ customer, status: 'open' })).data;
    expect(await there()).toMatchObject({ pending_update: { subscription_items: [{}] } });

    expect(await want({ interval: 'month' })).toMatchObject({
      status: 'done',
      wanted: { interval: 'month' },
    });
    expect(await there()).toMatchObject({ pending_update: null });
    expect(await stripe().invoices.retrieve(waiting!.id)).toMatchObject({ status: 'void' });
    expect(held(await there())).toEqual([['gatehouse_team_month', 1]]);
  });

  it('that is declined is no such thing, and leaves nothing behind', async () => {
    room.pay.local.books.declines.push({ customer, decline_code: 'insufficient_funds', times: 1 });
    expect(await want({ interval: 'year' })).toMatchObject({
      ...{ status: 'refused', refusal: { code: 'CARD_DECLINED' } },
    });
    expect(await there()).toMatchObject({ pending_update: null });
    expect((await stripe().invoices.list({ customer, status: 'open' })).data).toEqual([]);
  });
});

describe('a contract that is agreed while nobody knows how a change ended', () => {
  const DAY = 86_400_000;
  const agree = () =>
    room.app.get(ManageContract, { strict: false }).agree(room.operator, {
      ...{ tenantId: actor.tenantId!, plan: 'ENTERPRISE', seats: null },
      endsAt: new Date(room.clock.now().getTime() + 30 * DAY),
    });
  /** A worker's turn, once Stripe is at nothing any more. */
  const finish = async () => {
    room.clock.advance(21_000);
    await room.system.query(`update billing.wishes set retry_at = now() - interval '1 second'`);
    await room.app.get(FinishChanges, { strict: false }).turn();
  };
  const lose = async (kind: 'close' | 'close_after_apply') => {
    const match = { method: 'POST', path: '/v1/subscriptions/*' } as const;
    room.pay.local.faults.add({ match, kind, times: 2 });
    await expect(want({ plan: 'PRO' })).rejects.toMatchObject({ code: 'BILLING_UNAVAILABLE' });
    room.pay.local.faults.clear();
  };
  const ended = async () => ({
    wish: (await room.app.get(WishBook, { strict: false }).get(actor))!.outcomes.at(-1),
    write: await room.db.read(actor, 'select outcome from billing.stripe_writes where tenant_id = $1', [
      actor.tenantId,
    ]),
  });

  it('leaves it unmade: it was once sent again, and billed beside the contract', async () => {
    await lose('close');
    await agree();
    const heard = room.pay.hear();
    await finish();
    expect(heard().filter(({ method }) => method === 'POST')).toEqual([]);
    expect(held(await there())).toEqual([['gatehouse_team_month', 1]]);
    expect(await ended()).toMatchObject({
      ...{ wish: { status: 'refused', refusal: { code: 'UNDER_CONTRACT' } }, write: [{ outcome: 'lost' }] },
    });
  });

  it('waits for what Stripe may still be at, and knows of it when it was made', async () => {
    await lose('close_after_apply');
    await agree();
    await expect(room.app.get(MakeChanges, { strict: false }).turn(actor)).rejects.toMatchObject({
      code: 'BILLING_BUSY',
    });
    await finish();
    expect(await ended()).toMatchObject({ wish: { status: 'refused' }, write: [{ outcome: 'done' }] });
  });
});

describe('a cancellation', () => {
  const cancel = async () =>
    room.app.get(ChangeSubscription, { strict: false }).execute(await owner(), { cancel: true });
  const outcomes = async () => (await room.app.get(WishBook, { strict: false }).get(actor))!.outcomes;

  it('comes after what was wanted before it: that is dropped, in sight, and never made', async () => {
    room.pay.local.faults.add({
      ...{ match: { method: 'POST', path: '/v1/subscriptions/*' }, kind: 'status', times: 2 },
      ...{ status: 500, kept: false, delay_ms: 0, decline_code: '' },
    });
    await expect(want({ interval: 'year' })).rejects.toMatchObject({ code: 'BILLING_UNAVAILABLE' });
    room.pay.local.faults.clear();
    await cancel();
    expect(await outcomes()).toMatchObject([{ status: 'dropped', wanted: { interval: 'year' } }]);
    await room.app.get(FinishChanges, { strict: false }).turn();
    expect(held(await there())).toEqual([['gatehouse_team_month', 1]]);
    expect(await there()).toMatchObject({ cancel_at_period_end: true });
  });

  it('ends what waits to be paid', async () => {
    const card = await stripe().paymentMethods.attach('pm_card_authenticationRequired', { customer });
    await stripe().customers.update(customer, { invoice_settings: { default_payment_method: card.id } });
    await want({ interval: 'year' });
    await cancel();
    expect(await there()).toMatchObject({ pending_update: null, cancel_at_period_end: true });
    expect((await stripe().invoices.list({ customer, status: 'open' })).data).toEqual([]);
  });
});
