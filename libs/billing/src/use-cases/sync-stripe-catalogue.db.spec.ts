import type { Type } from '@nestjs/common';
import { readFileSync } from 'node:fs';
import { type BillingRoom, billingRoom } from '../../../../test/support/billing-room.js';
import { plansFile } from '../../../../test/support/plans-file.js';
import { ApplyEvents } from '../applying/apply-events.js';
import { BillingConfig } from '../billing.config.js';
import { Prices } from '../catalogue/prices.js';
import { inWords } from '../catalogue/stripe-catalogue.js';
import { OperatorLog } from '../persistence/operator-log.js';
import { StripeGateway } from '../stripe/stripe-gateway.js';
import { SyncStripeCatalogue } from './sync-stripe-catalogue.js';

const PLAIN = readFileSync('plans.yaml', 'utf8');
const BILLED = PLAIN.replaceAll(
  'commands: { limit: null, period: day }',
  'commands: { limit: null, billed: true }',
);

let world: BillingRoom;
let sync: SyncStripeCatalogue;

beforeAll(async () => {
  world = await billingRoom(ApplyEvents);
  sync = syncOf(BILLED);
});
afterAll(() => world?.close());

/** By another price list, in whichever process. */
function syncOf(text: string, app = world.app): SyncStripeCatalogue {
  const file = text === PLAIN ? 'plans.yaml' : plansFile(() => text);
  const get = <T>(token: Type<T>) => app.get(token, { strict: false });
  return new SyncStripeCatalogue(
    get(StripeGateway),
    new Prices({ file }, world.clock),
    get(BillingConfig),
    get(OperatorLog),
  );
}
const plan = async (by = sync) => (await by.plan(world.operator)).map(inWords);
const apply = async (by = sync) => {
  const told: string[] = [];
  const done = await by.apply(world.operator, (step) => told.push(inWords(step)));
  return { done, told };
};
const meters = async () => (await world.pay.stripe.billing.meters.list({ limit: 100 })).data;

