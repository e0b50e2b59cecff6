import { billingWorld, Buyer } from '../support/billing.js';
import { eventually } from '../support/eventually.js';
import { customClaimsOf } from '../support/firebase.js';
import { refusal, signUp } from '../support/person.js';
import { pay } from '../support/stripe.js';

const SLOW = { withinMs: 60_000 };
const YEAR = new Date(Date.now() + 365 * 86_400_000);
const world = billingWorld({
  ...{ EVENTS_RETRY_MS: '50', BILLING_APPLY_IDLE_MS: '50' },
  BILLING_ON_REFUND: 'suspend',
});

const end = (owner: Buyer) =>
  world.product.admin('billing', 'end-contract', owner.body.tenant.id, '--reason', 'a test');
const patch = async (owner: Buyer, body: object) =>
  refusal(await owner.ask<never>('/billing/subscription', body, 'PATCH'));

describe('a tenant with a contract', () => {
  it('has what is agreed, licence, features and claims, until it ends; and buys nothing by card meanwhile', async () => {
    const made = await signUp(world.product.api.url);
    const owner = new Buyer(world, made);
    const claims = (expected: object) =>
      eventually(async () => expect(await customClaimsOf(made.idToken)).toMatchObject(expected), SLOW);
    const features = async () => {
      const { data } = await owner.get<{ data: { entitlements: string[] }[] }>('/licenses');
      return data[0]!.entitlements;
    };
    await claims({ tier: 'FREE', max_seats: 1 });
    const free = await features();

    await owner.agree(YEAR);
    await owner.stands({ state: 'contract', plan: 'ENTERPRISE', seats: 40 });
    await owner.licensed({ tier: 'ENTERPRISE', max_seats: 40 });
    await claims({ tier: 'ENTERPRISE', max_seats: 40 });
    expect((await features()).length).toBeGreaterThan(free.length);

    const refused = await owner.ask<{ error: { details: object } }>('/billing/checkout', { plan: 'TEAM' });
    expect(refusal(refused as never)).toEqual([409, 'UNDER_CONTRACT']);
    expect(refused.body.error.details).toEqual({ ends_at: YEAR.toISOString() });
    for (const body of [{ seats: 50 }, { plan: 'PRO' }, { resume: true }, { cancel: true }])
      expect(await patch(owner, body)).toEqual([409, 'UNDER_CONTRACT']);
    // Nothing was ever bought by card, so there is no card to change; what could not be bought is not foretold.
    expect(refusal(await owner.ask<never>('/billing/portal', {}))).toEqual([409, 'NOT_SUBSCRIBED']);
    expect(refusal(await owner.ask<never>('/billing/preview', { plan: 'TEAM' }))).toEqual([
      ...[409, 'UNDER_CONTRACT'],
    ]);

    await end(owner);
    await owner.stands({ state: 'cancelled', plan: 'FREE' });
    await owner.licensed({ tier: 'FREE', max_seats: 1 });
    await claims({ tier: 'FREE', max_seats: 1 });
    expect(await features()).toEqual(free);
    expect((await owner.ask('/billing/checkout', { plan: 'TEAM' })).status).toBe(200);
  });

  it('is kept from no card that is still billed beside it: portal and cancelling work, and what was bought holds afterwards', async () => {
    const owner = await world.subscriber();
    await owner.agree(YEAR);
    await owner.stands({ state: 'contract', plan: 'ENTERPRISE', reasons: ['subscription_beside'] });
    expect(refusal(await owner.ask<never>('/billing/checkout', { plan: 'PRO' }))).toEqual([
      ...[409, 'UNDER_CONTRACT'],
    ]);
    expect((await owner.ask('/billing/portal', {})).status).toBe(200);
    expect(await patch(owner, { seats: 9 })).toEqual([409, 'UNDER_CONTRACT']);
    expect((await owner.ask('/billing/subscription', { cancel: true }, 'PATCH')).status).toBe(200);
    expect(await owner.subscription()).toMatchObject({ cancel_at_period_end: true });
    await end(owner);
    await owner.stands({ state: 'ending', plan: 'TEAM', seats: 5 });
    await owner.licensed({ tier: 'TEAM', max_seats: 5 });
  });

  it('pays at no page that was open before', async () => {
    const owner = await world.owner();
    const { body } = await owner.ask<{ url: string }>('/billing/checkout', { plan: 'TEAM' });
    await owner.agree(YEAR);
    await pay(body.url);
    const { id: customer } = await owner.customer();
    const { data } = await world.stripe.stripe.subscriptions.list({ customer, status: 'all' });
    expect(data).toEqual([]);
  });
});

