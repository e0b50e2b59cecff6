import type Stripe from 'stripe';
import { bench } from './testing.js';

const { stripe, sold, control, newCustomer, subscribe } = await bench();

const intentOf = (subscription: Stripe.Subscription) =>
  (subscription.latest_invoice as Stripe.Invoice).payments!.data[0]!.payment.payment_intent as string;
const eventsOf = async (type: string) => (await stripe.events.list({ type, limit: 100 })).data;

describe('cards', () => {
  it('that decline are not even stored', async () => {
    for (const [card, decline_code] of [
      ['pm_card_chargeDeclined', 'generic_decline'],
      ['pm_card_visa_chargeDeclinedInsufficientFunds', 'insufficient_funds'],
    ])
      await expect(newCustomer(card)).rejects.toMatchObject({
        type: 'StripeCardError',
        decline_code,
      });
  });

  it('that need a person wait for one', async () => {
    const subscription = await subscribe({
      card: 'pm_card_authenticationRequired',
      expand: ['latest_invoice.payments', 'latest_invoice.confirmation_secret'],
    });
    expect(subscription).toMatchObject({
      status: 'incomplete',
      latest_invoice: { status: 'open', confirmation_secret: { type: 'payment_intent' } },
    });
    const intent = await stripe.paymentIntents.retrieve(intentOf(subscription));
    expect(intent).toMatchObject({ status: 'requires_action', next_action: { type: 'redirect_to_url' } });
    expect(await eventsOf('invoice.payment_action_required')).toHaveLength(1);

    const page = intent.next_action!.redirect_to_url!.url!;
    await fetch(page, {
      method: 'POST',
      body: new URLSearchParams({ action: 'authenticate' }),
      redirect: 'manual',
    });
    expect(await stripe.subscriptions.retrieve(subscription.id)).toMatchObject({ status: 'active' });
  });

  it('without anybody there are refused for want of authentication', async () => {
    await expect(
      subscribe({
        card: 'pm_card_authenticationRequired',
        off_session: true,
        payment_behavior: 'error_if_incomplete',
      }),
    ).rejects.toMatchObject({
      code: 'authentication_required',
    });
  });

  it('pay an open invoice later, and activate what waited for it', async () => {
    const subscription = await subscribe({ card: 'pm_card_chargeCustomerFail' });
    const invoice = subscription.latest_invoice as Stripe.Invoice;
    await expect(stripe.invoices.pay(invoice.id)).rejects.toMatchObject({
      type: 'StripeCardError',
      statusCode: 402,
    });
    const method = await stripe.paymentMethods.attach('pm_card_visa', {
      customer: subscription.customer as string,
    });
    expect(await stripe.invoices.pay(invoice.id, { payment_method: method.id })).toMatchObject({
      status: 'paid',
      attempt_count: 3,
    });
    expect(await stripe.subscriptions.retrieve(subscription.id)).toMatchObject({ status: 'active' });
    await expect(stripe.invoices.pay(invoice.id)).rejects.toThrow(/already paid/);
  });
});

