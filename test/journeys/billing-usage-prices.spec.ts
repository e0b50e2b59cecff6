import { GatehouseApi } from '#sdk';
import { billingWorld, type Buyer } from '../support/billing.js';
import { eventually } from '../support/eventually.js';
import { succeed } from '../support/person.js';
import { plansFile } from '../support/plans-file.js';

const PATIENCE_MS = 180_000;
const MONTH_SECONDS = 31 * 86_400;
const HOUR_SECONDS = 3_600;

const usesFor = (team: string) =>
  plansFile((text) =>
    text
      .replaceAll('commands: { limit: null, period: day }', 'commands: { limit: null, billed: true }')
      .replaceAll('trialDays: 14', 'trialDays: 0')
      .replace('extraSeat:', `usage: ${team}\n      extraSeat:`)
      .replace('year: 49000,', 'year: 49000, usage: { commands: { amount: 2 } },'),
  );
const FILE = usesFor('{ commands: { amount: 30, per: 100, included: 100 } }');
const DEARER = usesFor('{ commands: { amount: 1, per: 1 } }');

const world = billingWorld({ PLANS_FILE: FILE, BILLING_SHIP_USAGE_IDLE_MS: '100' });
const { product } = world;
beforeAll(() => product.admin('plans', 'apply', '--reason', 'a test'), PATIENCE_MS);

const usd = (amount: number) => ({ amount, currency: 'usd' });
const TEAM_USES = { meter: 'commands', amount: usd(30), per: 100, included: 100 };
const PRO_USES = { meter: 'commands', amount: usd(2), per: 1, included: 0 };

/** Uses so much at once, and waits until Stripe has been told of all so far. */
async function uses(owner: Buyer, amount: number, inAll: number): Promise<void> {
  await succeed(`${product.v1}/licenses/usage`, {
    bearer: owner.body.access_token,
    body: { meter: 'commands', amount },
  });
  await eventually(
    async () => {
      const { data } = await owner.get<{ data: unknown[] }>('/billing/usage');
      expect(data).toMatchObject([{ meter: 'commands', recorded: inAll, shipped: inAll }]);
    },
    { withinMs: 30_000 },
  );
}

/** Stripe counts in whole seconds: what was used in the second of a change is billed by the price after it. */
async function nextSecond(): Promise<void> {
  const second = () => Math.floor(Date.now() / 1_000);
  const before = second();
  await eventually(() => expect(second()).toBeGreaterThan(before));
}

const held = async (owner: Buyer) =>
  (await owner.subscription()).items.data.map(({ price, quantity }) => [price.lookup_key, quantity]).sort();

