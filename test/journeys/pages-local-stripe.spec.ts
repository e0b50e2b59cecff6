import { journeyBrowser } from '../support/browser.js';
import { startStripe, type JourneyStripe } from '../support/stripe.js';

/** What a person does at the local Stripe: the pages have no script, so that only a browser shows whether they work. */
describe('the pages of the local Stripe', () => {
  const browser = journeyBrowser();
  let given: JourneyStripe;
  beforeAll(async () => {
    given = await startStripe();
  });
  afterAll(() => given.stop());

  it('take a card, ask its bank, and lead back', async () => {
    const { stripe, local } = given;
    const price = await stripe.prices.create({
      ...{ currency: 'usd', unit_amount: 9_900, recurring: { interval: 'month' } },
      product_data: { name: 'Team' },
    });
    const customer = await stripe.customers.create({ email: 'ada@example.com' });
    const session = await stripe.checkout.sessions.create({
      customer: customer.id,
      line_items: [{ price: price.id, quantity: 2 }],
      success_url: `${local.url}/?paid={CHECKOUT_SESSION_ID}`,
    });
    const { page } = await browser.person();
    await page.goto(session.url!);
    await page.getByLabel('Test card').selectOption('authenticationRequired');
    await page.getByRole('button', { name: 'Pay and subscribe' }).click();
    await page.getByRole('button', { name: 'Complete' }).click();
    await page.waitForURL(`**/?paid=${session.id}`);
    const { data } = await stripe.subscriptions.list({ customer: customer.id });
    expect(data).toMatchObject([{ status: 'active' }]);

    const { id: configuration } = await stripe.billingPortal.configurations.create({
      features: {
        invoice_history: { enabled: true },
        payment_method_update: { enabled: true },
        subscription_cancel: { enabled: true },
      },
    });
    const portal = await stripe.billingPortal.sessions.create({ customer: customer.id, configuration });
    await page.goto(portal.url);
    await page.getByRole('button', { name: 'Cancel plan' }).click();
    await page.getByRole('button', { name: 'Keep plan' }).waitFor();
    expect(await stripe.subscriptions.retrieve(data[0]!.id)).toMatchObject({ cancel_at_period_end: true });

    await page.goto(local.url);
    await page.getByRole('button', { name: 'Advance a month' }).click();
    await page.getByText('days ahead of this machine').waitFor();
    expect(await stripe.subscriptions.retrieve(data[0]!.id)).toMatchObject({ status: 'canceled' });
  });
});