describe('a change that costs money', () => {
  const upgrade = (
    subscription: Stripe.Subscription,
    payment_behavior: Stripe.SubscriptionUpdateParams.PaymentBehavior,
  ) =>
    stripe.subscriptions.update(subscription.id, {
      items: [{ id: subscription.items.data[0]!.id, price: sold.team.id }],
      proration_behavior: 'always_invoice',
      payment_behavior,
    });
  const declined = async () => {
    const subscription = await subscribe();
    await control('POST', 'faults', { kind: 'decline', customer: subscription.customer });
    return subscription;
  };
  const priceNow = async (id: string) => (await stripe.subscriptions.retrieve(id)).items.data[0]!.price.id;

  it('is taken back with error_if_incomplete, and leaves no invoice', async () => {
    const subscription = await declined();
    await expect(upgrade(subscription, 'error_if_incomplete')).rejects.toMatchObject({ statusCode: 402 });
    expect(await priceNow(subscription.id)).toBe(sold.pro.id);
    expect((await stripe.invoices.list({ subscription: subscription.id })).data).toHaveLength(1);
  });

  it('makes it past due with allow_incomplete', async () => {
    const subscription = await declined();
    expect(await upgrade(subscription, 'allow_incomplete')).toMatchObject({ status: 'past_due' });
    expect(await priceNow(subscription.id)).toBe(sold.team.id);
  });

  it('waits for the money with pending_if_incomplete', async () => {
    const subscription = await declined();
    const waiting = await upgrade(subscription, 'pending_if_incomplete');
    expect(waiting).toMatchObject({
      status: 'active',
      pending_update: { subscription_items: [{ price: { id: sold.team.id } }] },
    });
    expect(await priceNow(subscription.id)).toBe(sold.pro.id);
    await stripe.invoices.pay(waiting.latest_invoice as string);
    expect(await stripe.subscriptions.retrieve(subscription.id)).toMatchObject({
      pending_update: null,
      items: { data: [{ price: { id: sold.team.id } }] },
    });
    expect(await eventsOf('customer.subscription.pending_update_applied')).toHaveLength(1);
    await expect(
      stripe.subscriptions.update(subscription.id, {
        metadata: { a: '1' },
        payment_behavior: 'pending_if_incomplete',
      }),
    ).rejects.toMatchObject({ param: 'metadata' });
  });

  it('downwards is credited to the next bills', async () => {
    const subscription = await subscribe({ items: [{ price: sold.team.id }] });
    const down = await stripe.subscriptions.update(subscription.id, {
      items: [{ id: subscription.items.data[0]!.id, price: sold.pro.id }],
      proration_behavior: 'always_invoice',
      expand: ['latest_invoice', 'customer'],
    });
    expect(down.latest_invoice).toMatchObject({
      total: -5_000,
      amount_due: 0,
      status: 'paid',
      ending_balance: -5_000,
    });
    expect(down.customer).toMatchObject({ balance: -5_000 });
    const next = await stripe.invoices.createPreview({ subscription: subscription.id });
    expect(next).toMatchObject({ total: 4_900, amount_due: 0, starting_balance: -5_000 });
  });

  it('of interval begins a new period at once', async () => {
    const subscription = await subscribe();
    const yearly = await stripe.subscriptions.update(subscription.id, {
      items: [{ id: subscription.items.data[0]!.id, price: sold.proYearly.id }],
      expand: ['latest_invoice'],
    });
    expect((yearly.latest_invoice as Stripe.Invoice).lines.data.map((line) => line.amount)).toEqual([
      -4_900, 49_000,
    ]);
    const [item] = yearly.items.data;
    expect(item!.current_period_end - item!.current_period_start).toBeGreaterThanOrEqual(365 * 86_400);
  });

  it('is only noted until the next bill with create_prorations', async () => {
    const subscription = await subscribe();
    await stripe.subscriptions.update(subscription.id, {
      items: [{ id: subscription.items.data[0]!.id, quantity: 2 }],
    });
    expect((await stripe.invoices.list({ subscription: subscription.id })).data).toHaveLength(1);
    expect(
      (await stripe.invoiceItems.list({ customer: subscription.customer as string, pending: true })).data,
    ).toHaveLength(2);
    expect(await stripe.invoices.createPreview({ subscription: subscription.id })).toMatchObject({
      total: -4_900 + 9_800 + 9_800,
    });
    expect((await stripe.invoiceItems.list({ customer: subscription.customer as string })).data).toHaveLength(
      2,
    );
  });
});

describe('money that goes back', () => {
  it('is refunded once, with its events', async () => {
    const payment_intent = intentOf(await subscribe());
    const refund = await stripe.refunds.create({
      payment_intent,
      amount: 900,
      reason: 'requested_by_customer',
    });
    expect(refund).toMatchObject({ amount: 900, status: 'succeeded' });
    await stripe.refunds.create({ payment_intent });
    await expect(stripe.refunds.create({ payment_intent })).rejects.toMatchObject({
      code: 'charge_already_refunded',
    });
    expect(await stripe.charges.retrieve(refund.charge as string, { expand: ['refunds'] })).toMatchObject({
      amount_refunded: 4_900,
      refunded: true,
      refunds: { data: [{ amount: 4_000 }, { amount: 900 }] },
    });
    expect((await eventsOf('charge.refunded')).length).toBe(2);
    expect((await eventsOf('refund.created')).length).toBe(2);
  });

  it('is disputed by a card made for it, and decided on demand', async () => {
    await subscribe({ card: 'pm_card_createDispute' });
    const { data } = await stripe.disputes.list();
    expect(data).toMatchObject([{ status: 'needs_response', reason: 'fraudulent', amount: 4_900 }]);
    await expect(stripe.refunds.create({ charge: data[0]!.charge as string })).rejects.toMatchObject({
      code: 'charge_disputed',
    });
    await control('POST', 'disputes', { dispute: data[0]!.id, status: 'won' });
    expect(await stripe.disputes.retrieve(data[0]!.id)).toMatchObject({ status: 'won' });
    expect(await eventsOf('charge.dispute.closed')).toHaveLength(1);
  });

  it('is noted as a credit', async () => {
    const invoice = (await subscribe()).latest_invoice as Stripe.Invoice;
    expect(
      await stripe.creditNotes.create({ invoice: invoice.id, amount: 1_000, refund_amount: 1_000 }),
    ).toMatchObject({
      type: 'post_payment',
      refunds: [{ amount_refunded: 1_000 }],
    });
    await expect(stripe.creditNotes.create({ invoice: invoice.id, amount: 4_000 })).rejects.toThrow(
      /more than what is left/,
    );
  });
});