describe('what uses cost', () => {
  it(
    'is shown, bought with the plan, billed when the period is over, and another with another plan',
    async () => {
      const [stays, moves] = [await world.owner(), await world.owner()];
      const { body: owner } = stays;
      const { billing } = new GatehouseApi({
        url: product.api.url,
        bearer: { token: () => Promise.resolve(owner.access_token), renew: () => Promise.resolve(null) },
      });
      const plans = await billing.plans();
      expect(plans.map(({ plan, usage }) => [plan, usage])).toEqual([
        ...[
          ['FREE', []],
          ['PRO', [PRO_USES]],
          ['TEAM', [TEAM_USES]],
          ['ENTERPRISE', []],
        ],
      ]);
      expect(await billing.preview({ plan: 'TEAM' })).toMatchObject({
        ...{ amountDue: usd(9_900), usage: [TEAM_USES] },
      });

      for (const one of [stays, moves]) {
        await one.buy({ plan: 'TEAM' });
        await one.stands({ state: 'active', plan: 'TEAM', seats: 5 });
        await one.licensed({ tier: 'TEAM', max_seats: 5 });
        expect(await held(one)).toEqual([
          ['gatehouse_team_month', 1],
          ['gatehouse_team_use_commands_month', undefined],
        ]);
      }
      await uses(stays, 170, 170);
      await uses(stays, 80, 250);
      expect(await billing.preview({ plan: 'TEAM', seats: 5 })).toMatchObject({
        // 150 beyond what is included.
        ...{ amountDue: usd(9_900 + 45), usage: [TEAM_USES] },
      });

      await uses(moves, 200, 200);
      expect((await moves.ask('/billing/preview', { plan: 'PRO' })).body).toMatchObject({
        usage: [PRO_USES],
      });
      await nextSecond();
      await moves.change({ plan: 'PRO' });
      expect(await held(moves)).toEqual([
        ['gatehouse_pro_month', 1],
        ['gatehouse_pro_use_commands_month', undefined],
      ]);
      await moves.stands({ plan: 'PRO', seats: 1 });
      await uses(moves, 10, 210);

      world.stripe.advance(MONTH_SECONDS + 2 * HOUR_SECONDS);
      const invoice = await eventually(
        async () => {
          const { data } = await stays.get<{ data: { id: string; amount_paid: object }[] }>(
            '/billing/invoices',
          );
          expect(data[0]).toMatchObject({ status: 'paid', amount_paid: usd(9_900 + 45) });
          expect(data).toHaveLength(2);
          return data[0]!;
        },
        { withinMs: 30_000 },
      );
      const { lines } = await world.stripe.stripe.invoices.retrieve(invoice.id);
      expect(lines.data.map(({ quantity, amount }) => [quantity, amount])).toEqual([
        ...[
          [1, 9_900],
          [100, 0],
          [150, 45],
        ],
      ]);
      // What was used before the change by the price of then, and after it by that of the other plan.
      const { latest_invoice: latest } = await moves.subscription();
      const moved = await world.stripe.stripe.invoices.retrieve(latest as string);
      const amounts = moved.lines.data
        .filter(({ description }) => description?.includes('commands'))
        .map(({ quantity, amount }) => [quantity, amount]);
      expect(amounts.sort((a, b) => a[1]! - b[1]!)).toEqual([
        [100, 0],
        [10, 20],
        [100, 30],
      ]);
    },
    PATIENCE_MS,
  );

  // The last: for a minute afterwards a process may still ask for a price that is sold no more.
  it(
    'is kept by who has the plan, and said so, when others pay more by now',
    async () => {
      const owner = await world.owner();
      await owner.buy({ plan: 'TEAM' });
      await owner.stands({ state: 'active', plan: 'TEAM' });
      const env = { ...product.env };
      product.env.PLANS_FILE = DEARER;
      try {
        expect(await product.admin('catalog', 'plan')).toMatch(
          /^\+ price gatehouse_team_use_commands_month 1 usd for each 1 gatehouse_commands of a month instead of price_\w+$/m,
        );
        await product.admin('catalog', 'apply', '--reason', 'dearer');
        expect(await product.admin('catalog', 'apply', '--reason', 'dearer')).toBe('Nothing changes.\n');
        const api = await product.startApi({ PLANS_FILE: DEARER });
        const ask = <T>(path: string, body: object, method = 'POST') =>
          succeed<T>(`${api.url}/api/v1${path}`, { method, bearer: owner.body.access_token, body });
        const dearer = { meter: 'commands', amount: usd(1), per: 1, included: 0 };
        // 30 for 100 is 3 for 10.
        expect(await ask('/billing/preview', { plan: 'TEAM', seats: 7 })).toMatchObject({
          usage: [{ meter: 'commands', amount: usd(3), per: 10, included: 100 }],
        });
        expect(await ask('/billing/preview', { plan: 'TEAM', interval: 'year' })).toMatchObject({
          usage: [dearer],
        });
        const [before] = (await owner.subscription()).items.data.filter(
          ({ price }) => price.recurring?.meter,
        );
        await ask('/billing/subscription', { seats: 7 }, 'PATCH');
        await owner.stands({ seats: 7 });
        const after = (await owner.subscription()).items.data;
        expect(after.find(({ id }) => id === before!.id)?.price.id).toBe(before!.price.id);
        expect(after).toHaveLength(3);
        await api.stop();
      } finally {
        Object.assign(product.env, env);
      }
    },
    PATIENCE_MS,
  );
});
