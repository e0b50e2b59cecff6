import type { INestApplicationContext } from '@nestjs/common';
import pg from 'pg';
import { Actor, Db, ManualClock, newId, type RuntimeConfig, SystemDatabase } from '#platform';
import { testDatabase, type TestDatabase } from '../../../../test/support/database.js';
import { databaseApp } from '../../../../test/support/database-app.js';
import { ApiKey } from '../domain/api-key.js';
import { ServiceAccount } from '../domain/service-account.js';
import { MintApiKey } from '../service-accounts/mint-api-key.js';
import type { ServiceAccountsConfig } from '../service-accounts/service-accounts.config.js';
import { ServiceAccounts } from './service-accounts.js';
import { ServiceChanges } from './service-changes.js';
import { ServiceCredentials } from './service-credentials.js';

const HOUR_AGO = new Date(Date.now() - 3_600_000);

let database: TestDatabase;
let app: INestApplicationContext;
let db: Db;
let accounts: ServiceAccounts;
let changes: ServiceChanges;
let mint: MintApiKey;
const clock = new ManualClock(new Date('2026-05-01T00:00:00Z'));

beforeAll(async () => {
  database = await testDatabase();
  app = await databaseApp(database, [ServiceAccount, ApiKey]);
  db = app.get(Db);
  accounts = new ServiceAccounts(db);
  changes = new ServiceChanges(app.get(SystemDatabase));
  const config = {
    peppers: [{ version: 1, key: Buffer.alloc(32, 1) }],
    keyDays: 365,
  } as ServiceAccountsConfig;
  mint = new MintApiKey(accounts, config, { env: 'test' } as RuntimeConfig, clock);
});
afterAll(async () => {
  await app?.close();
  await database?.drop();
});

const by = { type: 'user', id: newId('usr') };
const actorOf = (tenantId: string) =>
  new Actor({ ...by, type: 'user', tenantId, origin: { traceId: 'f'.repeat(32), address: null } });

/** A service account with a key. */
async function made(actor: Actor) {
  return db.transaction(actor, async () => {
    const tenantId = actor.tenantId ?? '';
    const account = ServiceAccount.create(
      { tenantId, name: 'Robot', scopes: ['licenses:read'], jwks: [], by },
      clock.now(),
    );
    await accounts.insert(account);
    const { key } = await mint.execute(account, { name: 'One', scopes: ['licenses:read'], by });
    return { account, key };
  });
}
const disable = (actor: Actor, id: string) =>
  db.transaction(actor, async () => {
    const account = await accounts.lock(id);
    account.disable(clock.now());
    await accounts.save(account);
  });
const seenSince = async (from: string) => {
  const { changes: seen, nextFrom } = await changes.since(from, HOUR_AGO, 1_000);
  return { seen: new Map(seen.map((one) => [one.id, one.epoch])), nextFrom };
};

describe('the changes of service accounts', () => {
  it('are seen with the epoch that they lead to; what is only made, or used, is none', async () => {
    const actor = actorOf(newId('ten'));
    const { account, key } = await made(actor);
    const { nextFrom } = await seenSince('0');
    const used = [{ tenantId: account.tenantId, id: account.id, at: new Date() }];
    await changes.used(used, [{ ...used[0]!, id: key.id }]);
    expect((await seenSince(nextFrom)).seen.has(account.id)).toBe(false);
    await disable(actor, account.id);
    expect((await seenSince(nextFrom)).seen.get(account.id)).toBe(2);
  });

  it('are seen for a key as well, whoever changes it', async () => {
    const actor = actorOf(newId('ten'));
    const { account, key } = await made(actor);
    const { nextFrom } = await seenSince('0');
    await db.transaction(actor, async () => {
      await db.query('update identity.service_account_tokens set revoked_at = now() where id = $1', [key.id]);
    });
    expect((await seenSince(nextFrom)).seen.get(account.id)).toBe(1);
  });

  it('are not missed when a transaction began early and ends late', async () => {
    const actor = actorOf(newId('ten'));
    const { account: slow } = await made(actor);
    const { account: quick } = await made(actor);
    const owner = new pg.Client({ connectionString: database.ownerUrl });
    await owner.connect();
    try {
      await owner.query('begin');
      await owner.query(`update identity.service_accounts set status = 'disabled' where id = $1`, [slow.id]);
      await disable(actor, quick.id);
      const first = await seenSince('0');
      expect([first.seen.has(quick.id), first.seen.has(slow.id)]).toEqual([true, false]);
      await owner.query('commit');
      expect((await seenSince(first.nextFrom)).seen.has(slow.id)).toBe(true);
    } finally {
      await owner.end();
    }
  });
});

describe('the last use', () => {
  it('only grows', async () => {
    const actor = actorOf(newId('ten'));
    const { account, key } = await made(actor);
    const [early, late] = [new Date('2026-05-01T10:00:00Z'), new Date('2026-05-01T11:00:00Z')];
    const use = (at: Date) =>
      changes.used(
        [{ tenantId: account.tenantId, id: account.id, at }],
        [{ tenantId: account.tenantId, id: key.id, at }],
      );
    await use(late);
    await use(early);
    expect((await accounts.get(actor, account.id)).lastUsedAt).toEqual(late);
    expect((await accounts.keys(actor, account.id, null, 1))[0]!.lastUsedAt).toEqual(late);
  });
});

describe('service accounts and keys', () => {
  it('of another organisation are not there, whatever id is asked for', async () => {
    const [mine, theirs] = [actorOf(newId('ten')), actorOf(newId('ten'))];
    const { account, key } = await made(theirs);
    await expect(accounts.get(mine, account.id)).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await expect(db.transaction(mine, () => accounts.lock(account.id))).rejects.toMatchObject({
      code: 'NOT_FOUND',
    });
    expect(await new ServiceCredentials(db).key(mine, mine.tenantId!, key.id)).toBeNull();
    expect(await accounts.page(mine, null, 10)).toEqual([]);
  });

  it('show neither hash nor name to the system role', async () => {
    await made(actorOf(newId('ten')));
    const system = app.get(SystemDatabase);
    for (const sql of [
      'select hash from identity.service_account_tokens',
      'select name from identity.service_accounts',
      `update identity.service_accounts set status = 'active'`,
      'delete from identity.service_account_tokens',
    ])
      await expect(system.query(sql)).rejects.toThrow('permission denied');
  });

  it('are counted under a lock: of many at once none is made too much', async () => {
    const actor = actorOf(newId('ten'));
    const tries = Array.from({ length: 8 }, () =>
      db.transaction(actor, async () => {
        if ((await accounts.countLocked()) >= 3) return false;
        const init = { tenantId: actor.tenantId!, name: 'Robot', scopes: ['a:b'], jwks: [], by };
        await accounts.insert(ServiceAccount.create(init, clock.now()));
        return true;
      }),
    );
    expect((await Promise.all(tries)).filter(Boolean)).toHaveLength(3);
  });
});
