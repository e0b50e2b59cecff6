import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { INestApplicationContext } from '@nestjs/common';
import type Stripe from 'stripe';
import { Actor, Db } from '#platform';
import { type BillingRoom, billingRoom } from '../../../../test/support/billing-room.js';
import { ApplyEvents } from '../applying/apply-events.js';
import { driftOf } from '../domain/drift.js';
import type { Wish } from '../domain/wish.js';
import { BillingAccounts } from '../persistence/billing-accounts.js';
import { WishBook } from '../persistence/wishes.js';
import { subscriptionFacts } from '../stripe/look.js';
import { MakeChanges } from './make-changes.js';
import { SyncStripeCatalogue } from './sync-stripe-catalogue.js';

const BILLED = readFileSync('plans.yaml', 'utf8').replaceAll(
  'commands: { limit: null, period: day }',
  'commands: { limit: null, billed: true }',
);
const PRO = 'price: { month: 4900, year: 49000, trialDays: 14 }';
const priced = (team: string, pro = '{ commands: { amount: 2 } }') =>
  BILLED.replace('extraSeat:', `usage: ${team}\n      extraSeat:`).replace(
    PRO,
    `price: { month: 4900, year: 49000, trialDays: 14, usage: ${pro} }`,
  );
const BY_USE = priced('{ commands: { amount: 5, per: 1000, included: 10000 } }');
const DEARER = priced('{ commands: { amount: 6, per: 1000 } }');

let room: BillingRoom;
let place: string;
let file: string;
let actor: Actor;
let id: string;

beforeAll(async () => {
  place = mkdtempSync(join(tmpdir(), 'gatehouse-uses-'));
  file = join(place, 'plans.yaml');
  writeFileSync(file, BY_USE);
  room = await billingRoom(ApplyEvents, { PLANS_FILE: file });
  await sell(room.app);
}, 60_000);
afterAll(async () => {
  await room?.close();
  rmSync(place, { recursive: true, force: true });
});

const stripe = () => room.pay.stripe;
const there = () => stripe().subscriptions.retrieve(id);
const sell = (app: INestApplicationContext) =>
  app.get(SyncStripeCatalogue, { strict: false }).apply(room.operator, () => undefined);
/** Processes that were started with another file. */
const processOf = async (text: string) => {
  writeFileSync(file, text);
  const app = await room.another();
  await sell(app);
  return app;
};
/** Somebody new who has bought these. */
const buyer = async (...keys: string[]) => {
  const tenantId = await room.tenant();
  actor = Actor.system(tenantId, 'trace');
  const { id: customer } = await room.customer(tenantId);
  const { data } = await stripe().prices.list({ lookup_keys: keys, active: true });
  id = (await stripe().subscriptions.create({ customer, items: data.map((one) => ({ price: one.id })) })).id;
  await look();
};
const look = async () => {
  await room.deliver();
  await room.apply();
};
const want = async (wish: Wish, app = room.app) => {
  const wishes = app.get(WishBook, { strict: false });
  await app.get(Db, { strict: false }).transaction(actor, async () => {
    await wishes.lock();
    await wishes.put(wish, room.clock.now());
  });
  await app.get(MakeChanges, { strict: false }).turn(actor);
  return (await wishes.get(actor))!.outcomes.at(-1);
};
const held = ({ items }: Stripe.Subscription) =>
  items.data.map(({ price, quantity }) => [price.lookup_key ?? price.nickname, quantity]).sort();
const TEAM = ['gatehouse_team_month', 'gatehouse_team_use_commands_month'];

