import type Stripe from 'stripe';
import { type BillingRoom, billingRoom } from '../../../../test/support/billing-room.js';
import { ApplyEvents } from '../applying/apply-events.js';
import type { ChargeFacts } from '../domain/stripe-facts.js';
import { LookAtCharges } from '../stripe/look-at-charges.js';
import { CustomerOfEvent } from '../applying/customer-of-event.js';
import { ListDisputes } from './list-disputes.js';
import { ShowBilling } from './show-billing.js';

const DAY = 86_400;

let room: BillingRoom;
beforeAll(async () => {
  room = await billingRoom(ApplyEvents);
});
afterAll(() => room?.close());

const applied = async () => {
  await room.deliver();
  await room.apply();
};
const account = (tenantId: string) =>
  room.app.get(ShowBilling, { strict: false }).execute(room.operator, tenantId);
const notices = async (tenantId: string) =>
  (await room.told(tenantId))
    .filter((one) => one.name === 'billing.notice.raised')
    .map(({ payload: { kind, amount, currency, reason, access } }) => ({
      kind,
      amount,
      currency,
      reason,
      access,
    }));

/** A tenant that has paid for Team, and the charge. */
async function paying(): Promise<{ tenantId: string; customer: Stripe.Customer; charge: Stripe.Charge }> {
  const tenantId = await room.tenant();
  const customer = await room.customer(tenantId);
  await room.subscribe(customer.id);
  await applied();
  const { data } = await room.pay.stripe.charges.list({ customer: customer.id });
  return { tenantId, customer, charge: data[0]! };
}

describe('what was paid and is taken back', () => {
  it('by a bank: restricted while it decides, told once, and back when it has decided for us', async () => {
    const { tenantId, charge } = await paying();
    const dispute = room.pay.dispute(charge.id);
    await applied();
    const { standing, facts } = await account(tenantId);
    expect(standing).toMatchObject({
      state: 'restricted',
      access: 'free',
      reasons: ['disputed'],
      plan: 'TEAM',
    });
    expect(facts!.charges!.list).toMatchObject([
      { id: charge.id, invoiceId: expect.stringMatching(/^in_/), disputes: [{ id: dispute, amount: 9_900 }] },
    ]);
    const disputes = room.app.get(ListDisputes, { strict: false });
    const mine = async () =>
      (await disputes.execute(room.operator)).filter((one) => one.tenantId === tenantId);
    expect(await mine()).toMatchObject([{ id: dispute, status: 'needs_response', reason: 'fraudulent' }]);

    room.pay.decide(dispute, 'won');
    await applied();
    expect((await account(tenantId)).standing).toMatchObject({
      state: 'active',
      access: 'full',
      reasons: [],
    });
    expect(await mine()).toEqual([]);
    const money = { amount: 9_900, currency: 'usd' };
    expect((await notices(tenantId)).slice(1)).toEqual([
      { kind: 'disputed', ...money, reason: 'fraudulent', access: 'free' },
      { kind: 'dispute_closed', ...money, reason: 'won', access: 'full' },
    ]);
    await expect(disputes.execute(room.operator.as({ scopes: [] }))).rejects.toMatchObject({
      code: 'MISSING_SCOPE',
    });
  });

  it('by a bank for good: restricted until the next period is paid', async () => {
    const { tenantId, charge } = await paying();
    room.pay.decide(room.pay.dispute(charge.id), 'lost');
    await applied();
    expect((await account(tenantId)).standing).toMatchObject({ state: 'restricted', reasons: ['disputed'] });
    expect((await notices(tenantId)).map((one) => one.kind)).toEqual(['subscribed', 'dispute_closed']);
    room.pay.advance(32 * DAY);
    await applied();
    expect((await account(tenantId)).standing).toMatchObject({
      state: 'active',
      access: 'full',
      reasons: [],
    });
    expect((await notices(tenantId)).at(-1)).toMatchObject({ kind: 'recovered' });
  });

  it('by us: each refund is told with what it comes to, and keeps everything unless the policy says else', async () => {
    const { tenantId, charge } = await paying();
    const { stripe } = room.pay;
    await stripe.refunds.create({ charge: charge.id, amount: 1_000 });
    await applied();
    expect((await account(tenantId)).standing).toMatchObject({ state: 'active', reasons: [] });
    await stripe.refunds.create({ charge: charge.id });
    await applied();
    expect((await account(tenantId)).standing).toMatchObject({
      ...{ state: 'active', access: 'full', reasons: ['refunded'] },
      takenBack: { refunds: [{ chargeId: charge.id, amount: 9_900 }] },
    });
    expect((await notices(tenantId)).slice(1)).toMatchObject([
      { kind: 'refunded', amount: 1_000, currency: 'usd' },
      { kind: 'refunded', amount: 9_900, currency: 'usd' },
    ]);
  });

  it('costs one call at first, and none for events that are not about it', async () => {
    const { customer } = await paying();
    const asked = () =>
      room.pay.local.api.asked.filter(({ path }) => /^\/v1\/(charges|disputes|invoice_payments)/.test(path));
    const before = asked().length;
    await room.pay.stripe.customers.update(customer.id, { description: 'changed' });
    await applied();
    expect(asked()).toHaveLength(before);
  });

  it('is whose the charge is, whatever the event is called', async () => {
    const { customer, charge } = await paying();
    const refund = await room.pay.stripe.refunds.create({ charge: charge.id, amount: 500 });
    const disputed = await paying();
    const dispute = room.pay.dispute(disputed.charge.id);
    const customerOf = room.app.get(CustomerOfEvent, { strict: false });
    const thin = (type: string, url: string) =>
      customerOf.execute(JSON.stringify({ type, related_object: { id: 'x', url } }));
    expect(await thin('v1.refund.created', `/v1/refunds/${refund.id}`)).toEqual([customer.id]);
    expect(await thin('v1.charge.dispute.created', `/v1/disputes/${dispute}`)).toEqual([
      disputed.customer.id,
    ]);
    const object = { object: 'refund', id: refund.id, charge: null, payment_intent: charge.payment_intent };
    expect(await customerOf.execute(JSON.stringify({ type: 'refund.updated', data: { object } }))).toEqual([
      customer.id,
    ]);
    await applied();
  });
});

