import type { INestApplicationContext, Type } from '@nestjs/common';
import pg from 'pg';
import type Stripe from 'stripe';
import { Actor, Db, generateSecrets, HttpConfig, ManualClock, newId, SystemDatabase } from '#platform';
import { LicensingConfig, LICENSING_ENTITIES } from '#licensing';
import { RegisterTenant, TENANCY_ENTITIES } from '#tenancy';
import { BILLING_WORKER_CONCERNS, BillingOperatorsModule, BillingWorkerModule } from '#billing';
import { application, type Rooms } from './application.js';
import { testDatabase, type TestDatabase } from './database.js';
import { testRedis } from './redis.js';
import { type JourneyStripe, startStripe } from './stripe.js';

/** The billing room as worker and gatehouse-admin have it, beside a Stripe of the test's own. Its loops do nothing. */
export interface BillingRoom {
  app: INestApplicationContext;
  database: TestDatabase;
  system: SystemDatabase;
  db: Db;
  clock: ManualClock;
  operator: Actor;
  pay: JourneyStripe;
  /** A tenant as a sign-up leaves it. */
  tenant(): Promise<string>;
  /** Who owns that tenant, or one of their own. */
  owner(tenantId?: string): Promise<Actor>;
  customer(tenantId: string | null): Promise<Stripe.Customer>;
  subscribe(customerId: string, lookupKey?: string): Promise<Stripe.Subscription>;
  /** A tenant that has Team, as Stripe and we know. */
  subscriber(): Promise<{ actor: Actor; customer: string; id: string }>;
  /** Stores what Stripe has told since the last time, as webhooks would. Gives the ids. */
  deliver(): Promise<string[]>;
  /** Stores an event of the test's own making, about that customer if it names one. Gives its id. */
  store(payload: string, customerId?: string): Promise<string>;
  /** Applies what is stored. */
  apply(): Promise<void>;
  /** What has been recorded for a tenant, oldest first. */
  told(tenantId: string): Promise<{ name: string; payload: Record<string, unknown> }[]>;
  /** Another process, with the same settings. Closed with the world. */
  another(): Promise<INestApplicationContext>;
  close(): Promise<void>;
}

/** An event as intake keeps it. */
interface Kept {
  id: string;
  type: string;
  version: string | null;
  livemode: boolean;
  createdAt: Date;
  payload: string;
  customerId?: string | null;
}

const ROOMS = {
  concerns: [HttpConfig, LicensingConfig, ...BILLING_WORKER_CONCERNS],
  entities: [...TENANCY_ENTITIES, ...LICENSING_ENTITIES],
  imports: [BillingWorkerModule, BillingOperatorsModule],
};

const SECRETS = ['SECRETS_KEY', 'LICENSE_LOOKUP_KEY', 'HARDWARE_KEY', 'SEAT_KEYS'];

/**
 * `applying`: what applies a batch of events, true when there may be more; `settings`: for all processes,
 * maybe with something that is at Stripe; `more`: what they have besides, as in the process that people call.
 */