describe('an invoice of its own', () => {
  it('is drafted, finalised, paid or voided', async () => {
    const { id: customer } = await newCustomer();
    await stripe.invoiceItems.create({ customer, amount: 1_234, currency: 'usd', description: 'Work' });
    const draft = await stripe.invoices.create({ customer, pending_invoice_items_behavior: 'include' });
    expect(draft).toMatchObject({ status: 'draft', total: 1_234, number: null });
    expect(await stripe.invoices.finalizeInvoice(draft.id)).toMatchObject({
      status: 'open',
      number: expect.stringMatching(/-0001$/),
    });
    expect(await stripe.invoices.pay(draft.id)).toMatchObject({ status: 'paid' });
    await expect(stripe.invoices.voidInvoice(draft.id)).rejects.toMatchObject({
      code: 'invoice_not_editable',
    });
    const other = await stripe.invoices.create({ customer });
    await stripe.invoiceItems.create({ customer, invoice: other.id, amount: 500, currency: 'usd' });
    expect(await stripe.invoices.finalizeInvoice(other.id)).toMatchObject({ total: 500, status: 'open' });
    expect(await stripe.invoices.voidInvoice(other.id)).toMatchObject({ status: 'void' });
  });
});

describe('an invoice of many lines', () => {
  it('has the first ten in it wherever it is shown, and a list of all; a preview has no such list', async () => {
    const subscription = await subscribe();
    const customer = subscription.customer as string;
    for (let amount = 1; amount <= 12; amount++)
      await stripe.invoiceItems.create({ customer, amount, currency: 'usd', subscription: subscription.id });
    const preview = await stripe.invoices.createPreview({ customer, subscription: subscription.id });
    expect([preview.lines.data.length, preview.lines.has_more]).toEqual([10, true]);
    await expect(stripe.invoices.listLineItems(preview.id)).rejects.toMatchObject({ statusCode: 404 });

    const made = await stripe.invoices.create({ customer, subscription: subscription.id });
    const [listed] = (await stripe.invoices.list({ customer, limit: 1 })).data;
    const { latest_invoice: latest } = await stripe.subscriptions.retrieve(subscription.id, {
      expand: ['latest_invoice'],
    });
    const [told] = (await stripe.events.list({ type: 'invoice.created', limit: 1 })).data;
    for (const one of [made, listed!, latest, told!.data.object] as Stripe.Invoice[]) {
      expect([one.id, one.total]).toEqual([made.id, 78]);
      expect([one.lines.data.length, one.lines.has_more]).toEqual([10, true]);
    }
    const all = await stripe.invoices.listLineItems(made.id, { limit: 5 }).autoPagingToArray({ limit: 100 });
    expect(all.map((one) => one.amount).sort((a, b) => a - b)).toEqual([
      1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12,
    ]);
    expect((subscription.latest_invoice as Stripe.Invoice).lines.has_more).toBe(false);
  });
});

describe('the end of a customer', () => {
  it('ends the subscriptions, and the customer is still known as deleted', async () => {
    const subscription = await subscribe();
    await stripe.customers.del(subscription.customer as string);
    expect(await stripe.customers.retrieve(subscription.customer as string)).toMatchObject({ deleted: true });
    expect(await stripe.subscriptions.retrieve(subscription.id)).toMatchObject({ status: 'canceled' });
    await expect(
      stripe.subscriptions.create({
        customer: subscription.customer as string,
        items: [{ price: sold.pro.id }],
      }),
    ).rejects.toMatchObject({ code: 'resource_missing' });
  });
});