describe('a look at charges', () => {
  const MOST = 10;
  const look = (customer: Stripe.Customer, known: ChargeFacts[] | null = null) =>
    room.app
      .get(LookAtCharges, { strict: false })
      .execute(customer.id, known && { ticket: 1, lookedAt: 0, list: known }, 0);
  /** Something else that the account sells: no invoice is paid by it. */
  const paidOnce = ({ id: of }: Stripe.Charge, n: number) => {
    const { books } = room.pay.local;
    const [id, intent] = [`${of}${n}`, `pi_${of}${n}`];
    books.transact(() => books.add<'charge'>({ ...books.need('charge', of), id, payment_intent: intent }));
    return id;
  };

  it('knows what each paid for, and asks once of what paid for nothing of a subscription', async () => {
    const { customer, charge } = await paying();
    const { stripe } = room.pay;
    for (let n = 0; n <= MOST; n++) await stripe.refunds.create({ charge: paidOnce(charge, n) });
    await stripe.refunds.create({ charge: charge.id });
    const first = await look(customer);
    expect(first.find((one) => one.id === charge.id)).toMatchObject({ invoiceId: null });
    const second = await look(customer, first);
    expect(second.filter((one) => one.subscriptionId === null)).toHaveLength(MOST + 1);
    const { data } = await stripe.subscriptions.list({ customer: customer.id });
    expect(second.find((one) => one.id === charge.id)).toMatchObject({
      ...{ invoiceId: expect.stringMatching(/^in_/), subscriptionId: data[0]!.id },
    });
    room.pay.local.api.asked.length = 0;
    await look(customer, second);
    expect(room.pay.local.api.asked.map((one) => one.path)).toEqual(['/v1/charges']);
  });

  it('comes to every dispute: those first of which nothing is known, or that are not decided', async () => {
    const { customer, charge } = await paying();
    const disputes: string[] = [];
    for (let n = 0; n <= MOST; n++) disputes.push(room.pay.dispute(paidOnce(charge, n)));
    const seen = (list: ChargeFacts[]) => list.flatMap((one) => one.disputes.map(({ id }) => id));
    const first = await look(customer);
    expect(seen(first)).toHaveLength(MOST);
    const second = await look(customer, first);
    expect(seen(second).toSorted()).toEqual(disputes.toSorted());
    const [oldest, ...others] = disputes;
    for (const one of others) room.pay.decide(one, 'won');
    const third = await look(customer, second);
    room.pay.decide(oldest!, 'lost');
    const fourth = await look(customer, third);
    const statuses = fourth.flatMap((one) => one.disputes.map(({ status }) => status));
    expect(statuses.toSorted()).toEqual(['lost', ...Array<string>(MOST).fill('won')]);
  });
});

describe('a payment that failed for good', () => {
  const settings = (after_retries: 'unpaid' | 'paused') => {
    const { books } = room.pay.local;
    books.settings = { ...books.settings, after_retries, retry_days: [1] };
  };

  it.each(['unpaid', 'paused'] as const)('leaves a subscription %s: restricted from then on', async (how) => {
    settings(how);
    const { stripe } = room.pay;
    const { tenantId, customer } = await paying();
    const card = await stripe.paymentMethods.attach('pm_card_chargeCustomerFail', { customer: customer.id });
    await stripe.customers.update(customer.id, { invoice_settings: { default_payment_method: card.id } });
    room.pay.advance(34 * DAY);
    room.clock.set(new Date(room.pay.local.books.clock.now() * 1_000));
    await applied();
    const { standing, facts } = await account(tenantId);
    const { data } = await stripe.charges.list({ customer: customer.id });
    const failedAt = data.find((one) => one.status === 'failed')!.created;
    const [one] = facts!.subscriptions;
    expect([one!.status, how === 'unpaid' ? one!.unpaid!.lastTriedAt : one!.pausedAt]).toEqual([
      how,
      failedAt,
    ]);
    expect(standing).toMatchObject({
      ...{ state: 'restricted', access: 'free', restrictsAt: failedAt * 1_000 },
      suspendsAt: (failedAt + 14 * DAY) * 1_000,
      reasons: how === 'paused' ? ['final_payment_failure'] : [],
    });
    expect((await notices(tenantId)).map((notice) => notice.kind)).toContain('restricted');
  });
});
