import type { INestApplicationContext } from '@nestjs/common';
import pg from 'pg';
import { Actor, Db, generateSecrets, Log, ManualClock, newId, SystemDatabase } from '#platform';
import { LicensingConfig, LICENSING_ENTITIES, LicensingModule } from '#licensing';
import { RegisterTenant, TENANCY_ENTITIES, TenancyModule } from '#tenancy';
import { application } from '../../../../test/support/application.js';
import { testDatabase, type TestDatabase } from '../../../../test/support/database.js';
import { testRedis, type TestRedis } from '../../../../test/support/redis.js';
import { ApiKey } from '../domain/api-key.js';
import { ServiceAccount } from '../domain/service-account.js';
import { ServiceAccounts } from '../persistence/service-accounts.js';
import { ServiceChanges } from '../persistence/service-changes.js';
import { ServiceCredentials } from '../persistence/service-credentials.js';
import { ApiKeys } from './api-keys.js';
import { MintApiKey } from './mint-api-key.js';
import { ServiceAccountsConfig } from './service-accounts.config.js';
import { ServiceActivity } from './service-activity.js';
import { ServiceEpochs } from '../tokens/epochs.js';
import { Standings, stillAllowed } from './service-standing.js';
import { ServiceWatch } from './service-watch.js';

const ROOMS = {
  concerns: [LicensingConfig, ServiceAccountsConfig],
  entities: [...TENANCY_ENTITIES, ...LICENSING_ENTITIES, ServiceAccount, ApiKey],
  imports: [TenancyModule, LicensingModule],
  providers: [ServiceAccounts, ServiceCredentials, Standings, ServiceEpochs, ApiKeys, MintApiKey],
};
const SECRETS = ['SECRETS_KEY', 'LICENSE_LOOKUP_KEY', 'HARDWARE_KEY', 'SEAT_KEYS', 'AUTH_API_KEY_PEPPER'];
const MINUTE_MS = 60_000;
const nobody = Actor.anonymous({ traceId: 'f'.repeat(32), address: null });

let database: TestDatabase;
let redis: TestRedis;
let app: INestApplicationContext;
let keys: ApiKeys;
let owner: pg.Pool;
const clock = new ManualClock(new Date());

beforeAll(async () => {
  [database, redis] = await Promise.all([testDatabase(), testRedis()]);
  const secrets = generateSecrets();
  const variables = {
    ...{ ENV: 'test', REDIS_URL: redis.url },
    ...{ DATABASE_URL: database.url, DATABASE_SYSTEM_URL: database.systemUrl },
    ...Object.fromEntries(SECRETS.map((name) => [name, secrets[name] ?? ''])),
  };
  app = await application(ROOMS, variables, clock);
  keys = app.get(ApiKeys);
  owner = new pg.Pool({ connectionString: database.ownerUrl, max: 1 });
});
afterAll(async () => {
  await owner?.end();
  await app?.close();
  await Promise.all([database?.drop(), redis?.drop()]);
});

/** A service account of a new organisation, and the text of its key. */
async function made() {
  const by = { type: 'user', id: newId('usr') };
  const actor = nobody.as({ type: 'user', id: by.id, tenantId: newId('ten') });
  return app.get(Db).transaction(actor, async () => {
    await app.get(RegisterTenant, { strict: false }).execute({ name: 'Acme', ownerUserId: by.id });
    const scopes = ['audit:read', 'roles:manage'];
    const account = ServiceAccount.create(
      { tenantId: actor.tenantId!, name: 'Robot', scopes, jwks: [], by },
      clock.now(),
    );
    await app.get(ServiceAccounts).insert(account);
    const { key, text } = await app.get(MintApiKey).execute(account, { name: 'One', scopes, by });
    return { account, key, text };
  });
}
const cause = (text: string) =>
  keys.authenticate(nobody, text).then(
    () => null,
    (error: { status: number; cause: unknown }) => [error.status, error.cause],
  );