describe('what bills the uses of a plan', () => {
  it('is swapped with it, has no quantity, and changes nothing else that stands there', async () => {
    const product = await stripe().products.create({ name: 'Support' });
    const support = await stripe().prices.create({
      ...{ product: product.id, currency: 'usd', unit_amount: 500, nickname: 'support' },
      recurring: { interval: 'month' },
    });
    await buyer(...TEAM);
    await stripe().subscriptions.update(id, { items: [{ price: support.id, quantity: 3 }] });
    expect(await want({ plan: 'PRO' })).toMatchObject({ status: 'done' });
    expect(held(await there())).toEqual([
      ['gatehouse_pro_month', 1],
      ['gatehouse_pro_use_commands_month', undefined],
      ['support', 3],
    ]);
    // What is so already changes nothing.
    const from = room.pay.hear();
    expect(await want({ plan: 'PRO' })).toMatchObject({ status: 'done' });
    expect(from().filter((one) => one.method === 'POST')).toEqual([]);
  });

  it('is swapped with the interval', async () => {
    await buyer(...TEAM);
    expect(await want({ interval: 'year' })).toMatchObject({ status: 'done' });
    expect(held(await there())).toEqual([
      ['gatehouse_team_use_commands_year', undefined],
      ['gatehouse_team_year', 1],
    ]);
  });

  it('is no seat, makes no subscription look changed, and none a duplicate', async () => {
    await buyer(...TEAM);
    expect(await want({ seats: 8 })).toMatchObject({ status: 'done' });
    await look();
    const { standing, facts } = await room.app.get(BillingAccounts, { strict: false }).get(actor);
    expect(standing).toMatchObject({
      plan: 'TEAM',
      seats: 8,
      interval: 'month',
      reasons: [],
      duplicates: [],
    });
    expect(driftOf(subscriptionFacts(await there(), null), facts)).toBeNull();
  });

  it('is found again after an answer was lost, and made once', async () => {
    await buyer(...TEAM);
    room.pay.local.faults.add({
      ...{ match: { method: 'POST', path: '/v1/subscriptions/*' }, kind: 'close_after_apply', times: 2 },
      ...{ status: 500, kept: false, delay_ms: 0, decline_code: '' },
    });
    await expect(want({ plan: 'PRO' })).rejects.toMatchObject({ code: 'BILLING_UNAVAILABLE' });
    expect(await want({ seats: 1 })).toMatchObject({ status: 'done' });
    expect(held(await there())).toEqual([
      ['gatehouse_pro_month', 1],
      ['gatehouse_pro_use_commands_month', undefined],
    ]);
  });

  // The last: from here on others are sold.
  it('costs who has the plan what it did, or nothing, until they take another', async () => {
    await buyer('gatehouse_team_month');
    const none = { actor, id };
    await buyer(...TEAM);
    const prices = async () => (await there()).items.data.map(({ price }) => price.id);
    const useOf = (one: Stripe.Subscription) => one.items.data.find(({ price }) => price.recurring?.meter)!;
    const old = await prices();
    const { price: oldUse } = useOf(await there());
    const app = await processOf(DEARER);

    expect(await want({ seats: 7 }, app)).toMatchObject({ status: 'done' });
    expect(await prices()).toEqual(expect.arrayContaining(old));
    expect(await prices()).toHaveLength(3);
    expect(await want({ plan: 'PRO' }, app)).toMatchObject({ status: 'done' });
    expect(await want({ plan: 'TEAM' }, app)).toMatchObject({ status: 'done' });
    expect(held(await there()).map(([key]) => key)).toEqual(TEAM);
    expect(useOf(await there()).price.id).not.toBe(oldUse.id);

    actor = none.actor;
    id = none.id;
    expect(await want({ seats: 7 }, app)).toMatchObject({ status: 'done' });
    expect(held(await there())).toEqual([
      ['gatehouse_team_month', 1],
      ['gatehouse_team_seat_month', 2],
    ]);
  });

  it('stays with who has the plan, whose uses cost nothing by now, and goes with that', async () => {
    await buyer(...TEAM);
    const app = await processOf(BILLED);
    expect(await want({ seats: 6 }, app)).toMatchObject({ status: 'done' });
    const { items } = await there();
    expect(items.data.map(({ price }) => price.metadata.gatehouse_part).sort()).toEqual([
      'base',
      'seat',
      'use',
    ]);
    await look();
    expect((await room.app.get(BillingAccounts, { strict: false }).get(actor)).standing).toMatchObject({
      ...{ plan: 'TEAM', seats: 6 },
    });
    expect(await want({ plan: 'PRO' }, app)).toMatchObject({ status: 'done' });
    expect(held(await there())).toEqual([['gatehouse_pro_month', 1]]);
  });
});
