import type Stripe from 'stripe';
import { bench } from './testing.js';

const { stripe, sold, local, newCustomer } = await bench();

const post = (url: string, fields: Record<string, string>, headers: Record<string, string> = {}) =>
  fetch(url, { method: 'POST', body: new URLSearchParams(fields), redirect: 'manual', headers });
const read = async (url: string) => {
  const answer = await fetch(url);
  return {
    status: answer.status,
    html: await answer.text(),
    policy: answer.headers.get('content-security-policy') ?? '',
  };
};

describe('the checkout page', () => {
  const open = (more: Partial<Stripe.Checkout.SessionCreateParams> = {}) =>
    stripe.checkout.sessions.create({
      mode: 'subscription',
      line_items: [{ price: sold.team.id, quantity: 5 }],
      success_url: 'http://127.0.0.1:9/done?session={CHECKOUT_SESSION_ID}',
      cancel_url: 'http://127.0.0.1:9/cancelled',
      client_reference_id: 'ten_1',
      metadata: { a: '1' },
      subscription_data: { metadata: { tenant_id: 'ten_1' } },
      ...more,
    });

  it('sells what the session says', async () => {
    const session = await open({ customer_email: 'ada@example.com', expand: ['line_items'] });
    expect(session).toMatchObject({
      status: 'open',
      payment_status: 'unpaid',
      amount_total: 49_500,
      line_items: { data: [{ quantity: 5, amount_total: 49_500 }] },
    });
    const page = await read(session.url!);
    expect(page.html).toContain('Team');
    expect(page.html).toContain('$495.00');
    expect(page.policy).toMatch(/^default-src 'none'.*form-action 'self' http:\/\/127\.0\.0\.1:9;/);

    const paid = await post(session.url!, { action: 'pay', number: '4242 4242 4242 4242' });
    expect([paid.status, paid.headers.get('location')]).toEqual([
      303,
      `http://127.0.0.1:9/done?session=${session.id}`,
    ]);
    const done = await stripe.checkout.sessions.retrieve(session.id, {
      expand: ['subscription', 'customer', 'invoice'],
    });
    expect(done).toMatchObject({
      status: 'complete',
      payment_status: 'paid',
      client_reference_id: 'ten_1',
      url: null,
      customer: { email: 'ada@example.com' },
      invoice: { amount_paid: 49_500 },
      subscription: {
        status: 'active',
        metadata: { tenant_id: 'ten_1' },
        items: { data: [{ quantity: 5 }] },
      },
    });
    expect((await stripe.events.list({ type: 'checkout.session.completed' })).data).toMatchObject([
      { data: { object: { id: session.id } } },
    ]);
    expect((await read(session.url!)).html).toContain('it was paid');
  });

  describe('of one who was there before', () => {
    const taxed = { automatic_tax: { enabled: true }, allow_promotion_codes: true };
    const auto = { address: 'auto', name: 'auto' } as const;
    const code = async (error: Promise<unknown>) =>
      error.then(String, (one: Stripe.errors.StripeError) => [one.param, one.message]);
    beforeAll(() => void (local.books.settings.tax_percent = 19));
    afterAll(() => void (local.books.settings.tax_percent = 0));

    it('keeps name and address that are typed, where it may, and taxes by them', async () => {
      const { id: customer } = await stripe.customers.create({ name: 'Ada' });
      const session = await open({ customer, customer_update: auto, ...taxed });
      const page = await read(session.url!);
      expect(page.html).toContain('name="name" autocomplete="name" value="Ada"');
      expect(page.html).toMatch(/name="country"[^>]* required/);
      const nowhere = await post(session.url!, { action: 'pay', card: 'visa' });
      expect(await nowhere.text()).toContain('A billing address is needed.');
      const typed = { action: 'pay', card: 'visa', name: 'Ada Works', country: 'DE', postal_code: '10115' };
      expect((await post(session.url!, typed)).status).toBe(303);
      const there = (await stripe.customers.retrieve(customer)) as Stripe.Customer;
      expect(there).toMatchObject({
        ...{ name: 'Ada Works', address: { country: 'DE', postal_code: '10115', line1: null } },
      });
      const tax = Math.round(49_500 * 0.19);
      expect(await stripe.checkout.sessions.retrieve(session.id, { expand: ['invoice'] })).toMatchObject({
        ...{ amount_subtotal: 49_500, amount_total: 49_500 + tax },
        total_details: { amount_discount: 0, amount_tax: tax },
        customer_details: { name: 'Ada Works', address: { country: 'DE' } },
        invoice: { automatic_tax: { enabled: true, status: 'complete' } },
      });
      const told = await stripe.events.list({ type: 'customer.updated', limit: 1 });
      expect(told.data[0]!.data.object).toMatchObject({ id: customer, name: 'Ada Works' });
    });

    it('says what of the total is a discount, and what is tax', async () => {
      const { id: customer } = await stripe.customers.create({ address: { country: 'DE' } });
      const coupon = await stripe.coupons.create({ percent_off: 20, duration: 'once' });
      const session = await open({
        ...{ customer, automatic_tax: { enabled: true }, discounts: [{ coupon: coupon.id }] },
      });
      await post(session.url!, { action: 'pay', card: 'visa' });
      const tax = Math.round(39_600 * 0.19);
      expect(await stripe.checkout.sessions.retrieve(session.id)).toMatchObject({
        ...{ amount_subtotal: 49_500, amount_total: 39_600 + tax },
        total_details: { amount_discount: 9_900, amount_tax: tax },
      });
    });

    it('leaves them as they are where it may not', async () => {
      const { id: customer } = await stripe.customers.create({ name: 'Ada', address: { country: 'AT' } });
      const session = await open({ customer, automatic_tax: { enabled: true } });
      expect((await read(session.url!)).html).not.toMatch(/name="(name|country)"/);
      const typed = { action: 'pay', card: 'visa', name: 'Eve', country: 'DE' };
      expect((await post(session.url!, typed)).status).toBe(303);
      expect(await stripe.customers.retrieve(customer)).toMatchObject({
        ...{ name: 'Ada', address: { country: 'AT' } },
      });
    });

    it('is refused without leave for what it has to change, and with leave where nobody is', async () => {
      const { id: customer } = await stripe.customers.create({});
      const taxIds = { tax_id_collection: { enabled: true } };
      expect(await code(open({ customer, ...taxIds }))).toEqual([
        'customer_update[name]',
        expect.stringContaining('requires updating business name on the customer'),
      ]);
      expect(await code(open({ customer, ...taxIds, customer_update: { address: 'auto' } }))).toContain(
        'customer_update[name]',
      );
      expect(await code(open({ customer, automatic_tax: { enabled: true } }))).toContain(
        'customer_update[address]',
      );
      expect(await code(open({ customer_update: auto }))).toContain('customer_update');
      expect((await open({ customer, ...taxIds, ...taxed, customer_update: auto })).status).toBe('open');
    });
  });

  it('stays open after a decline, and nothing is left of it', async () => {
    const customer = await stripe.customers.create({});
    const session = await open({ customer: customer.id });
    for (const card of ['chargeDeclinedInsufficientFunds', 'chargeCustomerFail']) {
      const refused = await post(session.url!, { action: 'pay', card });
      expect(await refused.text()).toMatch(/role="alert".*(insufficient funds|declined)/s);
    }
    expect((await stripe.subscriptions.list({ customer: customer.id, status: 'all' })).data).toEqual([]);
    expect((await post(session.url!, { action: 'pay', card: 'visa' })).status).toBe(303);
  });

  it('asks the bank first where it must', async () => {
    const session = await open({ customer: (await stripe.customers.create({})).id });
    expect(
      await (await post(session.url!, { action: 'pay', card: 'authenticationRequired' })).text(),
    ).toContain('whether it is you');
    expect(await (await post(session.url!, { action: 'fail_authentication' })).text()).toContain(
      'unable to authenticate',
    );
    expect(
      (await post(session.url!, { action: 'authenticate', card: 'authenticationRequired' })).status,
    ).toBe(303);
    expect(await stripe.checkout.sessions.retrieve(session.id)).toMatchObject({ status: 'complete' });
  });

  it('gives trials and discounts', async () => {
    const coupon = await stripe.coupons.create({ amount_off: 1_000, currency: 'usd', duration: 'forever' });
    await stripe.promotionCodes.create({ promotion: { type: 'coupon', coupon: coupon.id }, code: 'TEN' });
    const customer = (await stripe.customers.create({})).id;
    const session = await open({ customer, allow_promotion_codes: true });
    expect(
      await (await post(session.url!, { action: 'pay', card: 'visa', promotion_code: 'none' })).text(),
    ).toContain('promotion code is invalid');
    await post(session.url!, { action: 'pay', card: 'visa', promotion_code: 'ten' });
    expect(await stripe.checkout.sessions.retrieve(session.id)).toMatchObject({
      amount_total: 48_500,
      total_details: { amount_discount: 1_000 },
    });

    await expect(open({ subscription_data: { trial_period_days: 731 } })).rejects.toMatchObject({
      param: 'subscription_data[trial_period_days]',
    });
    const trial = await open({
      customer: (await stripe.customers.create({})).id,
      subscription_data: { trial_period_days: 14 },
    });
    expect(trial).toMatchObject({ amount_total: 0, payment_status: 'no_payment_required' });
    await post(trial.url!, { action: 'pay', card: 'visa' });
    expect(await stripe.checkout.sessions.retrieve(trial.id, { expand: ['subscription'] })).toMatchObject({
      payment_status: 'no_payment_required',
      subscription: { status: 'trialing' },
    });
  });

  it('is not paid by a form of another site, nor after it expired', async () => {
    const session = await open();
    expect(
      (
        await post(
          session.url!,
          { action: 'pay', card: 'visa', email: 'a@example.com' },
          { origin: 'https://evil.example' },
        )
      ).status,
    ).toBe(403);
    await stripe.checkout.sessions.expire(session.id);
    expect(await (await post(session.url!, { action: 'pay', card: 'visa' })).text()).toContain(
      'no longer open',
    );
    await expect(open({ line_items: [{ price: 'price_none' }] })).rejects.toMatchObject({
      param: 'line_items[0][price]',
      code: 'resource_missing',
    });
    await expect(open({ customer: 'cus_none' })).rejects.toMatchObject({ param: 'customer' });
  });
});

