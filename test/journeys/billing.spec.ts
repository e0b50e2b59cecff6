import { type BillingEvent, GatehouseApi } from '#sdk';
import { billingWorld, type Buyer } from '../support/billing.js';
import { mailsTo } from '../support/mail.js';
import { refusal } from '../support/person.js';
import { advance } from '../../apps/local/stripe/testing.js';

const DAY = 86_400;
const START = Math.floor(Date.now() / 1_000);

/** Twenty looks at Stripe and as many mails take a while on a busy machine. */
const PATIENCE_MS = 300_000;

let clock = '';
let now = START;

const world = billingWorld(
  { BILLING_GRACE_DAYS: '7', BILLING_RESTRICTED_DAYS: '7' },
  async ({ stripe, local }) => {
    // After its last attempt Stripe cancels: with its own schedule on day 57 to 60, by the length of the month.
    local.books.settings.retry_days = [30];
    const made = await stripe.testHelpers.testClocks.create({ frozen_time: START });
    clock = made.id;
    return { STRIPE_TEST_CLOCK: clock };
  },
);

async function days(count: number): Promise<void> {
  now += count * DAY;
  await advance(world.stripe.stripe, clock, now);
}

/** What its program hears from now on. */
function watched({ body }: Buyer) {
  const bearer = { token: () => Promise.resolve(body.access_token), renew: () => Promise.resolve(null) };
  return new GatehouseApi({ url: world.product.api.url, bearer }).billing.watch();
}

/** The first of each of these kinds that it hears; it hears no more then. */
async function first(told: AsyncIterable<BillingEvent>, ...kinds: BillingEvent['kind'][]) {
  const found: Partial<Record<BillingEvent['kind'], BillingEvent>> = {};
  for await (const event of told) {
    found[event.kind] ??= event;
    if (kinds.every((kind) => found[kind])) break;
  }
  return Object.fromEntries(kinds.map((kind) => [kind, found[kind]]));
}

describe('a tenant that buys Team (S1-50, S1-51, S1-52, S2-13)', () => {
  it(
    'gets what it pays for, loses it step by step when it does not, and has it back when it does',
    async () => {
      const owner = await world.owner();
      await owner.stands({ state: 'none', plan: 'FREE', access: 'free' });
      await owner.licensed({ tier: 'FREE', max_seats: 1 });

      const told = watched(owner);
      expect((await told.next()).value).toMatchObject({ kind: 'state', subscription: { state: 'none' } });
      await owner.buy({ plan: 'TEAM' });
      expect(await first(told, 'subscription.changed', 'notice.raised')).toEqual({
        'subscription.changed': expect.objectContaining({
          subscription: expect.objectContaining({
            ...{ revision: 1, state: 'trial', access: 'full', plan: 'TEAM', seats: 5, discount: null },
            ...{ trialEndsAt: (START + 14 * DAY) * 1_000, unpaid: null },
          }),
        }),
        'notice.raised': expect.objectContaining({
          notice: expect.objectContaining({
            kind: 'subscribed',
            plan: 'TEAM',
            planName: 'Team',
            access: 'full',
          }),
        }),
      });
      await owner.stands({ state: 'trial', plan: 'TEAM', seats: 5, access: 'full' });
      await owner.licensed({ tier: 'TEAM', max_seats: 5 });
      expect(refusal(await owner.ask('/billing/checkout', { plan: 'PRO' }))).toEqual([
        409,
        'ALREADY_SUBSCRIBED',
      ]);

      await owner.change({ seats: 8 });
      await owner.stands({ seats: 8 });
      await owner.licensed({ tier: 'TEAM', max_seats: 8 });

      await days(15);
      await owner.stands({ state: 'active', trial_ends_at: null });

      // The card stops working, and the next period cannot be paid.
      const customer = await owner.customer();
      const { stripe } = world.stripe;
      const card = await stripe.paymentMethods.attach('pm_card_chargeCustomerFail', {
        customer: customer.id,
      });
      await stripe.customers.update(customer.id, { invoice_settings: { default_payment_method: card.id } });
      const { data: subscriptions } = await stripe.subscriptions.list({ customer: customer.id });
      await stripe.subscriptions.update(subscriptions[0]!.id, { default_payment_method: card.id });
      await days(31);
      await owner.stands({ state: 'grace', access: 'full', seats: 8 });
      await owner.licensed({ tier: 'TEAM', max_seats: 8 });
      const { data: invoices } = await owner.get<{ data: { id: string; status: string }[] }>(
        '/billing/invoices',
      );
      expect(invoices[0]).toMatchObject({ status: 'open' });

      await days(7);
      await owner.stands({ state: 'restricted', access: 'free', plan: 'TEAM' });
      await owner.licensed({ tier: 'FREE', max_seats: 1 });

      await days(7);
      await owner.stands({ state: 'suspended', access: 'none' });
      await owner.licensed({ tier: 'FREE', max_seats: 1, status: 'suspended' });

      const good = await stripe.paymentMethods.attach('pm_card_visa', { customer: customer.id });
      await stripe.invoices.pay(invoices[0]!.id, { payment_method: good.id });
      await owner.stands({ state: 'active', access: 'full', unpaid: null });
      await owner.licensed({ tier: 'TEAM', max_seats: 8, status: 'active' });

      await owner.change({ cancel: true });
      await owner.stands({ state: 'ending', access: 'full' });
      await owner.change({ resume: true });
      await owner.stands({ state: 'active', ends_at: null });
      await stripe.subscriptions.update(subscriptions[0]!.id, { default_payment_method: good.id });
      await owner.change({ cancel: true });
      await days(31);
      await owner.stands({ state: 'cancelled', plan: 'FREE' });
      await owner.licensed({ tier: 'FREE', max_seats: 1 });

      const mails = await mailsTo(owner.body.user.email, 10);
      const subjects = mails.map((one) => one.subject).join('\n');
      for (const said of [
        /is on Team$/m,
        /payment .* failed/,
        /restricted to what is free/,
        /is suspended/,
        /is on Team again/,
        /subscription .* ends$/m,
        /goes on$/m,
        /has ended$/m,
      ])
        expect(subjects).toMatch(said);
    },
    PATIENCE_MS,
  );
});
