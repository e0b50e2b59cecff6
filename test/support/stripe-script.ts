import type Stripe from 'stripe';
import type { LocalStripe } from '../../apps/local/stripe/local-stripe.js';
import { advance } from '../../apps/local/stripe/testing.js';
import { eventually } from './eventually.js';
import type { JourneyStripe } from './stripe.js';

const DAY = 86_400;
/** A renewal's invoice is a draft for an hour. */
const PAST_DRAFT = 2 * 3_600;
const START = 1_767_225_600;

const VERBS = ['seats', 'seats', 'cancel', 'resume', 'rename', 'pay', 'days', 'period', 'unpaid'] as const;

/** One thing that happens to a customer at Stripe. */
export interface Step {
  verb: (typeof VERBS)[number];
  number: number;
}

/** Whoever buys, cancels twice, and means it in between, is told of the end once. */
const OPENING: readonly Step['verb'][] = ['seats', 'cancel', 'resume', 'cancel', 'resume'];

/** The same seed gives the same steps. */
export function scriptOf(random: (below: number) => number): () => Step {
  const opening = OPENING.values();
  return () => ({ verb: opening.next().value ?? VERBS[random(VERBS.length)]!, number: 1 + random(9) });
}

/** A customer of a tenant at Stripe, by a test clock of its own, to whom things happen. */
export class ScriptedCustomer {
  private now = START;

  private constructor(
    readonly id: string,
    readonly clock: string,
    readonly tenantId: string,
    private readonly prices: readonly string[],
    private readonly stripe: Stripe,
    private readonly local: LocalStripe,
    private readonly hear: JourneyStripe['hear'],
  ) {}

  static async make({ stripe, local, hear }: JourneyStripe, tenantId: string): Promise<ScriptedCustomer> {
    const clock = await stripe.testHelpers.testClocks.create({ frozen_time: START });
    const customer = await stripe.customers.create({
      test_clock: clock.id,
      payment_method: 'pm_card_visa',
      invoice_settings: { default_payment_method: 'pm_card_visa' },
      metadata: { tenant_id: tenantId },
    });
    const keys = ['gatehouse_team_month', 'gatehouse_team_seat_month'];
    const { data } = await stripe.prices.list({ lookup_keys: keys });
    const prices = keys.map((key) => data.find((one) => one.lookup_key === key)!.id);
    return new ScriptedCustomer(customer.id, clock.id, tenantId, prices, stripe, local, hear);
  }

  /** Whoever has no subscription gets one, whatever the step says. */
  async play({ verb, number }: Step): Promise<void> {
    const { data } = await this.stripe.subscriptions.list({ customer: this.id });
    const subscription = data[0];
    if (!subscription) return this.subscribe(number);
    const { id } = subscription;
    switch (verb) {
      case 'seats':
        return this.update(id, {
          items: [{ id: subscription.items.data[1]!.id, quantity: number }],
          proration_behavior: 'none',
        });
      case 'cancel':
      case 'resume':
        return this.update(id, { cancel_at_period_end: verb === 'cancel' });
      case 'rename':
        return void (await this.stripe.customers.update(this.id, { description: `number ${number}` }));
      case 'pay':
        return this.pay();
      case 'days':
        return this.until(this.now + number * DAY);
      case 'period':
      case 'unpaid':
        if (verb === 'unpaid') this.decline(1 + (number % 4));
        return this.until(periodEnd(subscription) + PAST_DRAFT);
    }
  }

  /** Of the plan's extra seats, as Stripe has them; null: it has no living subscription. */
  async extraSeats(): Promise<number | null> {
    const { data } = await this.stripe.subscriptions.list({ customer: this.id });
    return data[0]?.items.data[1]?.quantity ?? null;
  }

  private async subscribe(seats: number): Promise<void> {
    const [base, seat] = this.prices as [string, string];
    await this.stripe.subscriptions.create({
      customer: this.id,
      items: [{ price: base }, { price: seat, quantity: seats }],
      trial_period_days: 14,
    });
  }

  private async update(id: string, changes: Stripe.SubscriptionUpdateParams): Promise<void> {
    await this.stripe.subscriptions.update(id, changes);
  }

  private decline(times: number): void {
    this.local.books.declines.push({ customer: this.id, decline_code: 'generic_decline', times });
  }

  private async pay(): Promise<void> {
    this.local.books.declines = this.local.books.declines.filter((one) => one.customer !== this.id);
    const { data } = await this.stripe.invoices.list({ customer: this.id, status: 'open' });
    for (const invoice of data) await this.stripe.invoices.pay(invoice.id);
  }

  private async until(time: number): Promise<void> {
    this.now = Math.max(time, this.now + 1);
    await advance(this.stripe, this.clock, this.now);
  }

  /** The next look at it reads its subscriptions at once, and the rest `ms` later: it is out of date when it is written. */
  async delayNextLook(ms: number, look: () => Promise<unknown>): Promise<void> {
    const clockPath = `/v1/test_helpers/test_clocks/${this.clock}`;
    const heard = this.hear();
    this.local.faults.add({ kind: 'delay', match: { method: 'GET', path: clockPath }, delay_ms: ms });
    await look();
    await eventually(
      () => {
        const since = heard();
        const isListed = since.some(
          ({ path, status, params }) =>
            path === '/v1/subscriptions' &&
            status === 200 &&
            (params as { customer?: string }).customer === this.id,
        );
        return isListed && since.some((one) => one.path === clockPath);
      },
      { withinMs: 20_000, everyMs: 5 },
    );
  }
}

const periodEnd = ({ items, trial_end: trialEnd, status }: Stripe.Subscription): number =>
  status === 'trialing' && trialEnd ? trialEnd : Math.max(...items.data.map((one) => one.current_period_end));