describe('the price list brought to Stripe, with billed meters', () => {
  it('makes a meter that adds up under the name that uses are sent under, and twice changes nothing', async () => {
    expect(await plan()).toContain('+ meter gatehouse_commands adds up what is used');
    await apply();
    expect(await meters()).toMatchObject([
      {
        ...{ event_name: 'gatehouse_commands', display_name: 'Gatehouse: commands', status: 'active' },
        default_aggregation: { formula: 'sum' },
        customer_mapping: { event_payload_key: 'stripe_customer_id', type: 'by_id' },
        value_settings: { event_payload_key: 'value' },
      },
    ]);
    expect(await plan()).toEqual([]);
    expect(await apply()).toEqual({ done: 0, told: [] });
    expect(await meters()).toHaveLength(1);
  });

  it('reactivates one that was archived, as often as it is on one day', async () => {
    const [made] = await meters();
    for (let round = 0; round < 2; round++) {
      await world.pay.stripe.billing.meters.deactivate(made!.id);
      const told = [`~ meter gatehouse_commands (${made!.id}) is archived, and becomes active`];
      expect(await plan()).toEqual(told);
      expect(await apply()).toEqual({ done: 1, told });
      expect(await meters()).toMatchObject([{ id: made!.id, status: 'active' }]);
    }
  });

  it('leaves one that counts otherwise to a person, and makes another once that is archived', async () => {
    const [made] = await meters();
    await world.pay.stripe.billing.meters.deactivate(made!.id);
    const wrong = await world.pay.stripe.billing.meters.create({
      display_name: 'Wrong',
      event_name: 'gatehouse_commands',
      default_aggregation: { formula: 'count' },
    });
    const told = [
      `! meter gatehouse_commands (${wrong.id}): it is a count, not a sum; archive it at Stripe, and another is made`,
    ];
    expect(await plan()).toEqual(told);
    expect(await apply()).toEqual({ done: 0, told });
    await world.pay.stripe.billing.meters.deactivate(wrong.id);
    expect(await apply()).toMatchObject({ done: 1 });
    expect((await meters()).filter((one) => one.status === 'active')).toMatchObject([{ id: made!.id }]);
  });

  it('wakes a product as often as it is archived on one day', async () => {
    for (let round = 0; round < 2; round++) {
      await world.pay.stripe.products.update('gatehouse_team', { active: false });
      expect(await apply()).toMatchObject({ done: 1 });
      expect(await plan()).toEqual([]);
    }
  });

  it.each([true, false])(
    'makes a price say what it is before another one takes its name, active: %s',
    async (active) => {
      await apply();
      const prices = () => world.pay.stripe.prices;
      const [old] = (await prices().list({ lookup_keys: ['gatehouse_team_month'], active: true })).data;
      // As somebody makes one at the dashboard, and archives it there.
      const { id } = await prices().create({
        ...{ product: 'gatehouse_team', currency: 'usd', unit_amount: active ? 9_900 : 9_000 },
        ...{
          recurring: { interval: 'month' },
          lookup_key: 'gatehouse_team_month',
          transfer_lookup_key: true,
        },
      });
      await prices().update(old!.id, { active: false });
      if (!active) await prices().update(id, { active: false });
      expect((await apply()).told).toContain(
        `~ price gatehouse_team_month (${id}) says what it is, also without that name`,
      );
      expect(await prices().retrieve(id)).toMatchObject({
        ...{ active, lookup_key: active ? 'gatehouse_team_month' : null },
        metadata: { gatehouse_plan: 'TEAM', gatehouse_part: 'base' },
      });
      expect(await plan()).toEqual([]);
    },
  );

  describe('as often as the file changes on one day', () => {
    const text = PLAIN;
    /** As the file says from now on. */
    const bring = async (to: string, app = world.app) => {
      const one = syncOf(to, app);
      await one.apply(world.operator, () => undefined);
      expect((await one.plan(world.operator)).map(inWords).filter((step) => !step.includes('meter'))).toEqual(
        [],
      );
    };
    const teamPrice = async () =>
      (await world.pay.stripe.prices.list({ lookup_keys: ['gatehouse_team_month'], active: true })).data;

    it('sells what it sold before, by a price that is active', async () => {
      const unsold = text.replace(
        /  TEAM:\n    name: Team\n    price:\n(?:      .*\n)+/,
        '  TEAM:\n    name: Team\n    price: custom\n',
      );
      expect(unsold).not.toBe(text);
      await bring(text);
      for (let round = 0; round < 2; round++) {
        await bring(unsold);
        expect(await teamPrice()).toEqual([]);
        await bring(text);
        expect(await teamPrice()).toMatchObject([{ active: true, unit_amount: 9_900 }]);
      }
    });

    it('makes another price for one that was archived at Stripe, also in the hour that it was made', async () => {
      for (let round = 0; round < 2; round++) {
        const [made] = await teamPrice();
        await world.pay.stripe.prices.update(made!.id, { active: false });
        await bring(text);
        const [another] = await teamPrice();
        expect(another!.id).not.toBe(made!.id);
      }
    });

    it('gives a coupon again that was taken away', async () => {
      const generous = text.replace(
        '  currency: usd\n',
        '  currency: usd\n  coupons: { AGAIN: { percentOff: 20, duration: once } }\n',
      );
      const coupons = async () =>
        (await world.pay.stripe.coupons.list({ limit: 100 })).data.map((one) => one.name);
      for (let round = 0; round < 2; round++) {
        await bring(generous);
        expect(await coupons()).toEqual(['AGAIN']);
        await bring(text);
        expect(await coupons()).toEqual([]);
      }
    });

    it('makes each price once, whoever else applies the same at that moment', async () => {
      const dearer = text.replace('month: 4900, year: 49000', 'month: 5900, year: 59000');
      const other = await world.another();
      const ended = await Promise.allSettled([bring(dearer), bring(dearer, other)]);
      // Stripe refuses what is just being done for the other.
      for (const one of ended)
        if (one.status === 'rejected') expect(one.reason).toMatchObject({ code: 'BILLING_BUSY' });
      await bring(dearer);
      const { data } = await world.pay.stripe.prices.list({ product: 'gatehouse_pro', limit: 100 });
      expect(data.filter((one) => one.unit_amount === 5_900)).toHaveLength(1);
    });
  });

  it('says by which price each plan is sold (S2-30)', async () => {
    const sold = await sync.sold(world.operator);
    expect(sold.map((one) => one.lookupKey)).toContain('gatehouse_team_seat_year');
    for (const { priceId, lookupKey } of sold)
      expect(await world.pay.stripe.prices.retrieve(priceId!)).toMatchObject({ lookup_key: lookupKey });
  });

  it('makes no coupon that has ended, and takes one away that does', async () => {
    const today = world.clock.now().toISOString().slice(0, 10);
    const coupons = `coupons:\n    PAST: { percentOff: 5, duration: once, until: 2020-01-31 }\n    LAST: { percentOff: 5, duration: once, until: ${today} }\n`;
    const ended = syncOf(PLAIN.replace('billing:\n', `billing:\n  ${coupons}`));
    expect((await apply(ended)).told).toContainEqual(expect.stringMatching(/^\+ coupon LAST /));
    expect(await plan(ended)).toEqual([]);
    world.clock.advance(86_400_000);
    expect((await apply(ended)).told).toEqual([expect.stringMatching(/^- coupon LAST /)]);
    expect(await plan(ended)).toEqual([]);
  });
});