interface InvoiceBody {
  id: string;
  amount_refunded: { amount: number; currency: string };
  dispute: { status: string; reason: string; amount: object; respond_by: string } | null;
}

/** Has paid for Team, without a trial. */
async function payer(): Promise<{ owner: Buyer; charge: string }> {
  const owner = await world.owner();
  const { stripe } = world.stripe;
  const { data: prices } = await stripe.prices.list({ lookup_keys: ['gatehouse_team_month'] });
  const customer = await stripe.customers.create({
    payment_method: 'pm_card_visa',
    invoice_settings: { default_payment_method: 'pm_card_visa' },
    metadata: { tenant_id: owner.body.tenant.id },
  });
  await stripe.subscriptions.create({ customer: customer.id, items: [{ price: prices[0]!.id }] });
  await owner.stands({ state: 'active', plan: 'TEAM', seats: 5 });
  await owner.licensed({ tier: 'TEAM', max_seats: 5 });
  const { data: charges } = await stripe.charges.list({ customer: customer.id });
  return { owner, charge: charges[0]!.id };
}

const invoice = async (owner: Buyer) =>
  (await owner.get<{ data: InvoiceBody[] }>('/billing/invoices')).data[0]!;

interface PageBody {
  data: InvoiceBody[];
  next_cursor: string | null;
}

describe('what a tenant was asked to pay', () => {
  it('is told page by page, the newest first, without what is not finished yet', async () => {
    const { owner } = await payer();
    const { stripe } = world.stripe;
    const { id: customer } = await owner.customer();
    const first = await invoice(owner);
    const billed = async (amount: number) => {
      await stripe.invoiceItems.create({ customer, amount, currency: 'usd', description: 'Help' });
      return stripe.invoices.create({ customer, pending_invoice_items_behavior: 'include' });
    };
    const second = await stripe.invoices.finalizeInvoice((await billed(700)).id!);
    const draft = await billed(900);

    const pages: PageBody[] = [];
    for (let cursor: string | null = ''; cursor !== null; cursor = pages.at(-1)!.next_cursor)
      pages.push(await owner.get(`/billing/invoices?limit=1${cursor && `&cursor=${cursor}`}`));
    expect(pages.map((one) => one.data.map((row) => row.id))).toEqual([[], [second.id], [first.id]]);
    expect(pages.map((one) => one.next_cursor)).toEqual([draft.id, second.id, null]);
    expect(pages[1]!.data[0]).toMatchObject({
      ...{ status: 'open', amount_due: { amount: 700, currency: 'usd' }, amount_paid: { amount: 0 } },
    });
    expect((await owner.get<PageBody>('/billing/invoices')).data.map((one) => one.id)).toEqual([
      ...[second.id, first.id],
    ]);
    // Whoever goes on where nobody has been is told so.
    expect(refusal(await owner.ask('/billing/invoices?cursor=cus_1'))).toEqual([422, 'VALIDATION_FAILED']);
  });
});

describe('what a tenant has paid', () => {
  it('disputed: shown at its invoice, mailed, told to operators, and restricted until it is decided', async () => {
    const { owner, charge } = await payer();
    expect(await invoice(owner)).toMatchObject({
      amount_refunded: { amount: 0, currency: 'usd' },
      dispute: null,
    });
    const dispute = world.stripe.dispute(charge);
    await owner.stands({ state: 'restricted', access: 'free', plan: 'TEAM', reasons: ['disputed'] });
    await owner.licensed({ tier: 'FREE', max_seats: 1 });
    expect((await invoice(owner)).dispute).toEqual({
      ...{ status: 'needs_response', reason: 'fraudulent', amount: { amount: 9_900, currency: 'usd' } },
      respond_by: expect.any(String),
    });
    expect(await world.product.admin('billing', 'disputes')).toContain(`${dispute} ${owner.body.tenant.id}`);
    await owner.mailed(/A payment of .* is disputed/);

    world.stripe.decide(dispute, 'won');
    await owner.stands({ state: 'active', access: 'full', reasons: [] });
    await owner.licensed({ tier: 'TEAM', max_seats: 5 });
    expect((await invoice(owner)).dispute).toMatchObject({ status: 'won' });
    await owner.mailed(/dispute .* is decided/);
  });

  it('refunded: shown at its invoice, mailed, and what the operator’s policy says', async () => {
    const { owner, charge } = await payer();
    await world.stripe.stripe.refunds.create({ charge });
    await owner.stands({ state: 'suspended', access: 'none', plan: 'TEAM', reasons: ['refunded'] });
    await owner.licensed({ tier: 'FREE', max_seats: 1, status: 'suspended' });
    expect((await invoice(owner)).amount_refunded).toEqual({ amount: 9_900, currency: 'usd' });
    await owner.mailed(/gets a payment back/);
  });
});

