import type { INestApplicationContext, ModuleMetadata } from '@nestjs/common';
import { Actor, Db, generateSecrets, ManualClock, newId } from '#platform';
import {
  IssueLicense,
  LicensingConfig,
  LICENSING_ENTITIES,
  LicensingModule,
  LicensingOperatorsModule,
} from '#licensing';
import { application } from './application.js';
import { testDatabase, type TestDatabase } from './database.js';
import { testRedis, type TestRedis } from './redis.js';

/** The licensing room as gatehouse-admin has it, over a database and a Redis of the test's own. */
export interface LicensingWorld {
  app: INestApplicationContext;
  database: TestDatabase;
  redis: TestRedis;
  db: Db;
  clock: ManualClock;
  operator: Actor;
  /** A tenant as a sign-up leaves it, with its first licence. */
  tenant(): Promise<{ id: string; owner: Actor; licenseId: string; key: string }>;
  /** What has been recorded for a tenant, oldest first, without what is told to pools. */
  told(tenantId: string): Promise<{ name: string; payload: Record<string, unknown> }[]>;
  /** Another process of the product, with the same settings. Closed with the world. */
  another(providers?: ModuleProviders, limits?: Record<string, string>): Promise<INestApplicationContext>;
  close(): Promise<void>;
}

type ModuleProviders = NonNullable<ModuleMetadata['providers']>;

const ROOMS = {
  concerns: [LicensingConfig],
  entities: [...LICENSING_ENTITIES],
  imports: [LicensingModule, LicensingOperatorsModule],
};

const SECRETS = ['SECRETS_KEY', 'LICENSE_LOOKUP_KEY', 'HARDWARE_KEY', 'SEAT_KEYS'];

export async function licensingWorld(): Promise<LicensingWorld> {
  const [database, redis] = await Promise.all([testDatabase(), testRedis()]);
  const clock = new ManualClock(new Date());
  const secrets = generateSecrets();
  const env: Record<string, string> = {
    ENV: 'test',
    DATABASE_URL: database.url,
    DATABASE_SYSTEM_URL: database.systemUrl,
    REDIS_URL: redis.url,
    ...Object.fromEntries(SECRETS.map((name) => [name, secrets[name] ?? ''])),
  };
  const apps: INestApplicationContext[] = [];
  const another: LicensingWorld['another'] = async (providers = [], limits = {}) => {
    apps.push(await application({ ...ROOMS, providers }, { ...env, ...limits }, clock));
    return apps.at(-1)!;
  };
  const app = await another();
  const db = app.get(Db);
  const operator = new Actor({
    type: 'operator',
    id: 'ops',
    tenantId: null,
    scopes: ['operator:licenses', 'operator:catalogue'],
    reason: 'because of a ticket',
    origin: { traceId: 'trace', address: null },
  });

  return {
    ...{ app, database, redis, db, clock, operator, another },
    tenant: async () => {
      const owner = new Actor({
        type: 'user',
        id: newId('usr'),
        tenantId: newId('ten'),
        scopes: ['licenses:read', 'licenses:reveal', 'licenses:manage', 'seats:acquire'],
        emailVerified: true,
        origin: { traceId: 'trace', address: null },
      });
      const issue = app.get(IssueLicense, { strict: false });
      const { license, key } = await db.transaction(owner, () =>
        issue.execute({ issuedToUserId: owner.id!, isProved: true }),
      );
      return { id: owner.tenantId!, owner, licenseId: license.id, key };
    },
    told: (tenantId) =>
      db.read(
        Actor.system(tenantId, 'trace'),
        `select name, payload from platform.outbox
         where tenant_id = $1 and name <> 'licensing.license.changed' order by recorded_at, id`,
        [tenantId],
      ),
    close: async () => {
      for (const one of apps) await one.close();
      await Promise.all([database.drop(), redis.drop()]);
    },
  };
}
