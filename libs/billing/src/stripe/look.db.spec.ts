import { type BillingRoom, billingRoom } from '../../../../test/support/billing-room.js';
import { ApplyEvents } from '../applying/apply-events.js';
import { StripeLook } from './look.js';

const SUBSCRIPTIONS = 8;
const MONTH_SECONDS = 31 * 86_400;

let room: BillingRoom;
beforeAll(async () => {
  room = await billingRoom(ApplyEvents, { STRIPE_MAX_CALLS: '1' });
});
afterAll(() => room?.close());

describe('a look at a customer with many subscriptions that are not paid', () => {
  it('ends well with one call of Stripe at a time: who waited for a turn was once refused', async () => {
    const { id: customer } = await room.customer(await room.tenant());
    for (let n = 0; n < SUBSCRIPTIONS; n++) await room.subscribe(customer);
    room.pay.local.books.declines.push({ customer, decline_code: 'generic_decline', times: SUBSCRIPTIONS });
    room.pay.advance(MONTH_SECONDS);
    room.pay.local.faults.add({
      ...{ match: { method: 'GET', path: '/v1/invoices' }, kind: 'delay', delay_ms: 300, times: 100 },
    });
    const look = await room.app.get(StripeLook, { strict: false }).at(customer, null);
    expect(look!.facts.subscriptions.map((one) => one.unpaid?.amountDue)).toEqual(
      Array.from({ length: SUBSCRIPTIONS }, () => 9_900),
    );
  });
});