describe('a customer that somebody has deleted at Stripe', () => {
  const checkout = (owner: Buyer) => owner.ask<{ url: string }>('/billing/checkout', { plan: 'TEAM' });
  const customersOf = async (owner: Buyer) => {
    const { data } = await world.stripe.stripe.customers.list({ limit: 100 });
    return data.filter((one) => one.metadata.tenant_id === owner.body.tenant.id).map((one) => one.id);
  };

  it('leaves a tenant that buys again as a new one, without a second trial; what is told of the old one changes nothing', async () => {
    const { stripe, local } = world.stripe;
    const owner = await world.subscriber();
    const { id: old } = await owner.customer();
    const { data: subscriptions } = await stripe.subscriptions.list({ customer: old });
    await stripe.customers.del(old);
    await owner.stands({ state: 'cancelled', plan: 'FREE', access: 'free' });
    await owner.licensed({ tier: 'FREE', max_seats: 1 });
    expect(refusal(await owner.ask<never>('/billing/portal', {}))).toEqual([409, 'NOT_SUBSCRIBED']);
    expect(refusal(await owner.ask<never>('/billing/subscription', { seats: 8 }, 'PATCH'))).toEqual([
      ...[409, 'NOT_SUBSCRIBED'],
    ]);

    const pages = await Promise.all(Array.from({ length: 8 }, () => checkout(owner)));
    expect(pages.map((one) => one.status)).toEqual(pages.map(() => 200));
    expect(new Set(pages.map((one) => one.body.url)).size).toBe(1);
    await pay(pages[0]!.body.url);
    const stands = await owner.stands({ state: 'active', plan: 'TEAM', trial_ends_at: null });
    const [fresh, ...more] = await customersOf(owner);
    expect([more, (await owner.customer()).id]).toEqual([[], fresh]);
    expect((await owner.ask('/billing/portal', {})).status).toBe(200);

    // What is late, of the old one.
    const events = ['customer.subscription.updated', 'customer.deleted'] as const;
    const objects = [
      { ...subscriptions[0], status: 'active' },
      { id: old, object: 'customer', deleted: true },
    ];
    for (const [i, type] of events.entries())
      local.books.transact(() => local.books.emit(type as never, objects[i] as never));
    const late = () =>
      world.product.query<{ failure: string }>(
        `select failure from billing.stripe_events where status = 'ignored' and failure is not null and payload like '%' || $1 || '%'`,
        [old],
      );
    await eventually(
      async () => expect(await late()).toEqual(events.map(() => ({ failure: 'GONE_CUSTOMER' }))),
      { withinMs: 20_000 },
    );
    expect(await owner.stands({ state: 'active' })).toEqual(stands);
    const [account] = await world.product.query<{ gone: string[] }>(
      'select gone_customers as gone from billing.accounts where tenant_id = $1',
      [owner.body.tenant.id],
    );
    expect(account?.gone).toEqual([old]);
  });

  it('is in nobody’s way who has not paid yet', async () => {
    const owner = await world.owner();
    const first = await checkout(owner);
    await world.stripe.stripe.customers.del((await owner.customer()).id);
    const second = await checkout(owner);
    expect(second.status).toBe(200);
    expect(second.body.url).not.toBe(first.body.url);
    await pay(second.body.url);
    await owner.stands({ state: 'trial', plan: 'TEAM' });
  });
});