export async function billingRoom(
  applying: Type<{ execute(): Promise<boolean> }>,
  settings: Record<string, string> | ((pay: JourneyStripe) => Promise<Record<string, string>>) = {},
  more: Pick<Rooms, 'concerns' | 'imports'> = { concerns: [] },
): Promise<BillingRoom> {
  const [database, redis, pay] = await Promise.all([testDatabase(), testRedis(), startStripe()]);
  const clock = new ManualClock(new Date());
  const secrets = generateSecrets();
  const env: Record<string, string> = {
    ENV: 'test',
    BASE_URL: 'http://127.0.0.1:3000',
    DATABASE_URL: database.url,
    DATABASE_SYSTEM_URL: database.systemUrl,
    REDIS_URL: redis.url,
    BILLING_APPLY: 'false',
    BILLING_RECONCILE: 'false',
    BILLING_APPLY_ATTEMPTS: '1',
    ...pay.settings,
    ...(typeof settings === 'function' ? await settings(pay) : settings),
    ...Object.fromEntries(SECRETS.map((name) => [name, secrets[name] ?? ''])),
  };
  const apps: INestApplicationContext[] = [];
  const rooms = {
    ...ROOMS,
    concerns: [...ROOMS.concerns, ...more.concerns],
    imports: [...ROOMS.imports, ...(more.imports ?? [])],
  };
  const another = async () => {
    apps.push(await application(rooms, env, clock));
    return apps.at(-1)!;
  };
  const app = await another();
  const [db, system] = [app.get(Db), app.get(SystemDatabase)];
  await sell(pay.stripe);
  const owner = new pg.Pool({ connectionString: database.ownerUrl, max: 1 });
  const delivered = new Set<string>();
  const keep = ({ id, type, version, livemode, createdAt, payload, customerId }: Kept) =>
    owner.query(
      `insert into billing.stripe_events (id, type, api_version, livemode, created_at, payload, trace_id, customer_id)
       values ($1, $2, $3, $4, $5, $6, 'trace', $7) on conflict do nothing`,
      [id, type, version, livemode, createdAt, payload, customerId ?? null],
    );

  const room: BillingRoom = {
    ...{ app, database, system, db, clock, pay, another },
    operator: new Actor({
      type: 'operator',
      id: 'ops',
      tenantId: null,
      scopes: ['operator:billing', 'operator:catalogue'],
      reason: 'because of a ticket',
      origin: { traceId: 'trace', address: null },
    }),
    tenant: async () => {
      const id = newId('ten');
      const register = app.get(RegisterTenant, { strict: false });
      await db.transaction(Actor.system(id, 'trace'), () =>
        register.execute({ name: `Works ${id.slice(-6)}`, ownerUserId: newId('usr') }),
      );
      return id;
    },
    owner: async (tenantId) =>
      new Actor({
        ...{
          type: 'user',
          id: newId('usr'),
          tenantId: tenantId ?? (await room.tenant()),
          emailVerified: true,
        },
        ...{ scopes: ['billing:read', 'billing:manage'], origin: { traceId: 'trace', address: null } },
      }),
    customer: (tenantId) =>
      pay.stripe.customers.create({
        payment_method: 'pm_card_visa',
        invoice_settings: { default_payment_method: 'pm_card_visa' },
        metadata: tenantId ? { tenant_id: tenantId } : {},
      }),
    subscribe: async (customerId, lookupKey = 'gatehouse_team_month') => {
      const [price] = (await pay.stripe.prices.list({ lookup_keys: [lookupKey] })).data;
      return pay.stripe.subscriptions.create({ customer: customerId, items: [{ price: price!.id }] });
    },
    subscriber: async () => {
      const tenantId = await room.tenant();
      const { id: customer } = await room.customer(tenantId);
      const { id } = await room.subscribe(customer);
      await room.deliver();
      await room.apply();
      return { actor: Actor.system(tenantId, 'trace'), customer, id };
    },
    store: async (payload, customerId) => {
      const id = newId('evt');
      const { type } = JSON.parse(payload) as { type: string };
      await keep({
        ...{ id, type, version: null, livemode: false, createdAt: new Date(0) },
        payload,
        customerId,
      });
      return id;
    },
    deliver: async () => {
      const fresh: Stripe.Event[] = [];
      for await (const event of pay.stripe.events.list({ limit: 100 })) {
        if (!delivered.has(event.id)) fresh.push(event);
      }
      for (const event of fresh) {
        delivered.add(event.id);
        const { id, type, api_version: version, livemode } = event;
        const createdAt = new Date(event.created * 1_000);
        const payload = JSON.stringify(event);
        await keep({ id, type, version, livemode, createdAt, payload, customerId: customerOf(event) });
      }
      return fresh.map((one) => one.id);
    },
    apply: async () => {
      while (await app.get(applying, { strict: false }).execute());
    },
    told: (tenantId) =>
      db.read(
        Actor.system(tenantId, 'trace'),
        `select name, payload from platform.outbox where tenant_id = $1 and name like 'billing.%' order by recorded_at, id`,
        [tenantId],
      ),
    close: async () => {
      await owner.end();
      for (const one of apps) await one.close();
      await Promise.all([database.drop(), redis.drop(), pay.stop()]);
    },
  };
  return room;
}

/** What `catalog apply` makes of plans.yaml, as far as it is needed here. */
async function sell(stripe: Stripe): Promise<void> {
  for (const [plan, amount] of [
    ['pro', 4_900],
    ['team', 9_900],
  ] as const) {
    const product = await stripe.products.create({ id: `gatehouse_${plan}`, name: plan });
    await stripe.prices.create({
      product: product.id,
      currency: 'usd',
      unit_amount: amount,
      recurring: { interval: 'month' },
      lookup_key: `gatehouse_${plan}_month`,
      metadata: { gatehouse_plan: plan.toUpperCase(), gatehouse_part: 'base' },
    });
  }
}

/** Whom an event names, as intake reads it. */
function customerOf({ data: { object } }: Stripe.Event): string | null {
  const { id, object: kind, customer } = object as { id?: string; object: string; customer?: string };
  return (kind === 'customer' ? id : customer) ?? null;
}
