import type { INestApplicationContext } from '@nestjs/common';
import { Actor, ClosedTenants, Db, ManualClock, newId, SystemDatabase } from '#platform';
import { DescribeTenant } from '#tenancy';
import { testDatabase, type TestDatabase } from '../../../../test/support/database.js';
import { databaseApp } from '../../../../test/support/database-app.js';
import { Prices } from '../catalogue/prices.js';
import type { ChargeFacts, SubscriptionFacts } from '../domain/stripe-facts.js';
import { BillingAccounts } from '../persistence/billing-accounts.js';
import { Checkouts } from '../persistence/checkouts.js';
import { StripeInbox } from '../persistence/stripe-inbox.js';
import type { Look, StripeLook } from '../stripe/look.js';
import { FollowCustomer } from './follow-customer.js';
import { RestateAccount } from './restate-account.js';

const START = new Date('2026-01-01T00:00:00Z');
const SECONDS = START.getTime() / 1_000;

const subscription = (more: Partial<SubscriptionFacts> = {}): SubscriptionFacts => ({
  id: 'sub_1',
  status: 'active',
  created: SECONDS,
  periodStart: SECONDS,
  items: [
    {
      id: 'si_1',
      priceId: 'price_1',
      lookupKey: 'gatehouse_team_month',
      plan: null,
      part: null,
      interval: 'month',
      quantity: 1,
      periodEnd: SECONDS + 2_600_000,
    },
  ],
  trialEnd: null,
  cancelAt: null,
  endedAt: null,
  pausedCollection: null,
  pausedReason: null,
  pausedAt: null,
  unpaid: null,
  ...more,
});
const UNPAID = {
  status: 'past_due',
  unpaid: {
    ...{ invoiceId: 'in_1', since: SECONDS, amountDue: 9900, currency: 'usd' },
    ...{ nextAttemptAt: null, lastTriedAt: null },
  },
};

/** Stripe, as it answers one look after the other. What it answers to each is said before. */
class StripeOfTest {
  answers: (() => Promise<Look | null>)[] = [];
  /** Whether the charges were to be looked at, too, of each. */
  asked: boolean[] = [];
  at = (_: string, charges: object | null): Promise<Look | null> => {
    this.asked.push(charges !== null);
    return this.answers.shift()!();
  };
}

