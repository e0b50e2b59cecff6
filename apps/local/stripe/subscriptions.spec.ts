import type Stripe from 'stripe';
import { bench } from './testing.js';

const { stripe, sold, newCustomer, subscribe } = await bench();

describe('creating a subscription', () => {
  it('bills the first period at once; periods are the items’', async () => {
    const subscription = await subscribe();
    const invoice = subscription.latest_invoice as Stripe.Invoice;

    expect(subscription).toMatchObject({ status: 'active', currency: 'usd', cancel_at_period_end: false });
    expect(subscription).not.toHaveProperty('current_period_end');
    const item = subscription.items.data[0]!;
    expect(item.current_period_end - item.current_period_start).toBeGreaterThanOrEqual(28 * 86_400);
    expect(invoice).toMatchObject({
      status: 'paid',
      amount_due: 4_900,
      amount_paid: 4_900,
      billing_reason: 'subscription_create',
      parent: { subscription_details: { subscription: subscription.id } },
    });
    expect(invoice.payments?.data).toMatchObject([{ status: 'paid', amount_paid: 4_900 }]);
  });

  it('refuses what Stripe refuses', async () => {
    const customer = await newCustomer();
    const create = (params: Partial<Stripe.SubscriptionCreateParams>) =>
      stripe.subscriptions.create({ customer: customer.id, ...params });

    await expect(create({ items: [{ price: 'price_unknown' }] })).rejects.toMatchObject({
      type: 'StripeInvalidRequestError',
      code: 'resource_missing',
      param: 'items[0][price]',
      statusCode: 400,
    });
    await expect(create({})).rejects.toMatchObject({ code: 'parameter_missing', param: 'items' });
    await expect(create({ items: [{ price: sold.pro.id }], colour: 'red' } as never)).rejects.toMatchObject({
      code: 'parameter_unknown',
      param: 'colour',
    });
    await expect(create({ items: [{ price: sold.pro.id }, { price: sold.pro.id }] })).rejects.toThrow(
      /multiple/,
    );
    await expect(stripe.subscriptions.retrieve('sub_none')).rejects.toMatchObject({
      statusCode: 404,
      code: 'resource_missing',
    });
  });

  it('needs a card unless it may be incomplete, and with a declining one is incomplete or refused', async () => {
    const customer = await stripe.customers.create({});
    const items = [{ price: sold.pro.id }];
    await expect(stripe.subscriptions.create({ customer: customer.id, items })).rejects.toMatchObject({
      code: 'resource_missing',
    });
    expect(
      await stripe.subscriptions.create({
        customer: customer.id,
        items,
        payment_behavior: 'default_incomplete',
      }),
    ).toMatchObject({
      status: 'incomplete',
    });
    expect(await subscribe({ card: 'pm_card_chargeCustomerFail' })).toMatchObject({
      status: 'incomplete',
      latest_invoice: { status: 'open' },
    });
    await expect(
      subscribe({ card: 'pm_card_chargeCustomerFail', payment_behavior: 'error_if_incomplete' }),
    ).rejects.toMatchObject({
      type: 'StripeCardError',
      code: 'card_declined',
      statusCode: 402,
    });
  });
});

describe('changing a subscription', () => {
  it('prorates more seats and bills them at once when asked', async () => {
    const subscription = await subscribe();
    const [item] = subscription.items.data;
    const changed = await stripe.subscriptions.update(subscription.id, {
      items: [{ id: item!.id, quantity: 3 }],
      proration_behavior: 'always_invoice',
      expand: ['latest_invoice'],
    });

    expect(changed.items.data[0]).toMatchObject({ id: item!.id, quantity: 3 });
    const invoice = changed.latest_invoice as Stripe.Invoice;
    expect(invoice).toMatchObject({ billing_reason: 'subscription_update', status: 'paid' });
    expect(invoice.lines.data.map((line) => line.amount)).toEqual([-4_900, 14_700]);
    expect(invoice.total).toBe(9_800);
  });

  it('previews exactly what it then bills', async () => {
    const subscription = await subscribe();
    const items = [{ id: subscription.items.data[0]!.id, price: sold.team.id, quantity: 1 }];
    const date = subscription.items.data[0]!.current_period_start + 10 * 86_400;
    const details = { items, proration_behavior: 'always_invoice' as const, proration_date: date };
    const preview = await stripe.invoices.createPreview({
      subscription: subscription.id,
      subscription_details: details,
    });
    const { proration_behavior, proration_date } = details;
    const changed = await stripe.subscriptions.update(subscription.id, {
      items,
      proration_behavior,
      proration_date,
      expand: ['latest_invoice'],
    });

    const billed = changed.latest_invoice as Stripe.Invoice;
    expect(preview.total).toBe(billed.total);
    expect(preview.lines.data.map((line) => [line.description, line.amount])).toEqual(
      billed.lines.data.map((line) => [line.description, line.amount]),
    );
    expect(preview.status).toBe('draft');
    const next = await stripe.invoices.createPreview({ subscription: subscription.id });
    const end = changed.items.data[0]!.current_period_end;
    expect(next).toMatchObject({ total: 9_900, period_end: end, next_payment_attempt: end + 3_600 });
  });
});
