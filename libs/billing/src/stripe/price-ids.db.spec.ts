import type { Log } from '#platform';
import { type BillingRoom, billingRoom } from '../../../../test/support/billing-room.js';
import { plansFile } from '../../../../test/support/plans-file.js';
import { ApplyEvents } from '../applying/apply-events.js';
import { BillingConfig } from '../billing.config.js';
import { Prices } from '../catalogue/prices.js';
import { OperatorLog } from '../persistence/operator-log.js';
import { SyncStripeCatalogue } from '../use-cases/sync-stripe-catalogue.js';
import { PriceIds } from './price-ids.js';
import { StripeGateway } from './stripe-gateway.js';

const USAGE = '{ commands: { amount: 5, per: 1000, included: 10000 } }';
const KEYS = ['gatehouse_team_month', 'gatehouse_team_seat_month', 'gatehouse_team_use_commands_month'];

let room: BillingRoom;
beforeAll(async () => {
  room = await billingRoom(ApplyEvents);
  await new SyncStripeCatalogue(gateway(), pricesOf(), get(BillingConfig), get(OperatorLog)).apply(
    room.operator,
    () => undefined,
  );
});
afterAll(() => room?.close());

const get = <T>(type: new (...args: never[]) => T): T => room.app.get<T>(type, { strict: false });
const gateway = () => get(StripeGateway);
/** The price list of a process, as one file says it or another one. */
const pricesOf = (change = (text: string) => text) =>
  new Prices(
    {
      file: plansFile((text) =>
        change(
          text
            .replaceAll('commands: { limit: null, period: day }', 'commands: { limit: null, billed: true }')
            .replace('extraSeat:', `usage: ${USAGE}\n      extraSeat:`),
        ),
      ),
    },
    room.clock,
  );
/** Asks for the prices of Team, twice, a while apart. Gives which ones are found, and what is said of them. */
async function look(prices: Prices) {
  const said: unknown[] = [];
  const log: Log = { debug() {}, info() {}, warn() {}, error: (...of) => void said.push(of) };
  const ids = new PriceIds(gateway(), prices, room.clock, log);
  const items = KEYS.map((lookupKey) => ({ lookupKey, quantity: 1 }));
  await ids.of(items);
  room.clock.advance(61_000);
  const found = await ids.of(items);
  const keys = await Promise.all(
    found.map(async ({ priceId }) => (await room.pay.stripe.prices.retrieve(priceId)).lookup_key),
  );
  return { keys, said };
}

describe('a price that is found by its lookup key', () => {
  it('is nothing to speak of where it costs what plans.yaml says', async () => {
    expect(await look(pricesOf())).toEqual({ keys: KEYS, said: [] });
  });

  it.each([
    ['the plan', 'month: 9900', 'month: 10900', KEYS[0]],
    ['one more seat', 'month: 1900', 'month: 2000', KEYS[1]],
    ['what uses cost', 'amount: 5,', 'amount: 6,', KEYS[2]],
    ['what uses cost, with more that is included', 'included: 10000', 'included: 20000', KEYS[2]],
  ])('is sold all the same where the file says another, and said once: %s', async (_, is, becomes, key) => {
    const prices = pricesOf((text) => {
      expect(text).toContain(is);
      return text.replace(is, becomes);
    });
    expect(await look(prices)).toEqual({
      keys: KEYS,
      said: [
        [
          { lookup_key: key, price_id: expect.stringMatching(/^price_/) },
          expect.stringContaining('gatehouse-admin catalog plan'),
        ],
      ],
    });
  });

  it('is said of each in another currency', async () => {
    const { said } = await look(pricesOf((text) => text.replace('currency: usd', 'currency: eur')));
    expect(said).toHaveLength(KEYS.length);
  });
});