/** What another process might do; nobody tells this one. */
const behindItsBack = (sql: string, id: string) => owner.query(sql, [id]);
const change = (id: string, scope: string) =>
  behindItsBack(`update identity.service_accounts set scopes = array['${scope}'] where id = $1`, id);
const revoke = (id: string) =>
  behindItsBack('update identity.service_account_tokens set revoked_at = now() where id = $1', id);

describe('the API keys that a process knows', () => {
  it('give what is left of their scopes by what role and plan allow', async () => {
    const { account, text } = await made();
    const { row, standing, scopes } = await keys.authenticate(nobody, text);
    expect(row.account.id).toBe(account.id);
    expect(scopes).toEqual(['audit:read']);
    expect(stillAllowed(standing, row.keyScopes, [])).toEqual([]);
  });

  it('are not read again, until something is heard of them', async () => {
    const { account, key, text } = await made();
    await keys.authenticate(nobody, text);
    await revoke(key.id);
    expect(await cause(text)).toBeNull();
    keys.changed([{ id: newId('svc'), epoch: 1 }]);
    expect(await cause(text)).toBeNull();
    keys.changed([{ id: account.id, epoch: 2 }]);
    expect(await cause(text)).toEqual([401, 'API key revoked']);
  });

  it('are not kept when something is heard while they are read', async () => {
    const { account, key, text } = await made();
    const reading = keys.authenticate(nobody, text);
    keys.changed([{ id: account.id, epoch: 1 }]);
    await reading;
    await revoke(key.id);
    expect(await cause(text)).toEqual([401, 'API key revoked']);
  });

  it('are read once after a change, however often it is found while an old transaction runs', async () => {
    const { account, key, text } = await made();
    const changes = new ServiceChanges(app.get(SystemDatabase));
    const watch = new ServiceWatch(changes, keys, new ServiceActivity(clock), clock, app.get(Log));
    const look = () => watch.onModuleInit();
    const old = new pg.Client({ connectionString: database.ownerUrl });
    await old.connect();
    try {
      await old.query('begin; select pg_current_xact_id()');
      await change(account.id, 'audit:read');
      await look();
      expect(await cause(text)).toBeNull();
      await behindItsBack('delete from identity.service_account_tokens where id = $1', key.id);
      await look();
      expect(await cause(text)).toBeNull();
      await change(account.id, 'roles:manage');
      await look();
      expect(await cause(text)).toEqual([401, 'unknown API key']);
    } finally {
      await old.end();
    }
  });

  it('know their organisation as it was a minute ago at most; who is suspended, SuspendedTenants tells sooner', async () => {
    const { account, text } = await made();
    const status = async () => (await keys.authenticate(nobody, text)).standing.tenant.status;
    expect(await status()).toBe('active');
    await behindItsBack(
      `update tenancy.tenants set status = 'suspended' where tenant_id = $1`,
      account.tenantId,
    );
    expect(await status()).toBe('active');
    clock.advance(MINUTE_MS);
    expect(await status()).toBe('suspended');
  });

  it('hold for an hour while Postgres is away; those that are not known are answered 503', async () => {
    const { text } = await made();
    const { text: unknown } = await made();
    await keys.authenticate(nobody, text);
    const name = new URL(database.url).pathname.slice(1);
    const admin = new pg.Client({ connectionString: database.adminUrl });
    await admin.connect();
    try {
      await admin.query(`alter database ${name} connection limit 0`);
      await admin.query(
        `select pg_terminate_backend(pid, 5000) from pg_stat_activity where datname = $1 and usename = 'gatehouse_app'`,
        [name],
      );
      clock.advance(2 * MINUTE_MS);
      expect(await cause(text)).toBeNull();
      await expect(keys.authenticate(nobody, unknown)).rejects.toThrow();
      clock.advance(60 * MINUTE_MS);
      await expect(keys.authenticate(nobody, text)).rejects.toThrow();
    } finally {
      await admin.query(`alter database ${name} connection limit -1`);
      await admin.end();
    }
    expect(await cause(text)).toBeNull();
    expect(await cause(unknown)).toBeNull();
  });
});
