import type pg from 'pg';
import { Actor, Db, ManualClock, newId, SystemDatabase } from '#platform';
import { testDatabase } from '../../../../test/support/database.js';
import { databaseApp } from '../../../../test/support/database-app.js';
import { type JourneyStripe, startStripe } from '../../../../test/support/stripe.js';
import { superuser } from '../../../../test/support/tables.js';
import type { BillingConfig } from '../billing.config.js';
import { Prices } from '../catalogue/prices.js';
import { BilledUsage } from '../persistence/billed-usage.js';
import { MinutesOfUses } from '../persistence/minutes-of-uses.js';
import { OperatorLog } from '../persistence/operator-log.js';
import { StuckUses } from '../persistence/stuck-uses.js';
import { UsageShipments } from '../persistence/usage-shipments.js';
import { ManageUses } from '../use-cases/manage-uses.js';
import { CompareUsage } from '../usage/compare-usage.js';
import { CountedUsage } from '../usage/counted-usage.js';
import { HearMeterErrors } from '../usage/hear-meter-errors.js';
import { ShipUsage } from '../usage/ship-usage.js';
import type { BillingUsageConfig } from '../usage/usage.config.js';
import { UsageLoop } from '../usage/usage-loop.js';
import { gatewayTo, SILENT } from './gateways.js';

export const OPERATOR = new Actor({
  ...{ type: 'operator', id: 'ops', tenantId: null, scopes: ['operator:billing'] },
  ...{ reason: 'because of a ticket', origin: { traceId: 'trace', address: null } },
});

export interface LedgerRow {
  id: string;
  amount: number;
  status: string;
  attempts: number;
  failure: string | null;
  usedAt: Date;
}

export interface Buyer {
  tenantId: string;
  actor: Actor;
  customerId: string;
}

/** What a look has found of a subscription that bills the meter; seconds. */
interface Seen {
  created: number;
  periodStart: number;
  periodEnd: number;
  trialEnd?: number;
  endedAt?: number;
  status?: string;
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
  const prices = new Prices({ file: 'plans.yaml' }, clock);
  const usage = new BilledUsage(db);
  const shipments = new UsageShipments(system);
  const minutes = new MinutesOfUses(system);
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
    meterId: meter.id,
    /** One worker's. `timeoutMs`: so long it waits for an answer of Stripe. */
    shipper: (timeoutMs = 2_000) => {
      const gateway = gatewayTo(stripe as JourneyStripe, app, clock, timeoutMs);
      const counted = new CountedUsage(gateway, prices);
      const compare = new CompareUsage(shipments, minutes, counted, clock, SILENT);
      const log = new OperatorLog(system, db, clock);
      const ship = new ShipUsage(shipments, compare, gateway, prices, clock, SILENT);
      return {
        manage: new ManageUses(new StuckUses(system), minutes, counted, log, clock),
        ship,
        loop: new UsageLoop(
          ship,
          shipments,
          clock,
          { idleMs: 1 } as BillingUsageConfig,
          {} as BillingConfig,
          SILENT,
        ),
        hear: new HearMeterErrors(shipments, gateway, prices, clock, SILENT),
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
    /** They have a subscription that bills their uses; what a look has seen of it, seconds. */
    subscribes: ({ tenantId, customerId }: Buyer, seen: Seen) => {
      const { periodEnd, trialEnd = null, endedAt = null, ...more } = seen;
      const items = [{ meter: 'commands', periodEnd }];
      const one = { status: 'active', ...more, trialEnd, endedAt, items };
      const facts = { customerId, subscriptions: [one] };
      return admin.query('update billing.accounts set facts = $2 where tenant_id = $1', [
        tenantId,
        JSON.stringify(facts),
      ]);
    },
    /** Beside Stripe, until then. */
    agree: ({ tenantId }: Buyer, endsAt: Date) =>
      admin.query('update billing.accounts set contract = $2 where tenant_id = $1', [
        tenantId,
        JSON.stringify({ plan: 'ENTERPRISE', seats: null, endsAt: endsAt.toISOString() }),
      ]),
    record: (buyer: Buyer, amount: number, { usedAt = clock.now(), key = newId('use') } = {}) =>
      db.transaction(buyer.actor, () =>
        usage.record({ meter: 'commands', useKey: key, amount, usedAt }, clock.now()),
      ),
    rows: async ({ tenantId }: Buyer): Promise<LedgerRow[]> => {
      const { rows } = await admin.query<LedgerRow>(
        `select id, amount::int, status, attempts, failure, used_at as "usedAt" from billing.usage_ledger where tenant_id = $1
         order by used_at, id`,
        [tenantId],
      );
      return rows;
    },
    /** What has been recorded for its trail, oldest first. */
    told: async ({ tenantId }: Buyer) => {
      const { rows } = await admin.query<{ name: string; payload: Record<string, unknown> }>(
        'select name, payload from platform.outbox where tenant_id = $1 order by recorded_at, id',
        [tenantId],
      );
      return rows;
    },
    operatorLog: async () => {
      const { rows } = await admin.query<Record<string, unknown>>(
        'select operator, reason, action, details from billing.operator_log order by id',
      );
      return rows;
    },
    /** Whatever waits does so for long. */
    holdBack: () => admin.query(`update billing.usage_ledger set next_at = now() + interval '1 day'`),
    /** How Postgres goes about it once the tables are large. */
    planOf: async (sql: string): Promise<string> => {
      await admin.query('set enable_seqscan = off');
      const { rows } = await admin.query<{ 'QUERY PLAN': string }>(`explain (generic_plan) ${sql}`);
      await admin.query('reset enable_seqscan');
      return rows.map((row) => row['QUERY PLAN']).join('\n');
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