describe('the portal', () => {
  it('cancels, keeps, and changes the card', async () => {
    const customer = await newCustomer();
    const { id } = await stripe.subscriptions.create({
      customer: customer.id,
      items: [{ price: sold.pro.id }],
    });
    const { id: configuration } = await stripe.billingPortal.configurations.create({
      features: { payment_method_update: { enabled: true }, subscription_cancel: { enabled: true } },
    });
    await expect(stripe.billingPortal.sessions.create({ customer: customer.id })).rejects.toThrow(
      'No configuration provided',
    );
    const { url } = await stripe.billingPortal.sessions.create({
      configuration,
      customer: customer.id,
      return_url: 'http://127.0.0.1:9/back',
    });
    expect((await read(url)).html).toMatch(/pro_monthly.*active/s);
    await post(url, { action: 'cancel', subscription: id });
    expect(await stripe.subscriptions.retrieve(id)).toMatchObject({ cancel_at_period_end: true });
    await post(url, { action: 'keep', subscription: id });
    expect(await stripe.subscriptions.retrieve(id)).toMatchObject({ cancel_at_period_end: false });
    await post(url, { action: 'card', card: 'mastercard' });
    expect((await read(url)).html).toContain('mastercard •••• 4444');
  });

  it('allows what its configuration allows', async () => {
    const customer = await newCustomer();
    const { id } = await stripe.subscriptions.create({
      customer: customer.id,
      items: [{ price: sold.pro.id }],
    });
    const configuration = await stripe.billingPortal.configurations.create({
      features: { invoice_history: { enabled: true } },
    });
    const { url } = await stripe.billingPortal.sessions.create({
      customer: customer.id,
      configuration: configuration.id,
    });
    expect((await read(url)).html).not.toContain('Cancel plan');
    expect((await post(url, { action: 'cancel', subscription: id })).status).toBe(400);
    expect(await stripe.subscriptions.retrieve(id)).toMatchObject({ cancel_at_period_end: false });
  });
});

describe('the dashboard', () => {
  it('shows what there is, escaped, and does what its buttons say', async () => {
    const customer = await stripe.customers.create({
      email: '<b>@example.com',
      payment_method: 'pm_card_visa',
      invoice_settings: { default_payment_method: 'pm_card_visa' },
    });
    await post(local.url, { action: 'fail', customer: customer.id });
    const { id, latest_invoice } = await stripe.subscriptions.create({
      customer: customer.id,
      items: [{ price: sold.pro.id }],
    });
    expect((await stripe.subscriptions.retrieve(id)).status).toBe('incomplete');
    const { html, policy } = await read(local.url);
    expect(html).toContain('&#60;b&#62;@example.com');
    expect(policy).toContain("default-src 'none'");
    await post(local.url, { action: 'pay', invoice: latest_invoice as string });
    expect((await stripe.subscriptions.retrieve(id)).status).toBe('active');
    await post(local.url, { action: 'advance', days: '32' });
    expect((await stripe.invoices.list({ subscription: id })).data).toHaveLength(2);
    expect((await read(`${local.url}/nothing`)).status).toBe(404);
  });
});