describe('following a customer', () => {
  const clock = new ManualClock(START);
  let database: TestDatabase;
  let app: INestApplicationContext;
  let db: Db;
  let stripe: StripeOfTest;
  let follow: FollowCustomer;
  let tenant: Actor;
  let customerId: string;

  beforeAll(async () => {
    database = await testDatabase();
    app = await databaseApp(database);
    db = app.get(Db);
  });
  afterAll(async () => {
    await app?.close();
    await database?.drop();
  });
  beforeEach(() => {
    clock.set(START);
    tenant = Actor.system(newId('ten'), 'trace');
    customerId = `cus_${tenant.tenantId!.slice(4)}`;
    stripe = new StripeOfTest();
    const known = {
      execute: (actor: Actor) => Promise.resolve(actor.tenantId === tenant.tenantId ? { tenant: {} } : null),
    };
    const accounts = new BillingAccounts(db);
    const dunning = { graceDays: 7, restrictedDays: 7, onDispute: 'restrict', onRefund: 'keep' } as const;
    follow = new FollowCustomer(
      db,
      accounts,
      new Checkouts(db),
      new StripeInbox(app.get(SystemDatabase)),
      stripe as unknown as StripeLook,
      known as unknown as DescribeTenant,
      new ClosedTenants(app.get(SystemDatabase)),
      new RestateAccount(db, accounts, new Prices({ file: 'plans.yaml' }, clock), dunning),
      clock,
    );
  });

  const look = (
    more: Partial<SubscriptionFacts> = {},
    tenantId: string | null = tenant.tenantId,
    charges: Look['charges'] = null,
  ): Look => ({
    facts: {
      customerId,
      isDeleted: false,
      clockAt: null,
      subscriptions: [subscription(more)],
    } satisfies Look['facts'],
    charges,
    tenantId,
  });
  const followed = (seen: Look | null, isAboutCharges = false) => {
    stripe.answers.push(() => Promise.resolve(seen));
    return follow.execute(customerId, 'trace', isAboutCharges);
  };
  const account = () => new BillingAccounts(db).get(tenant);
  const told = async () =>
    (
      await db.read<{ name: string; payload: { kind?: string; state?: string } }>(
        tenant,
        'select name, payload from platform.outbox where tenant_id = $1 order by recorded_at, id',
        [tenant.tenantId],
      )
    ).map(({ payload }) => payload.kind ?? payload.state);

  it('tells once what has changed, however often it is looked at (S2-32)', async () => {
    for (const isChanged of [true, false, false])
      expect(await followed(look())).toEqual({ outcome: 'applied', tenantId: tenant.tenantId, isChanged });
    expect(await told()).toEqual(['active', 'subscribed']);
    expect(await account()).toMatchObject({ customerId, revision: 1, standing: { plan: 'TEAM', seats: 5 } });
  });

  it('writes nothing of a look that began before one that is written', async () => {
    const slow = Promise.withResolvers<Look>();
    stripe.answers.push(() => slow.promise);
    const first = follow.execute(customerId, 'trace');
    // The slow one has drawn its ticket once it looks.
    await new Promise((resolve) => setImmediate(resolve));
    while (stripe.answers.length > 0) await new Promise((resolve) => setImmediate(resolve));
    await followed(look({ cancelAt: SECONDS + 1_000 }));
    slow.resolve(look());
    expect(await first).toMatchObject({ outcome: 'superseded' });
    expect((await account()).standing.state).toBe('ending');
  });

  const charge = (more: Partial<ChargeFacts> = {}): ChargeFacts => ({
    ...{ id: 'ch_1', created: SECONDS, amount: 9900, currency: 'usd', refunded: 0, invoiceId: 'in_1' },
    subscriptionId: 'sub_1',
    disputes: [],
    ...more,
  });

  it('looks at charges at first, then once a day, for an event about them, and while something was taken back', async () => {
    const DAY = 86_400_000;
    await followed(look({}, undefined, []));
    await followed(look());
    await followed(look({}, undefined, []), true);
    clock.set(new Date(START.getTime() + DAY));
    await followed(look({}, undefined, [charge({ refunded: 100 })]));
    await followed(look({}, undefined, [charge()]));
    await followed(look());
    expect(stripe.asked).toEqual([true, false, true, true, true, false]);
  });

  it('takes the charges of a look that was late in all else: who looked later had left them out', async () => {
    await followed(look({}, undefined, []));
    const slow = Promise.withResolvers<Look>();
    stripe.answers.push(() => slow.promise);
    const first = follow.execute(customerId, 'trace', true);
    while (stripe.answers.length > 0) await new Promise((resolve) => setImmediate(resolve));
    await followed(look({ cancelAt: SECONDS + 1_000 }));
    slow.resolve(look({}, undefined, [charge({ refunded: 9900 })]));
    expect(await first).toMatchObject({ outcome: 'applied' });
    const { standing, facts } = await account();
    expect(standing).toMatchObject({ state: 'ending', reasons: ['refunded'], access: 'full' });
    expect(facts!.charges!.list).toHaveLength(1);
    expect(await told()).toEqual(['active', 'subscribed', 'ending', 'ending', 'ending', 'refunded']);
  });

  it('walks through grace, restriction and suspension with the time, and tells each step once (S1-52)', async () => {
    const DAY = 86_400_000;
    await followed(look());
    for (const days of [0, 1, 7, 7, 14, 20]) {
      clock.set(new Date(START.getTime() + days * DAY));
      await followed(look(UNPAID));
    }
    await followed(look());
    // The same again, as a replay would have it: nobody is told twice.
    await followed(look(UNPAID));
    expect(await told()).toEqual([
      ...['active', 'subscribed', 'grace', 'payment_failed', 'restricted', 'restricted'],
      ...['suspended', 'suspended', 'active', 'recovered', 'suspended'],
    ]);
  });

  it('says when to look again, and forgets it when nothing is ahead', async () => {
    await followed(look(UNPAID));
    const inbox = new StripeInbox(app.get(SystemDatabase));
    const mine = async (now: Date) =>
      (await inbox.takeDue(now, 100, 30_000)).filter((one) => one.customerId === customerId);
    expect(await mine(START)).toEqual([]);
    const due = new Date(START.getTime() + 7 * 86_400_000);
    expect(await mine(due)).toEqual([{ tenantId: tenant.tenantId, customerId }]);
    // Whoever takes it has it for a while.
    expect(await mine(due)).toEqual([]);
    await followed(look());
    expect(await mine(new Date(due.getTime() + 99 * 86_400_000))).toEqual([]);
  });

  it('believes no tenant that is none, and gives nobody’s customer to another', async () => {
    expect(await followed(null)).toEqual({ outcome: 'foreign', why: 'NO_CUSTOMER' });
    expect(await followed(look({}, null))).toEqual({ outcome: 'foreign', why: 'NO_TENANT' });
    expect(await followed(look({}, newId('ten')))).toEqual({ outcome: 'foreign', why: 'NO_TENANT' });
    await followed(look());
    customerId = `${customerId}x`;
    expect(await followed(look())).toEqual({
      ...{ outcome: 'foreign', why: 'OTHER_CUSTOMER', tenantId: tenant.tenantId },
    });
  });
});