describe('what uses cost, brought to Stripe', () => {
  const byUse = (usage: string) => syncOf(BILLED.replace('extraSeat:', `usage: ${usage}\n      extraSeat:`));
  const PRODUCT = 'gatehouse_team_use_commands';
  const sold = async () =>
    (await world.pay.stripe.prices.list({ product: PRODUCT, active: true, expand: ['data.tiers'] })).data;
  const active = async () => (await meters()).find((one) => one.status === 'active')!;

  it('is a price on the meter, exact and in tiers where something is included, and twice changes nothing', async () => {
    const included = byUse('{ commands: { amount: 5, per: 1000, included: 10000 } }');
    expect(await apply(included)).toMatchObject({ done: 3 });
    expect(await plan(included)).toEqual([]);
    expect(await apply(included)).toEqual({ done: 0, told: [] });
    const { id } = await active();
    const [yearly, monthly] = await sold();
    expect(monthly).toMatchObject({
      ...{
        lookup_key: 'gatehouse_team_use_commands_month',
        billing_scheme: 'tiered',
        tiers_mode: 'graduated',
      },
      recurring: { interval: 'month', usage_type: 'metered', meter: id },
      metadata: { gatehouse_plan: 'TEAM', gatehouse_part: 'use', gatehouse_meter: 'commands' },
    });
    expect(yearly).toMatchObject({ recurring: { interval: 'year', meter: id } });
    const tiers = monthly!.tiers!.map((one) => [one.up_to, one.unit_amount_decimal?.toString()]);
    expect(tiers).toEqual([
      [10_000, '0'],
      [null, '0.005'],
    ]);
    expect((await included.sold(world.operator)).map((one) => one.priceId)).toContain(monthly!.id);
  });

  it('is another price without tiers once nothing is included, and the old one is archived', async () => {
    const before = (await sold()).map(({ id }) => id);
    const none = byUse('{ commands: { amount: 12345, per: 1000000 } }');
    expect(await apply(none)).toMatchObject({ done: 4 });
    expect(await plan(none)).toEqual([]);
    const [yearly, monthly] = await sold();
    expect(monthly).toMatchObject({ billing_scheme: 'per_unit', unit_amount: null });
    expect([yearly, monthly].map((one) => one!.unit_amount_decimal?.toString())).toEqual([
      ...['0.012345', '0.012345'],
    ]);
    for (const id of before)
      expect(await world.pay.stripe.prices.retrieve(id)).toMatchObject({ active: false, lookup_key: null });
  });

  it('is another price on another meter, which somebody has put in the place of ours', async () => {
    const none = byUse('{ commands: { amount: 12345, per: 1000000 } }');
    const [old] = await sold();
    await world.pay.stripe.billing.meters.deactivate((await active()).id);
    const other = await world.pay.stripe.billing.meters.create({
      ...{ display_name: 'Commands', event_name: 'gatehouse_commands' },
      default_aggregation: { formula: 'sum' },
    });
    const { done, told } = await apply(none);
    expect([done, told[0]]).toEqual([
      4,
      expect.stringMatching(
        /^\+ price gatehouse_team_use_commands_month 12345 usd for each 1000000 .* instead of price_/,
      ),
    ]);
    expect((await sold()).map((one) => one.recurring?.meter)).toEqual([other.id, other.id]);
    expect((await sold()).map(({ id }) => id)).not.toContain(old!.id);
    expect(await plan(none)).toEqual([]);
  });

  it('is taken off the shelf with its product, of which the file no longer says anything', async () => {
    expect(await apply()).toMatchObject({ done: 3 });
    expect(await sold()).toEqual([]);
    expect(await world.pay.stripe.products.retrieve(PRODUCT)).toMatchObject({ active: false });
    expect(await plan()).toEqual([]);
    // And back again, once the file says so.
    expect(await apply(byUse('{ commands: { amount: 5 } }'))).toMatchObject({ done: 3 });
    expect((await sold()).map((one) => one.unit_amount)).toEqual([5, 5]);
  });
});

describe('a long price list, and one call of Stripe at a time', () => {
  let narrow: BillingRoom;
  beforeAll(async () => {
    narrow = await billingRoom(ApplyEvents, { STRIPE_MAX_CALLS: '1' });
  });
  afterAll(() => narrow?.close());

  it('is looked through all the same: who waited for a turn was once refused', async () => {
    narrow.pay.local.faults.add({ match: { method: 'GET' }, kind: 'delay', delay_ms: 300, times: 1_000 });
    const steps = await syncOf(BILLED, narrow.app).plan(narrow.operator);
    expect(steps.map(inWords)).toContain('+ meter gatehouse_commands adds up what is used');
  });
});
