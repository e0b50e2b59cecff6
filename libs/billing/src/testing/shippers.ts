import type pg from 'pg';
import { Actor, Db, type Log, ManualClock, newId, SystemDatabase } from '#platform';
import { testDatabase } from '../../../../test/support/database.js';
import { databaseApp } from '../../../../test/support/database-app.js';
import { type JourneyStripe, startStripe } from '../../../../test/support/stripe.js';
import { superuser } from '../../../../test/support/tables.js';
import type { BillingConfig } from '../billing.config.js';
import { Prices } from '../catalogue/prices.js';
import { BilledUsage } from '../persistence/billed-usage.js';
import { StripeWrites } from '../persistence/stripe-writes.js';
import { UsageShipments } from '../persistence/usage-shipments.js';
import { StripeClient } from '../stripe/stripe-client.js';
import { StripeGateway } from '../stripe/stripe-gateway.js';
import { CompareUsage } from '../usage/compare-usage.js';
import { HearMeterErrors } from '../usage/hear-meter-errors.js';
import { ShipUsage } from '../usage/ship-usage.js';

const silent: Log = { debug() {}, info() {}, warn() {}, error() {} };

export interface LedgerRow {
  id: string;
  amount: number;
  status: string;
  attempts: number;
  failure: string | null;
}

export interface Buyer {
  tenantId: string;
  actor: Actor;
  customerId: string;
}

/** Uses on their way to a Stripe of the test's own, by one clock. */
export async function shippingWorld() {
  const clock = new ManualClock(new Date('2026-03-02T10:00:00Z'));
  const [database, stripe] = await Promise.all([
    testDatabase(),
    startStripe({ realTime: () => clock.now().getTime() }),
  ]);
  const app = await databaseApp(database);
  const admin: pg.Client = await superuser(database);
  const [db, system] = [app.get(Db), app.get(SystemDatabase)];
  const prices = new Prices({ file: 'plans.yaml' });
  const usage = new BilledUsage(db);
  const shipments = new UsageShipments(system);
  const meter = await stripe.stripe.billing.meters.create({
    display_name: 'Commands',
    event_name: `${prices.list.code}_commands`,
    default_aggregation: { formula: 'sum' },
  });

  return {
    clock,
    stripe,
    usage,
    shipments,
    meterName: meter.event_name,
    /** One worker's. */
    shipper: () => {
      const { settings } = stripe as JourneyStripe;
      const config = {
        secretKey: settings.STRIPE_SECRET_KEY,
        apiUrl: new URL(settings.STRIPE_API_URL!),
        timeoutMs: 500,
        maxCalls: 4,
      } as BillingConfig;
      const writes = new StripeWrites(db, clock);
      const gateway = new StripeGateway(new StripeClient(config), writes, db, clock, silent, config);
      const compare = new CompareUsage(shipments, gateway, prices, clock, silent);
      return {
        ship: new ShipUsage(shipments, compare, gateway, prices, clock, silent),
        hear: new HearMeterErrors(shipments, gateway, clock, silent),
      };
    },
    /** Somebody who is a customer, or nobody's yet. */
    buyer: async ({ isCustomer = true } = {}): Promise<Buyer> => {
      const tenantId = newId('ten');
      const customer = await stripe.stripe.customers.create({ metadata: { tenant_id: tenantId } });
      await admin.query(
        `insert into billing.accounts (tenant_id, customer_id, created_at) values ($1, $2, now())`,
        [tenantId, isCustomer ? customer.id : null],
      );
      return { tenantId, actor: Actor.system(tenantId, ''), customerId: customer.id };
    },
    becomesCustomer: ({ tenantId, customerId }: Buyer) =>
      admin.query('update billing.accounts set customer_id = $2 where tenant_id = $1', [
        tenantId,
        customerId,
      ]),
    record: (buyer: Buyer, amount: number, { usedAt = clock.now(), key = newId('use') } = {}) =>
      db.transaction(buyer.actor, () =>
        usage.record({ meter: 'commands', useKey: key, amount, usedAt }, clock.now()),
      ),
    rows: async ({ tenantId }: Buyer): Promise<LedgerRow[]> => {
      const { rows } = await admin.query<LedgerRow>(
        `select id, amount::int, status, attempts, failure from billing.usage_ledger where tenant_id = $1
         order by used_at, id`,
        [tenantId],
      );
      return rows;
    },
    /** Nobody waits for anything any more. */
    hasten: () => admin.query('update billing.usage_ledger set next_at = now()'),
    /** What Stripe has counted for them. */
    counted: async ({ customerId }: Buyer): Promise<number> => {
      const now = Math.floor(clock.now().getTime() / 60_000) * 60;
      const { data } = await stripe.stripe.billing.meters.listEventSummaries(meter.id, {
        customer: customerId,
        start_time: now - 60 * 86_400,
        end_time: now + 86_400,
      });
      return data.reduce((sum, one) => sum + one.aggregated_value, 0);
    },
    close: async () => {
      await Promise.all([admin.end(), app.close(), stripe.stop()]);
      await database.drop();
    },
  };
}

export type ShippingWorld = Awaited<ReturnType<typeof shippingWorld>>;
