import { Actor } from '#platform';
import { fault } from '../../../../test/support/billing-changes.js';
import { type BillingRoom, billingRoom } from '../../../../test/support/billing-room.js';
import { ApplyEvents } from '../applying/apply-events.js';
import { contactWrite } from '../handlers/tell-stripe-contact.js';
import { StripeGateway } from '../stripe/stripe-gateway.js';
import { CheckoutPages } from '../use-cases/checkout-pages.js';
import { SettleWrites } from './settle-writes.js';

const MINUTE = 60_000;

let room: BillingRoom;
let actor: Actor;

beforeAll(async () => {
  room = await billingRoom(ApplyEvents);
}, 60_000);
afterAll(() => room?.close());
beforeEach(async () => {
  room.pay.local.faults.clear();
  actor = Actor.system(await room.tenant(), 'trace');
});

const get = <T>(type: new (...args: never[]) => T): T => room.app.get<T>(type, { strict: false });
/** After whoever began it could still be at it. */
const settle = async () => {
  room.clock.advance(MINUTE + 1);
  await get(SettleWrites).execute();
};
const outcomes = async () =>
  (
    await room.db.read<{ outcome: string | null }>(
      actor,
      'select outcome from billing.stripe_writes where tenant_id = $1 order by begun_at',
      [actor.tenantId],
    )
  ).map((one) => one.outcome);

/** A write that nobody does again later: `lost` asks for it in vain, and `isDone` tells whether Stripe did it. */
interface Case {
  path: string;
  lost: () => Promise<unknown>;
  isDone: () => Promise<boolean>;
}

const cases: [string, () => Promise<Case>][] = [
  [
    'the cancelling of what waits for its first payment',
    async () => {
      const { id: customer } = await room.pay.stripe.customers.create({});
      const [price] = (await room.pay.stripe.prices.list({ lookup_keys: ['gatehouse_pro_month'] })).data;
      const { id } = await room.pay.stripe.subscriptions.create({
        ...{ customer, payment_behavior: 'default_incomplete', items: [{ price: price!.id }] },
      });
      return {
        path: `/v1/subscriptions/${id}`,
        lost: () => get(CheckoutPages).cancelUnpaid(actor, id),
        isDone: async () =>
          ['canceled', 'incomplete_expired'].includes(
            (await room.pay.stripe.subscriptions.retrieve(id)).status,
          ),
      };
    },
  ],
  [
    'the address of receipts',
    async () => {
      const { id } = await room.pay.stripe.customers.create({ email: 'old@example.com' });
      return {
        path: `/v1/customers/${id}`,
        lost: () =>
          get(StripeGateway).write(actor, { ...contactWrite, params: { id, email: 'new@example.com' } }),
        isDone: async () =>
          ((await room.pay.stripe.customers.retrieve(id)) as { email: string }).email === 'new@example.com',
      };
    },
  ],
];

/** The library tries a closed connection once more, under our key. */
const close = (kind: 'close' | 'close_after_apply', path: string) => {
  for (const method of ['POST', 'DELETE'] as const)
    fault(room.pay, { kind, match: { method, path }, times: 2 });
};

describe('what nobody asks for again (S2-31)', () => {
  it.each(cases)('%s is found when Stripe did it', async (_, begin) => {
    const { path, lost, isDone } = await begin();
    close('close_after_apply', path);
    await expect(lost()).rejects.toMatchObject({ code: 'BILLING_UNAVAILABLE' });
    expect([await outcomes(), await isDone()]).toEqual([[null], true]);
    await settle();
    expect(await outcomes()).toEqual(['done']);
  });

  it.each(cases)('%s is given up when Stripe never had it', async (_, begin) => {
    const { path, lost, isDone } = await begin();
    close('close', path);
    await expect(lost()).rejects.toMatchObject({ code: 'BILLING_UNAVAILABLE' });
    room.pay.local.faults.clear();
    await settle();
    expect([await outcomes(), await isDone()]).toEqual([['lost'], false]);
  });
});
